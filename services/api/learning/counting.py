"""What people marked so far: by label how many events, on how many days, at how many cameras;
and how many it takes.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from schemas.judgements import LIVE
from schemas.policies import PRESENCE
from services.api.learning.tables import missed_events
from services.api.learning.views import NORMAL, LabelProgressView, NeededView
from services.api.principal import Principal, visible
from services.api.reviews.tables import reviews
from services.api.tables import score_series, sources

MOST_EVENTS = 5_000
"""Of each kind of mark, the latest: more than any head of a store needs."""

NEEDED = NeededView(about=None, at_least=36, at_most=None)
"""How many marked events it takes, as measured on acted thefts in one room: 41 thefts, 56 clips of
shopping, split at random by neighbouring takes (docs/explanation/learning.md).

A linear head on I3D taught with 36 thefts and five minutes of shopping finds half of unseen thefts
with one false window for every 90 s of people at the shelf. Each doubling of marks leaves .64 of
those. Drawn on, it takes hundreds of marks until that is one in ten minutes, and a million for a
day without a pause: that bounds the number from below and tells no more.
"""


@dataclass
class Tally:
    """Marks of one label."""

    true: int = 0
    false: int = 0
    missed: int = 0
    days: set[date] = field(default_factory=set)
    cameras: set[str] = field(default_factory=set)

    def add(self, at: datetime, source_id: str) -> None:
        self.days.add(at.date())
        self.cameras.add(source_id)


def within(principal: Principal, store_id: UUID | None) -> ColumnElement[bool]:
    """The condition on `sources`: theirs to see, and of the store where one is named."""
    seen = visible(principal)
    return seen if store_id is None else and_(seen, sources.c.store_id == str(store_id))


def progress(
    connection: Connection, place: ColumnElement[bool], since: datetime
) -> list[LabelProgressView]:
    """Of every label that heads look for since then, or that somebody marked; by name."""
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    _count_reviews(connection, place, tallies)
    normal = _count_missed(connection, place, tallies)
    models = _models(connection, place, since)
    return [
        _view(label, tallies[label], normal, models.get(label))
        for label in sorted({*tallies, *models})
    ]


def _count_reviews(
    connection: Connection, place: ColumnElement[bool], tallies: defaultdict[str, Tally]
) -> None:
    """Alerts that somebody put right count as what they were, not as what they were called. No head
    learns from those of rules on presence.
    """
    corrected = exists().where(
        missed_events.c.alert_id == reviews.c.alert_id, missed_events.c.withdrawn_at.is_(None)
    )
    query = (
        select(reviews.c.rule, reviews.c.verdict, reviews.c.source_id, reviews.c.started_at)
        .join(sources, sources.c.source_id == reviews.c.source_id)
        .where(place, reviews.c.verdict.is_not(None), reviews.c.model_id != PRESENCE, ~corrected)
        .order_by(reviews.c.started_at.desc())
        .limit(MOST_EVENTS)
    )
    for row in connection.execute(query):
        tally = tallies[row.rule]
        if row.verdict == "true":
            tally.true += 1
            tally.add(row.started_at, row.source_id)
        else:
            tally.false += 1


def _count_missed(
    connection: Connection, place: ColumnElement[bool], tallies: defaultdict[str, Tally]
) -> int:
    """How many moments were marked normal."""
    columns, normal = missed_events.c, 0
    query = (
        select(columns.label, columns.source_id, columns.since_at)
        .join(sources, sources.c.source_id == columns.source_id)
        .where(place, columns.withdrawn_at.is_(None))
        .order_by(columns.since_at.desc())
        .limit(MOST_EVENTS)
    )
    for row in connection.execute(query):
        if row.label == NORMAL:
            normal += 1
            continue
        tallies[row.label].missed += 1
        tallies[row.label].add(row.since_at, row.source_id)
    return normal


def _models(connection: Connection, place: ColumnElement[bool], since: datetime) -> dict[str, str]:
    """By rule the model whose live scores came last."""
    columns = score_series.c
    query = (
        select(columns.rule, columns.model_id, func.max(columns.last_at).label("latest"))
        .join(sources, sources.c.source_id == columns.source_id)
        .where(place, columns.run == LIVE, columns.last_at >= since)
        .group_by(columns.rule, columns.model_id)
        .order_by("latest")
    )
    return {row.rule: row.model_id for row in connection.execute(query)}


def _view(label: str, tally: Tally, normal: int, model_id: str | None) -> LabelProgressView:
    return LabelProgressView(
        label=label,
        true_marked=tally.true,
        missed_marked=tally.missed,
        false_marked=tally.false,
        normal_marked=normal,
        marked=tally.true + tally.missed,
        days=len(tally.days),
        cameras=len(tally.cameras),
        needed=NEEDED,
        model_id=model_id,
    )
