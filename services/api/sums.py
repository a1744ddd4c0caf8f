"""What a run has given of each of several sources, in all."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from services.api.tables import score_series


@dataclass(frozen=True)
class Scored:
    """How many clips have a score, and the highest calibrated one."""

    clips: int
    top: float


def scored(connection: Connection, source_ids: Sequence[str], run: str) -> dict[str, Scored]:
    """Sources without any score are left out.

    A clip is scored by a rule's head or several: the rule that has seen most clips counts.
    """
    if not source_ids:
        return {}
    query = (
        select(
            score_series.c.source_id,
            func.sum(score_series.c.clips).label("clips"),
            func.max(score_series.c.top).label("top"),
        )
        .where(score_series.c.source_id.in_(source_ids), score_series.c.run == run)
        .group_by(score_series.c.source_id, score_series.c.rule)
    )
    sums: dict[str, Scored] = {}
    for row in connection.execute(query):
        best = sums.get(row.source_id, Scored(0, 0.0))
        sums[row.source_id] = Scored(max(best.clips, int(row.clips)), max(best.top, row.top))
    return sums
