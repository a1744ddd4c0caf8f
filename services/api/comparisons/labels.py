"""What people said, as labels: how high a run scored the stretches of which they spoke."""

from collections.abc import Sequence

from sqlalchemy import Connection

from services.api.comparisons.agreement import Stretch
from services.api.comparisons.reading import Side, by_source
from services.api.scores.blocks import Scores
from services.api.scores.reading import Found, Span, clips_between

MOST_STRETCHES = 500
"""Of each kind, the latest: for each some blocks are unpacked."""
EVERYTHING = 1_000_000


def tops(connection: Connection, side: Side, stretches: Sequence[Stretch]) -> list[float]:
    """The run's highest calibrated score in each stretch, of those that it has scores of."""
    series = by_source(side)
    latest = sorted(stretches, key=lambda each: each.since)[-MOST_STRETCHES:]
    found = [_top(connection, series.get(each.source_id, []), each) for each in latest]
    return [value for value in found if value is not None]


def _top(connection: Connection, series: Sequence[Found], stretch: Stretch) -> float | None:
    """Of clips that begin in it, or hold its beginning."""
    values = []
    for each in series:
        hop = each.series.moment(1) - each.series.moment(0)
        inside = Span(stretch.since - hop, stretch.until)
        scores: Scores = clips_between(connection, each, inside, EVERYTHING)
        if len(scores):
            values.append(float(scores.calibrated_N.max()))
    return max(values, default=None)
