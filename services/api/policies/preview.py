"""What a policy would have raised, per camera, rule and day, beside what was raised."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import ColumnElement, Connection, Engine, select

from schemas.judgements import LIVE
from schemas.policies import PersistenceRule, PresenceRule
from services.api.policies import storing
from services.api.policies.entry import EXAMPLE, Policy
from services.api.policies.presence import Watched, poses_of
from services.api.policies.replaying import Allowance, Fired, Spent, Subject, replayed
from services.api.policies.resolving import SCOPES, Effective, Place, Scope, faults, resolve
from services.api.policies.views import PreviewAlert, PreviewDay, PreviewSource, PreviewView
from services.api.scores.reading import Span
from services.api.tables import alerts, sources
from services.api.view import EXAMPLE_ID
from services.chassis.hours import zone
from services.chassis.streaming.broker import Broker

LONGEST = timedelta(days=31)
MOST_SOURCES = 100
ALERTS_SHOWN = 50
REACHES = timedelta(minutes=5)
"""Where less of a span is without poses, presence counts as replayed over all of it."""
FRESH_BUDGETS = (
    "Budgets learn from the beginning of the span, as if nothing had been learned before: no mark "
    "is raised before its fourth day."
)


class PreviewEntry(BaseModel):
    """The policy is laid where one of its scope would be: over what is farther, under what is
    nearer to the source.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "source_ids": [EXAMPLE_ID],
                    "since": "2026-05-01T00:00:00Z",
                    "until": "2026-05-08T00:00:00Z",
                    "policy": {"rules": EXAMPLE["rules"]},
                }
            ]
        },
    )

    source_ids: Annotated[tuple[UUID, ...] | None, Field(min_length=1, max_length=MOST_SOURCES)] = (
        None
    )
    store_id: UUID | None = Field(default=None, description="all of its cameras instead")
    since: AwareDatetime
    until: AwareDatetime
    policy: Policy
    scope: Scope = "source"

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if (self.source_ids is None) == (self.store_id is None):
            raise ValueError("either source_ids or store_id says whose scores are meant")
        if not timedelta() < self.until - self.since <= LONGEST:
            raise ValueError("until lies after since, by 31 days at most")
        return self


@dataclass(frozen=True)
class Preview:
    """The preview of one entry; `defaults` are the rules that come with heads."""

    engine: Engine
    broker: Broker
    entry: PreviewEntry
    defaults: Sequence[PersistenceRule]

    def over(self, concerned: ColumnElement[bool], now: datetime) -> PreviewView:
        """Source by source, as far as the allowance lasts."""
        with self.engine.connect() as connection:
            rows = storing.rows_of(connection, concerned, MOST_SOURCES + 1)
        allowance, found, left_out = Allowance(), list[PreviewSource](), list[UUID]()
        notes = dict[str, None]()
        for number, row in enumerate(rows):
            try:
                if number == MOST_SOURCES or allowance.is_spent:
                    raise Spent
                with self.engine.connect() as connection:
                    found.append(self._source(connection, row, allowance, now, notes))
            except Spent:
                left_out.append(UUID(row["source_id"]))
        return PreviewView(
            since=self.entry.since,
            until=self.entry.until,
            sources=found,
            left_out=left_out,
            notes=list(notes),
        )

    def _source(
        self,
        connection: Connection,
        row: storing.Row,
        allowance: Allowance,
        now: datetime,
        notes: dict[str, None],
    ) -> PreviewSource:
        """Raises Spent."""
        effective, place = self._effective(row), storing.place_of(row, now)
        notes.update(dict.fromkeys([*_limits(effective), *faults(effective, place)]))
        rules = {
            name: rule for name, (rule, _) in effective.rules.items() if name not in effective.muted
        }
        mine = sources.c.source_id == row["source_id"]
        is_camera, is_wall_clock = connection.execute(
            select(sources.c.source_kind == "camera", sources.c.is_wall_clock).where(mine)
        ).one()
        subject = Subject(
            row["source_id"], LIVE, bool(is_wall_clock), rules, place.hours, bool(is_camera)
        )
        span = Span(self.entry.since, self.entry.until)
        would = list(replayed(connection, subject, span, allowance))
        would += self._presence(row, effective, place, would, allowance, notes)
        did = _raised(connection, row["source_id"], span)
        return _view(row, sorted(would, key=_began), did, place.hours.time_zone)

    def _presence(
        self,
        row: storing.Row,
        effective: Effective,
        place: Place,
        scored: Sequence[Fired],
        allowance: Allowance,
        notes: dict[str, None],
    ) -> list[Fired]:
        """What rules on presence would have raised; a note where poses do not reach."""
        rules = [
            rule for rule, _ in effective.presence.values() if rule.name not in effective.muted
        ]
        if not rules:
            return []
        span = Span(self.entry.since, self.entry.until)
        watched = Watched(rules, place.zones, place.hours, _open_spans(scored))
        found = [
            fired
            for poses in poses_of(self.broker, UUID(row["source_id"]), span, allowance)
            for fired in watched.take(poses)
        ]
        found += watched.end()
        if note := _reach(row["name"], rules, watched, span):
            notes[note] = None
        return found

    def _effective(self, row: storing.Row) -> Effective:
        layers = dict(storing.layers_of(row)) | {self.entry.scope: self.entry.policy}
        return resolve(
            self.defaults, [(scope, layers[scope]) for scope in SCOPES if scope in layers]
        )


