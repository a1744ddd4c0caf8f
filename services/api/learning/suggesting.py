"""What to mark next: moments whose scores lie nearest to the mark, over cameras and days.

A head learns most from what it is least sure of; near neighbours of one evening teach little more
than one of them. Every query is bounded, whatever the size of the chain.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from schemas.judgements import LIVE
from schemas.policies import PRESENCE
from services.api.access.paging import Row
from services.api.access.tables import stores
from services.api.learning.tables import missed_events
from services.api.learning.views import SuggestionView
from services.api.reviews.tables import reviews
from services.api.scores.reading import HOUR, Span, hours_of, minute_tops
from services.api.scores.series import EPOCH
from services.api.tables import alerts, score_hours, score_series, sources

MINUTE = timedelta(minutes=1)
MOST_HOURS = 240
"""Whose minutes are read, the nearest to their marks."""
MOST_ALERTS = 100
MOST_MARKED = 5_000
LATEST = timedelta(minutes=5)
"""What is younger may still become an alert."""


@dataclass(frozen=True)
class Candidate:
    """A moment that may be suggested: a row that names its source, and how far from the mark."""

    source: Row
    alert_id: str | None
    label: str
    since: datetime
    until: datetime
    score: float
    mark: float

    @property
    def distance(self) -> float:
        return abs(self.score - self.mark)

    @property
    def place(self) -> tuple[str, Any]:
        """Camera and day."""
        return self.source["source_id"], self.since.date()


def suggestions(
    connection: Connection, place: ColumnElement[bool], span: Span, limit: int
) -> list[SuggestionView]:
    """At most `limit`, of the cameras and days that have the fewest first."""
    marked = _marked(connection, place, span)
    found = [
        each
        for each in (*_alerts(connection, place, span), *_moments(connection, place, span))
        if each.alert_id or not _is_marked(each, marked)
    ]
    return [_view(each) for each in spread(found, limit)]


def spread(found: Iterable[Candidate], limit: int) -> list[Candidate]:
    """Round after round the nearest to the mark of every camera and day; alerts before moments."""
    order = sorted(found, key=lambda each: (each.alert_id is None, each.distance, each.since))
    taken: Counter[tuple[str, Any]] = Counter()
    rounds = []
    for number, each in enumerate(order):
        rounds.append((taken[each.place], number, each))
        taken[each.place] += 1
    return [each for _, _, each in sorted(rounds, key=lambda entry: entry[:2])[:limit]]


def quiet_hours(connection: Connection, place: ColumnElement[bool], span: Span) -> float:
    """Hours of cameras that were scored live and in which no alert began."""
    first, stop = hours_of(span)
    scored = (
        select(score_series.c.source_id, score_hours.c.hour)
        .join(score_hours, score_hours.c.series_id == score_series.c.series_id)
        .join(sources, sources.c.source_id == score_series.c.source_id)
        .where(place, score_series.c.run == LIVE, score_series.c.last_at >= span.since)
        .where(score_hours.c.hour >= first, score_hours.c.hour < stop)
        .distinct()
        .subquery()
    )
    count = connection.scalar(select(func.count()).select_from(scored)) or 0
    began = (
        select(alerts.c.source_id, alerts.c.started_at)
        .join(sources, sources.c.source_id == alerts.c.source_id)
        .where(place, alerts.c.run == LIVE)
        .where(alerts.c.started_at >= span.since, alerts.c.started_at < span.until)
        .limit(MOST_MARKED)
    )
    loud = {(row.source_id, (row.started_at - EPOCH) // HOUR) for row in connection.execute(began)}
    return float(max(count - len(loud), 0))


def _alerts(connection: Connection, place: ColumnElement[bool], span: Span) -> Iterator[Candidate]:
    """Live alerts of heads without a verdict, the latest first."""
    marks = _marks(connection, place, span)
    query = (
        _of_sources(select(alerts), alerts.c.source_id)
        .outerjoin(reviews, reviews.c.alert_id == alerts.c.alert_id)
        .where(
            place, alerts.c.run == LIVE, alerts.c.kind == "incident", reviews.c.verdict.is_(None)
        )
        .where(alerts.c.model_id != PRESENCE)
        .where(alerts.c.started_at >= span.since, alerts.c.started_at < span.until)
        .order_by(alerts.c.started_at.desc())
        .limit(MOST_ALERTS)
    )
    for row in connection.execute(query).mappings():
        mark = marks.get((row["source_id"], row["rule"]), row["peak_score"])
        times = row["started_at"], row["ended_at"]
        yield Candidate(row, row["alert_id"], row["rule"], *times, row["peak_score"], mark)


def _moments(connection: Connection, place: ColumnElement[bool], span: Span) -> Iterator[Candidate]:
    """The minute nearest to the mark, of hours that are."""
    hours, series = score_hours.c, score_series.c
    first, stop = hours_of(span)
    query = (
        _of_sources(
            select(series.series_id, series.rule, series.high_mark, hours.hour), series.source_id
        )
        .join(score_hours, hours.series_id == series.series_id)
        .where(place, series.run == LIVE, series.last_at >= span.since)
        .where(series.high_mark.is_not(None), hours.hour >= first, hours.hour < stop)
        .order_by(func.abs(hours.top - series.high_mark), hours.hour.desc())
        .limit(MOST_HOURS)
    )
    for row in connection.execute(query).mappings():
        at = EPOCH + row["hour"] * HOUR
        minutes = minute_tops(connection, [row["series_id"]], Span(at, at + HOUR))
        yield from _of_hour(row, at, minutes[row["series_id"]], span)


def _of_hour(row: Row, at: datetime, tops: Any, span: Span) -> Iterator[Candidate]:
    mark = float(row["high_mark"])
    scored = [(abs(float(top) - mark), place) for place, top in enumerate(tops) if top == top]
    for _, place in sorted(scored)[:1]:
        since = at + place * MINUTE
        if span.since <= since and since + MINUTE <= span.until - LATEST:
            top = float(tops[place])
            yield Candidate(row, None, row["rule"], since, since + MINUTE, top, mark)


def _marks(
    connection: Connection, place: ColumnElement[bool], span: Span
) -> dict[tuple[str, str], float]:
    """By source and rule the mark that came last."""
    columns = score_series.c
    query = (
        select(columns.source_id, columns.rule, columns.high_mark)
        .join(sources, sources.c.source_id == columns.source_id)
        .where(place, columns.run == LIVE, columns.last_at >= span.since)
        .where(columns.high_mark.is_not(None))
        .order_by(columns.last_at)
    )
    return {(row.source_id, row.rule): row.high_mark for row in connection.execute(query)}


def _marked(
    connection: Connection, place: ColumnElement[bool], span: Span
) -> dict[str, list[Span]]:
    """By source the stretches that somebody said something of, or that are alerts."""
    found: dict[str, list[Span]] = {}
    for table, since, until in (
        (missed_events, missed_events.c.since_at, missed_events.c.until_at),
        (alerts, alerts.c.started_at, alerts.c.ended_at),
    ):
        query = (
            select(table.c.source_id, since.label("since"), until.label("until"))
            .join(sources, sources.c.source_id == table.c.source_id)
            .where(place, since >= span.since - HOUR, since < span.until)
            .limit(MOST_MARKED)
        )
        if table is missed_events:
            query = query.where(missed_events.c.withdrawn_at.is_(None))
        for row in connection.execute(query):
            found.setdefault(row.source_id, []).append(Span(row.since, row.until))
    return found


def _is_marked(candidate: Candidate, marked: dict[str, list[Span]]) -> bool:
    stretches: Sequence[Span] = marked.get(candidate.source["source_id"], ())
    return any(each.since < candidate.until and each.until >= candidate.since for each in stretches)


def _of_sources(query: Any, source_id: ColumnElement[str]) -> Any:
    together = query.join(sources, sources.c.source_id == source_id)
    together = together.outerjoin(stores, stores.c.store_id == sources.c.store_id)
    return together.add_columns(
        sources.c.source_id,
        sources.c.source_kind,
        sources.c.origin_at,
        sources.c.name.label("source_name"),
        sources.c.store_id,
        stores.c.name.label("store"),
    )


def _view(candidate: Candidate) -> SuggestionView:
    row = candidate.source
    return SuggestionView(
        kind="alert" if candidate.alert_id else "moment",
        alert_id=candidate.alert_id,
        label=candidate.label,
        since=candidate.since,
        until=candidate.until,
        score=candidate.score,
        mark=candidate.mark,
        player=_player(candidate),
        **{name: row[name] for name in ("source_id", "source_name", "store_id", "store")},
    )


def _player(candidate: Candidate) -> str:
    """Path of the dashboard that plays it from there on."""
    row = candidate.source
    if candidate.alert_id:
        return f"/alerts/{candidate.alert_id}"
    if row["source_kind"] == "camera":
        at = candidate.since.isoformat().replace("+00:00", "Z")
        return f"/cameras/{row['source_id']}?at={at}"
    start_s = max((candidate.since - row["origin_at"]).total_seconds(), 0.0)
    return f"/videos/{row['source_id']}?t={start_s:g}"
