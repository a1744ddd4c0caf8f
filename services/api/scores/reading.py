"""Reads scores back: clips of a stretch of time, or the highest of its minutes or hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from services.api.scores.blocks import NOTHING, PACKED, Scores, unpack
from services.api.scores.series import EPOCH, Series
from services.api.tables import score_blocks, score_hours, score_series

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Span:
    """From a moment up to and without another one."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Found:
    """A series that has scores in the span asked for."""

    series_id: int
    series: Series


def series_between(connection: Connection, source_id: str, run: str, span: Span) -> list[Found]:
    """Those that may have clips in the span, by rule and age."""
    columns = score_series.c
    query = (
        select(score_series)
        .where(
            columns.source_id == source_id,
            columns.run == run,
            columns.last_at >= span.since,
            columns.first_at < span.until,
        )
        .order_by(columns.rule, columns.first_at, columns.series_id)
    )
    rows = connection.execute(query).mappings()
    return [Found(row["series_id"], Series.of_row(row)) for row in rows]


def clips_between(connection: Connection, found: Found, span: Span, most: int) -> Scores:
    """The first clips that start in the span: all of them, or at least `most`."""
    first = max(0, found.series.index_from(span.since))
    stop = found.series.index_from(span.until)
    scores = NOTHING
    for place in _places(connection, found.series_id, first, stop):
        block = _block(connection, found.series_id, place).between(first, stop)
        scores = _joined(scores, block)
        if len(scores) >= most:
            break
    return scores


def _places(connection: Connection, series_id: int, first: int, stop: int) -> Sequence[int]:
    """Where blocks begin that may hold clips from `first` up to `stop`."""
    columns = score_blocks.c
    query = (
        select(columns.first_index)
        .where(
            columns.series_id == series_id,
            columns.first_index > first - PACKED,
            columns.first_index < stop,
            columns.first_index + columns.span > first,
        )
        .order_by(columns.first_index)
    )
    return connection.scalars(query).all()


def _block(connection: Connection, series_id: int, first_index: int) -> Scores:
    here = score_blocks.c.series_id == series_id, score_blocks.c.first_index == first_index
    packed = connection.scalar(select(score_blocks.c.scores).where(*here))
    return NOTHING if packed is None else unpack(packed, first_index)


def _joined(earlier: Scores, later: Scores) -> Scores:
    """Two stretches of one series, one after the other."""
    return Scores(
        np.concatenate((earlier.index_N, later.index_N)),
        np.concatenate((earlier.raw_N, later.raw_N)),
        np.concatenate((earlier.calibrated_N, later.calibrated_N)),
        {**earlier.short, **later.short},
    )


def minute_tops(
    connection: Connection, series_ids: Sequence[int], span: Span
) -> dict[int, "NDArray[np.float32]"]:
    """By series the highest calibrated score of each minute, from the hour of `since` to the hour
    of `until`; NaN where there is none.
    """
    first, stop = hours_of(span)
    tops = {name: np.full((stop - first) * 60, np.nan, np.float32) for name in series_ids}
    columns = score_hours.c
    query = select(columns.series_id, columns.hour, columns.minutes)
    within = columns.series_id.in_(series_ids), columns.hour >= first, columns.hour < stop
    for name, hour, minutes in connection.execute(query.where(*within)):
        tops[name][(hour - first) * 60 : (hour - first + 1) * 60] = np.frombuffer(minutes, "<f4")
    return tops


def hour_tops(
    connection: Connection, series_ids: Sequence[int], span: Span
) -> dict[int, "NDArray[np.float32]"]:
    """As `minute_tops`, of each hour."""
    first, stop = hours_of(span)
    tops = {name: np.full(stop - first, np.nan, np.float32) for name in series_ids}
    columns = score_hours.c
    query = select(columns.series_id, columns.hour, columns.top)
    within = columns.series_id.in_(series_ids), columns.hour >= first, columns.hour < stop
    for name, hour, top in connection.execute(query.where(*within)):
        tops[name][hour - first] = top
    return tops


def hours_of(span: Span) -> tuple[int, int]:
    """The hours since 1970 that a span touches: first, and one past the last."""
    return (span.since - EPOCH) // HOUR, -((EPOCH - span.until) // HOUR)
