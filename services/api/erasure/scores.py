"""Takes the scores of a stretch out of their blocks and out of the maxima of minutes and hours."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, func, select, update

from services.api.scores.blocks import NOTHING, PACKED, Scores, unpack
from services.api.scores.reading import Found, Span, clips_between, hours_of
from services.api.scores.series import EPOCH, Series
from services.api.scores.writing import Block, block_row, tops_by_hour
from services.api.tables import score_blocks, score_hours, score_series

MINUTE = timedelta(minutes=1)


def erase_scores(connection: Connection, source_id: str, span: Span) -> int:
    """Of all runs; how many scores went. Clips that touch the span go."""
    query = select(score_series).where(
        score_series.c.source_id == source_id,
        score_series.c.last_at >= span.since - timedelta(hours=1),
        score_series.c.first_at < span.until,
    )
    rows = connection.execute(query).mappings().all()
    return sum(
        _erase_series(connection, Found(row["series_id"], Series.of_row(row)), span) for row in rows
    )


def _erase_series(connection: Connection, found: Found, span: Span) -> int:
    series = found.series
    clip = timedelta(seconds=series.spec.duration_s)
    first, stop = series.index_from(span.since - clip), series.index_from(span.until)
    if series.moment(first) + clip <= span.since:
        first += 1
    gone = sum(
        _erase_in_block(connection, found, row.first_index, (first, stop))
        for row in _blocks(connection, found.series_id, first, stop)
    )
    _erase_hours(connection, found, span)
    _settle(connection, found.series_id, gone)
    return gone


def _blocks(connection: Connection, series_id: int, first: int, stop: int) -> Sequence[Any]:
    columns = score_blocks.c
    query = select(columns.first_index).where(
        columns.series_id == series_id,
        columns.first_index > first - PACKED,
        columns.first_index < stop,
        columns.first_index + columns.span > first,
    )
    return connection.execute(query.order_by(columns.first_index)).all()


def _erase_in_block(
    connection: Connection, found: Found, first_index: int, gone: tuple[int, int]
) -> int:
    here = score_blocks.c.series_id == found.series_id, score_blocks.c.first_index == first_index
    row = connection.execute(select(score_blocks).where(*here).with_for_update()).mappings().one()
    scores = unpack(row["scores"], first_index)
    kept = _without(scores, *gone)
    if len(kept) == len(scores):
        return 0
    if len(kept):
        block = Block(first_index, row["span"], kept)
        values = block_row(found.series_id, found.series, block, row["written_at"])
        connection.execute(update(score_blocks).where(*here).values(values))
    else:
        connection.execute(delete(score_blocks).where(*here))
    return len(scores) - len(kept)


def _without(scores: Scores, first: int, stop: int) -> Scores:
    kept = (scores.index_N < first) | (scores.index_N >= stop)
    short = {index: by_s for index, by_s in scores.short.items() if not first <= index < stop}
    return Scores(scores.index_N[kept], scores.raw_N[kept], scores.calibrated_N[kept], short)


def _erase_hours(connection: Connection, found: Found, span: Span) -> None:
    """Minutes that the span touches are formed anew of what is left of them."""
    first_hour, stop_hour = hours_of(span)
    since = span.since - (span.since - EPOCH) % MINUTE
    until = span.until + (EPOCH - span.until) % MINUTE
    left = _edges(connection, found, Span(since, until), span)
    tops = tops_by_hour(found.series, left) if len(left) else {}
    hours = score_hours.c.series_id == found.series_id, score_hours.c.hour >= first_hour
    query = select(score_hours).where(*hours, score_hours.c.hour < stop_hour)
    for row in connection.execute(query).mappings().all():
        begin = EPOCH + timedelta(hours=row["hour"])
        low, high = (max(0, min(60, (moment - begin) // MINUTE)) for moment in (since, until))
        minutes = np.frombuffer(row["minutes"], "<f4").copy()
        minutes[low:high] = tops.get(row["hour"], np.full(60, np.nan, np.float32))[low:high]
        here = hours[0], score_hours.c.hour == row["hour"]
        if np.isnan(minutes).all():
            connection.execute(delete(score_hours).where(*here))
        else:
            values = {"top": float(np.nanmax(minutes)), "minutes": minutes.tobytes()}
            connection.execute(update(score_hours).where(*here).values(values))


def _edges(connection: Connection, found: Found, minutes: Span, span: Span) -> Scores:
    """What is left in the first and the last minute."""
    parts = [
        clips_between(connection, found, edge, PACKED)
        for edge in (Span(minutes.since, span.since), Span(span.until, minutes.until))
        if edge.until > edge.since
    ]
    left = [part for part in parts if len(part)]
    if not left:
        return NOTHING
    return Scores(
        np.concatenate([part.index_N for part in left]),
        np.concatenate([part.raw_N for part in left]),
        np.concatenate([part.calibrated_N for part in left]),
    )


def _settle(connection: Connection, series_id: int, gone: int) -> None:
    """How many clips a series has left, and its highest score; one without any goes."""
    mine = score_series.c.series_id == series_id
    top = connection.scalar(
        select(func.max(score_hours.c.top)).where(score_hours.c.series_id == series_id)
    )
    if top is None:
        connection.execute(delete(score_series).where(mine))
    else:
        values = {"clips": score_series.c.clips - gone, "top": top}
        connection.execute(update(score_series).where(mine).values(values))
