"""Writes scores into their blocks, and the highest of minutes and hours: read, merge, write.

All of it in the caller's transaction. The rows of the series are written first: that locks them, so
that two writers of a source take turns.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, select, tuple_

from schemas.scores import ClipScored, ClipsScored
from services.api.scores.blocks import FRESH, NOTHING, PACKED, Scores, merged, pack, unpack
from services.api.scores.series import Series, by_series
from services.api.tables import score_blocks, score_hours, score_series
from services.api.upserts import Rule, added, greatest, least, replace, upsert

Key = tuple[int, int]
Row = Mapping[Any, Any]
Batch = Mapping[int, tuple[Series, Scores]]
"""Series and new scores by the id of the series."""

KEYS_A_QUERY = 400


@dataclass(frozen=True)
class Block:
    """Where a block lies and what is in it."""

    first_index: int
    span: int
    scores: Scores


def write_scores(
    connection: Connection, messages: Iterable[ClipScored | ClipsScored], now: datetime
) -> None:
    """Scores that are there already are replaced: a replay changes nothing."""
    batch = {series.series_id: (series, scores) for series, scores in by_series(messages).items()}
    rows = [_series_row(name, *batch[name]) for name in sorted(batch)]
    upsert(connection, score_series, rows, SERIES_RULES)
    blocks, more = _merge_blocks(connection, batch)
    upsert(
        connection,
        score_blocks,
        [block_row(name, batch[name][0], block, now) for name, block in blocks],
        BLOCK_RULES,
    )
    counted = [row | {"clips": more[row["series_id"]]} for row in rows if more[row["series_id"]]]
    upsert(connection, score_series, counted, SERIES_RULES)
    _write_hours(connection, batch)


def _series_row(name: int, series: Series, scores: Scores) -> dict[str, Any]:
    return series.row() | {
        "series_id": name,
        "clips": 0,
        "top": float(scores.calibrated_N.max()),
        "first_at": series.moment(int(scores.index_N[0])),
        "last_at": series.moment(int(scores.index_N[-1])),
    }


def _merge_blocks(
    connection: Connection, batch: Batch
) -> tuple[list[tuple[int, Block]], Mapping[int, int]]:
    """The touched blocks as they are now, and how many clips more each series has."""
    fresh = [
        (name, int(number) * FRESH)
        for name in sorted(batch)
        for number in np.unique(batch[name][1].index_N // FRESH)
    ]
    wide = {(name, first // PACKED * PACKED) for name, first in fresh}
    stored = _stored(connection, sorted(wide.union(fresh)))
    blocks, more = [], Counter[int]()
    for name, place in _places(fresh, stored):
        older = stored.get((name, place.first_index), NO_BLOCK).scores
        stop = place.first_index + place.span
        scores = merged(older, batch[name][1].between(place.first_index, stop))
        more[name] += len(scores) - len(older)
        blocks.append((name, Block(place.first_index, place.span, scores)))
    return blocks, more


def _places(fresh: Sequence[Key], stored: Mapping[Key, Block]) -> Iterable[tuple[int, Block]]:
    """Where the clips go: into the packed block, if there is one already, else into fresh ones."""
    seen = set()
    for name, first in fresh:
        wide = stored.get((name, first // PACKED * PACKED), NO_BLOCK)
        place = wide if wide.span == PACKED else Block(first, FRESH, NOTHING)
        if (name, place.first_index) not in seen:
            seen.add((name, place.first_index))
            yield name, place


NO_BLOCK = Block(0, 0, NOTHING)


def _stored(connection: Connection, keys: Sequence[Key]) -> dict[Key, Block]:
    rows = _by_keys(connection, score_blocks, ("series_id", "first_index"), keys)
    return {
        (row["series_id"], row["first_index"]): Block(
            row["first_index"], row["span"], unpack(row["scores"], row["first_index"])
        )
        for row in rows
    }


def _by_keys(
    connection: Connection, table: Table, names: tuple[str, str], keys: Sequence[Key]
) -> list[Row]:
    columns = tuple_(*(table.c[name] for name in names))
    found: list[Row] = []
    for start in range(0, len(keys), KEYS_A_QUERY):
        query = select(table).where(columns.in_(keys[start : start + KEYS_A_QUERY]))
        found += connection.execute(query).mappings().all()
    return found


def block_row(name: int, series: Series, block: Block, now: datetime) -> dict[str, Any]:
    """The row of a block, which holds at least one clip."""
    return {
        "series_id": name,
        "first_index": block.first_index,
        "span": block.span,
        "clips": len(block.scores),
        "ends_at": series.moment(int(block.scores.index_N[-1]) + 1),
        "written_at": now,
        "scores": pack(block.scores, block.first_index, block.span),
    }


def _write_hours(connection: Connection, batch: Batch) -> None:
    tops = {
        (name, hour): minutes
        for name, (series, scores) in batch.items()
        for hour, minutes in tops_by_hour(series, scores).items()
    }
    keys = sorted(tops)
    for row in _by_keys(connection, score_hours, ("series_id", "hour"), keys):
        key = (row["series_id"], row["hour"])
        tops[key] = np.fmax(tops[key], np.frombuffer(row["minutes"], "<f4"))
    rows = [
        {
            "series_id": name,
            "hour": hour,
            "top": float(np.nanmax(tops[name, hour])),
            "minutes": tops[name, hour].astype("<f4").tobytes(),
        }
        for name, hour in keys
    ]
    upsert(connection, score_hours, rows, HOUR_RULES)


def tops_by_hour(series: Series, scores: Scores) -> dict[int, "NDArray[np.float32]"]:
    """The highest calibrated score of each minute, by hour since 1970; NaN where there is none."""
    minute_N = series.minutes(scores.index_N)
    minute_M, first_M = np.unique(minute_N, return_index=True)
    top_M = np.maximum.reduceat(scores.calibrated_N, first_M)
    hours: dict[int, NDArray[np.float32]] = {}
    for minute, top in zip(minute_M.tolist(), top_M.tolist(), strict=True):
        hour = hours.setdefault(minute // 60, np.full(60, np.nan, np.float32))
        hour[minute % 60] = top
    return hours


SERIES_RULES: Mapping[str, Rule] = {
    "clips": added,
    "first_at": least,
    "last_at": greatest,
    "top": greatest,
}
BLOCK_RULES: Mapping[str, Rule] = dict.fromkeys(
    ("span", "clips", "ends_at", "written_at", "scores"), replace
)
HOUR_RULES: Mapping[str, Rule] = {"top": replace, "minutes": replace}
