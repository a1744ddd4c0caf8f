"""Policies and snoozes as they are entered: kept, noted in the audit log, announced, shown."""

from collections.abc import Sequence
from datetime import datetime
from threading import Event
from uuid import UUID

from sqlalchemy import ColumnElement, Connection

from schemas.policies import PersistenceRule
from services.api import audit
from services.api.deps import Tools
from services.api.policies import storing
from services.api.policies.entry import EMPTY, Policy
from services.api.policies.resolving import Scope
from services.api.policies.views import PolicyView, SnoozeView, version_of
from services.api.principal import Principal, visible
from services.api.tables import sources
from services.chassis.storage.database import transaction
from services.chassis.telemetry import logs
from services.rules.folders import default_rules

log = logs.get("policies")
ANNOUNCED_WITHIN_S = 3.0
"""So long an answer waits for Kafka; what is not announced by then is announced later."""

ASK_AGAIN_S = 0.1
_NEVER = Event()


class Unseen(Exception):
    """Somebody else has entered another policy; `is_shown`: since the one that was shown."""

    def __init__(self, changed_by: str, is_shown: bool) -> None:
        super().__init__(f"{changed_by or 'Somebody'} has changed the policy: look at it first.")
        self.is_shown = is_shown


def enter(
    context: Tools,
    principal: Principal,
    place: tuple[Scope, UUID],
    policy: Policy,
    match: str | None,
) -> PolicyView:
    """Keep the policy, have it announced, and wait a moment for that. `match` is the ETag of the
    one whose place it takes, as in If-Match. Raises Unseen, TransientError.
    """
    scope, scope_id = place
    with transaction(context.engine) as database:
        _require_seen(storing.entered(database, scope, scope_id, is_locked=True), match)
        tenant_id = storing.tenant_of(database, scope, scope_id)
        now = context.clock.now()
        storing.enter(database, principal, storing.Where(scope, scope_id, tenant_id), policy, now)
        audit.record(
            database,
            principal,
            "policy.changed" if policy != EMPTY else "policy.removed",
            str(scope_id),
            {"scope": scope, **policy.model_dump(mode="json", exclude_defaults=True)},
            tenant_id=tenant_id,
            at=now,
        )
    _announce(context, _of(scope, scope_id))
    return view(context, principal, scope, scope_id)


def _require_seen(before: storing.Entered, match: str | None) -> None:
    """Where nothing was ever entered there is nothing to have seen. Raises Unseen."""
    if match is None:
        if before.changed_at is not None:
            raise Unseen(before.changed_by, is_shown=False)
        return
    shown = {tag.strip().removeprefix("W/").strip('"') for tag in match.split(",")}
    versions = {tag.rpartition("-")[0] for tag in shown}
    if "*" not in shown and version_of(before.changed_at) not in versions:
        raise Unseen(before.changed_by, is_shown=True)


def snooze(
    context: Tools, principal: Principal, source_id: UUID, until: datetime | None
) -> SnoozeView:
    with transaction(context.engine) as database:
        storing.snooze(database, source_id, until, context.clock.now())
        audit.record(
            database,
            principal,
            "source.snoozed" if until else "source.unsnoozed",
            str(source_id),
            {"until": until.isoformat()} if until else {},
            tenant_id=audit.tenant_of(database, principal, source_id),
        )
    _announce(context, _of("source", source_id))
    return SnoozeView(source_id=source_id, snoozed_until=until)


def view(context: Tools, principal: Principal, scope: Scope, scope_id: UUID) -> PolicyView:
    with context.engine.connect() as database:
        kept = storing.entered(database, scope, scope_id)
        return PolicyView(
            scope=scope,
            scope_id=scope_id,
            policy=kept.policy,
            changed_at=kept.changed_at,
            changed_by=kept.changed_by,
            pending=_pending(database, context, _of(scope, scope_id) & visible(principal)),
        )


def _of(scope: Scope, scope_id: UUID) -> ColumnElement[bool]:
    """The condition on sources that a policy may concern."""
    column = {
        "tenant": sources.c.tenant_id,
        "store": sources.c.store_id,
        "source": sources.c.source_id,
    }[scope]
    return column == str(scope_id)


def _announce(context: Tools, concerned: ColumnElement[bool]) -> None:
    context.announce_policies()
    deadline = context.clock.monotonic() + ANNOUNCED_WITHIN_S
    while context.clock.monotonic() < deadline:
        with context.engine.connect() as database:
            if not _pending(database, context, concerned):
                return
        context.clock.wait(ASK_AGAIN_S, _NEVER)


def _pending(database: Connection, context: Tools, concerned: ColumnElement[bool]) -> int:
    return storing.unannounced_count(database, concerned, context.clock.now())


def shipped_rules(context: Tools) -> Sequence[PersistenceRule]:
    """Those of the heads that are in force by the settings. Where their folder cannot be read from
    here there are none, and scoring goes by them all the same.
    """
    try:
        return default_rules(context.settings.head)
    except ValueError as error:
        log.warning("the heads' own rules are not shown", error=str(error))
        return ()
