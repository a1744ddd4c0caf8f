"""What two runs left of a stretch: their sources, series, alerts, verdicts."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from schemas.policies import PRESENCE
from services.api.comparisons.changes import Raised
from services.api.queries.alerts import LONGEST_EPISODE
from services.api.reviews.tables import reviews
from services.api.scores.reading import Found, Span
from services.api.scores.series import Series
from services.api.tables import alerts, score_series

SOURCES_A_QUERY = 500
MOST_ALERTS = 100_000
"""Of one run; a stretch with more is no use to anybody, and is to be made shorter."""


class TooManyAlerts(Exception):
    """The text is one sentence."""


@dataclass(frozen=True)
class Side:
    """One of the two runs: its series of the stretch, and what it raised by their rules."""

    run: str
    series: tuple[Found, ...]
    alerts: tuple[Raised, ...]

    @property
    def detectors(self) -> list[str]:
        return sorted({found.series.detector for found in self.series})


def sides(
    connection: Connection, source_ids: Sequence[str], runs: tuple[str, str], span: Span
) -> tuple[Side, Side]:
    """The run, and what it is compared with: of that only what saw through the same backbones, if
    there is any. Rules on presence need no detector and are left out. Raises TooManyAlerts.
    """
    ours, theirs = (_series(connection, source_ids, run, span) for run in runs)
    backbones = {found.series.backbone for found in ours}
    alike = [found for found in theirs if found.series.backbone in backbones] or theirs
    rules = {found.series.rule for found in [*ours, *alike]}
    found = [
        Side(run, tuple(series), tuple(_alerts(connection, source_ids, run, span, rules)))
        for run, series in zip(runs, (ours, alike), strict=True)
    ]
    return found[0], found[1]


def by_source(side: Side) -> dict[str, list[Found]]:
    groups: dict[str, list[Found]] = {}
    for found in side.series:
        groups.setdefault(found.series.source_id, []).append(found)
    return groups


def _series(connection: Connection, source_ids: Sequence[str], run: str, span: Span) -> list[Found]:
    columns, series = score_series.c, list[Found]()
    for some in _some(source_ids):
        query = select(score_series).where(
            columns.source_id.in_(some),
            columns.run == run,
            columns.last_at >= span.since,
            columns.first_at < span.until,
        )
        rows = connection.execute(query.order_by(columns.first_at, columns.series_id)).mappings()
        series += [Found(row["series_id"], Series.of_row(row)) for row in rows]
    return series


def _alerts(
    connection: Connection,
    source_ids: Sequence[str],
    run: str,
    span: Span,
    rules: Collection[str],
) -> list[Raised]:
    """Incidents that touch the span, with what people said of them."""
    columns, found = alerts.c, list[Raised]()
    together = alerts.outerjoin(reviews, reviews.c.alert_id == columns.alert_id)
    names = [column for column in columns if column.name in Raised.__dataclass_fields__]
    for some in _some(source_ids):
        query = (
            select(*names, reviews.c.verdict)
            .select_from(together)
            .where(
                columns.source_id.in_(some),
                columns.run == run,
                columns.kind == "incident",
                columns.model_id != PRESENCE,
                columns.rule.in_(sorted(rules)),
                columns.started_at >= span.since - LONGEST_EPISODE,
                columns.started_at < span.until,
                columns.ended_at >= span.since,
            )
            .limit(MOST_ALERTS + 1)
        )
        found += [_raised(row) for row in connection.execute(query).mappings()]
        if len(found) > MOST_ALERTS:
            raise TooManyAlerts(f"{run} has more than {MOST_ALERTS} alerts: take less time.")
    return found


def _raised(row: Any) -> Raised:
    verdict = row["verdict"]
    return Raised(**dict(row) | {"verdict": None if verdict is None else verdict == "true"})


def _some(source_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(source_ids), SOURCES_A_QUERY):
        yield source_ids[start : start + SOURCES_A_QUERY]