def _limits(effective: Effective) -> list[str]:
    """What a preview cannot show of these rules."""
    if any(rule.budget_per_day for rule, _ in effective.rules.values()):
        return [FRESH_BUDGETS]
    return []


def _began(fired: Fired) -> datetime:
    return fired.started_at


def _open_spans(scored: Sequence[Fired]) -> dict[str, list[tuple[datetime, datetime]]]:
    """When each score rule would have had an episode open."""
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for fired in scored:
        if fired.opened_at is not None and fired.closed_at is not None:
            found.setdefault(fired.rule.name, []).append((fired.opened_at, fired.closed_at))
    return found


def _reach(name: str, rules: Sequence[PresenceRule], watched: Watched, span: Span) -> str:
    """A sentence that says over which part of the span there were no poses; empty: over none."""
    listed = ", ".join(sorted(rule.name for rule in rules))
    if watched.first_at is None or watched.last_at is None:
        return f"{name}: no poses are kept of this time, so {listed} could not be replayed."
    begins, ends = watched.first_at - span.since, span.until - watched.last_at
    if max(begins, ends) <= REACHES:
        return ""
    first, last = (at.isoformat(timespec="seconds") for at in (watched.first_at, watched.last_at))
    return f"{name}: {listed} replayed from {first} to {last} alone: no other poses were read."


def _raised(connection: Connection, source_id: str, span: Span) -> list[tuple[str, datetime]]:
    """Rule and beginning of what was raised."""
    query = select(alerts.c.rule, alerts.c.started_at).where(
        alerts.c.source_id == source_id,
        alerts.c.run == LIVE,
        alerts.c.kind == "incident",
        alerts.c.started_at >= span.since,
        alerts.c.started_at < span.until,
    )
    return [(row.rule, row.started_at) for row in connection.execute(query)]


def _view(
    row: storing.Row, would: Sequence[Fired], did: Sequence[tuple[str, datetime]], time_zone: str
) -> PreviewSource:
    there = zone(time_zone)
    counts: tuple[Counter[tuple[date, str]], Counter[tuple[date, str]]] = (
        Counter((one.started_at.astimezone(there).date(), one.rule.name) for one in would),
        Counter((at.astimezone(there).date(), rule) for rule, at in did),
    )
    return PreviewSource(
        source_id=row["source_id"],
        name=row["name"],
        would=len(would),
        did=len(did),
        days=[
            PreviewDay(day=day, rule=rule, would=counts[0][day, rule], did=counts[1][day, rule])
            for day, rule in sorted({*counts[0], *counts[1]})
        ],
        alerts=[
            PreviewAlert(
                rule=one.rule.name,
                label=one.rule.label,
                severity=one.rule.severity,
                started_at=one.started_at,
                ended_at=one.ended_at,
                peak_score=one.peak_score,
            )
            for one in would[:ALERTS_SHOWN]
        ],
    )
