"""What is in force for a source, with where each rule comes from; and snoozing it."""

from datetime import timedelta

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.api.auth import Reviewing, Viewing
from services.api.deps import Context, Database
from services.api.policies import entering, storing
from services.api.policies.entering import shipped_rules
from services.api.policies.resolving import Effective, Place, faults
from services.api.policies.views import (
    EffectivePolicyView,
    MutedName,
    PresenceInForce,
    RuleInForce,
    SnoozeView,
)
from services.api.principal import visible
from services.api.problems import Problem, documented
from services.api.queries.sources import source_row
from services.api.routes.sources import SourceId
from services.api.routes.videos import found
from services.api.tables import sources

router = APIRouter(prefix="/sources", tags=["policies"])
LONGEST_SNOOZE = timedelta(days=30)


class Snooze(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"until": "2026-05-02T08:00:00Z"}]}
    )

    until: AwareDatetime = Field(description="thirty days from now at most")


@router.get(
    "/{source_id}/policy",
    summary="What is in force for a source",
    responses=documented(401, 404, 422),
)
def effective_policy(
    source_id: SourceId, context: Context, database: Database, principal: Viewing
) -> EffectivePolicyView:
    """Every rule with where it comes from, the hours of the store, and how long it is snoozed."""
    now = context.clock.now()
    mine = sources.c.source_id == str(source_id)
    rows = storing.rows_of(database, mine & visible(principal), 1)
    row = found(rows[0] if rows else None, "source", source_id)
    effective = storing.effective_of(row, shipped_rules(context))
    is_announced = not storing.unannounced_count(database, mine, now)
    place = storing.place_of(row, now)
    return _view(row, effective, place, is_announced)


@router.put(
    "/{source_id}/snooze",
    summary="Notify nobody of a source for a while",
    responses=documented(401, 403, 404, 422, 503),
)
def snooze(
    source_id: SourceId,
    wanted: Snooze,
    context: Context,
    database: Database,
    principal: Reviewing,
) -> SnoozeView:
    """Its alerts are raised and kept as ever; nobody is notified of those that begin before."""
    now = context.clock.now()
    if not now < wanted.until <= now + LONGEST_SNOOZE:
        raise Problem(422, "A snooze ends within thirty days from now.")
    found(source_row(database, principal, source_id), "source", source_id)
    return entering.snooze(context, principal, source_id, wanted.until)


@router.delete(
    "/{source_id}/snooze",
    summary="End the snooze of a source",
    responses=documented(401, 403, 404, 422, 503),
)
def end_snooze(
    source_id: SourceId, context: Context, database: Database, principal: Reviewing
) -> SnoozeView:
    found(source_row(database, principal, source_id), "source", source_id)
    return entering.snooze(context, principal, source_id, None)


def _view(
    row: storing.Row, effective: Effective, place: Place, is_announced: bool
) -> EffectivePolicyView:
    muted, names = effective.muted, {*effective.rules, *effective.presence}
    return EffectivePolicyView(
        source_id=row["source_id"],
        rules=[
            RuleInForce(rule=rule, origin=origin, muted_by=muted.get(name))
            for name, (rule, origin) in effective.rules.items()
        ],
        presence=[
            PresenceInForce(rule=rule, origin=origin, muted_by=muted.get(name))
            for name, (rule, origin) in effective.presence.items()
        ],
        muted=[
            MutedName(name=name, muted_by=scope)
            for name, scope in muted.items()
            if name not in names
        ],
        hours=place.hours,
        zones=place.zones,
        snoozed_until=place.snoozed_until,
        faults=faults(effective, place),
        is_announced=is_announced,
    )
