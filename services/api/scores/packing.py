"""Packs fresh blocks that are complete into wide ones: a duty."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select

from services.api.scores.blocks import FRESH, NOTHING, PACKED, merged, unpack
from services.api.scores.series import Series
from services.api.scores.writing import BLOCK_RULES, Block, block_row
from services.api.tables import score_blocks, score_series
from services.api.upserts import upsert
from services.chassis.clock import Clock
from services.chassis.storage.database import transaction

RESTS_S = 120.0
SETTLED_AFTER = timedelta(hours=1)
"""A block that nobody wrote to for so long is packed even if none follows it."""

AT_ONCE = 200
"""Blocks a turn; what is left over is packed in the next one, at once."""


class Packing:
    """A clip takes six bytes in a fresh block, less than four in a wide one."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def turn(self) -> float:
        """Pack what is complete; seconds until there may be more. Raises TransientError."""
        now = self._clock.now()
        with transaction(self._engine) as connection:
            due = _complete(connection, now)
        for row in due:
            with transaction(self._engine) as connection:
                pack_wide(connection, row.series_id, row.first, now)
        return 0.0 if len(due) == AT_ONCE else RESTS_S


def _complete(connection: Connection, now: datetime) -> Sequence[Any]:
    """Wide places with fresh blocks that no clip is expected for any more."""
    columns = score_blocks.c
    first = columns.first_index - columns.first_index % PACKED
    fresh = (
        select(
            columns.series_id, first.label("first"), func.max(columns.written_at).label("written")
        )
        .where(columns.span == FRESH)
        .group_by(columns.series_id, first)
        .subquery()
    )
    begun = (
        select(func.max(columns.first_index))
        .where(columns.series_id == fresh.c.series_id)
        .correlate(fresh)
        .scalar_subquery()
    )
    settled = fresh.c.written < now - SETTLED_AFTER
    return connection.execute(
        select(fresh.c.series_id, fresh.c.first)
        .where((begun >= fresh.c.first + PACKED) | settled)
        .limit(AT_ONCE)
    ).all()


def pack_wide(connection: Connection, series_id: int, first_index: int, now: datetime) -> None:
    """Make one block of all that lie within PACKED clips from `first_index` on."""
    # Locks the series, as its writers do: none of them may come between reading and writing.
    of_series = select(score_series).where(score_series.c.series_id == series_id)
    row = connection.execute(of_series.with_for_update()).mappings().one_or_none()
    if row is None:
        return
    columns = score_blocks.c
    within = (
        columns.series_id == series_id,
        columns.first_index >= first_index,
        columns.first_index < first_index + PACKED,
    )
    scores = NOTHING
    for block in connection.execute(select(columns.first_index, columns.scores).where(*within)):
        scores = merged(scores, unpack(block.scores, block.first_index))
    if not len(scores):
        return
    wide = Block(first_index, PACKED, scores)
    connection.execute(delete(score_blocks).where(*within))
    packed = block_row(series_id, Series.of_row(row), wide, now)
    upsert(connection, score_blocks, [packed], BLOCK_RULES)
