"""Reads what is exported, batch by batch: of each source in turn, in order of time.

No connection is held between two batches, so an export that a slow client takes hours to fetch
holds up nobody. What comes meanwhile may or may not be in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, or_, select

from services.api.exports.columns import TableName
from services.api.exports.formats import Batch
from services.api.principal import Principal, visible
from services.api.queries.conditions import touching
from services.api.reviews.tables import reviews
from services.api.scores.reading import Found, Span, clips_between, minute_tops, series_between
from services.api.scores.series import EPOCH
from services.api.tables import alerts, conditions, holds, sources

CLIPS_A_BATCH = 32_768
ROWS_A_BATCH = 1_000
MINUTES_AT_ONCE = timedelta(days=7)


@dataclass(frozen=True)
class ExportAsked:
    """Of all sources that the principal sees, or one store's, or one; between two moments."""

    table: TableName
    since: datetime
    until: datetime
    run: str
    store_id: UUID | None = None
    source_id: UUID | None = None


@dataclass(frozen=True)
class ExportSource:
    source_id: str
    name: str
    store_id: str | None

    def columns(self, count: int) -> dict[str, Sequence[Any]]:
        """What each row says of its source."""
        return {
            "source_id": [self.source_id] * count,
            "source_name": [self.name] * count,
            "store_id": [self.store_id] * count,
        }


def sources_of(
    connection: Connection, principal: Principal, asked: ExportAsked
) -> list[ExportSource]:
    """By their ids."""
    columns = sources.c
    query = select(columns.source_id, columns.name, columns.store_id).where(visible(principal))
    if asked.store_id is not None:
        query = query.where(columns.store_id == str(asked.store_id))
    if asked.source_id is not None:
        query = query.where(columns.source_id == str(asked.source_id))
    rows = connection.execute(query.order_by(columns.source_id))
    return [ExportSource(row.source_id, row.name, row.store_id) for row in rows]


def batches(engine: Engine, of: Sequence[ExportSource], asked: ExportAsked) -> Iterator[Batch]:
    """Never an empty one."""
    read = {"clips": _clips, "minutes": _minutes, "alerts": _alerts, "conditions": _conditions}
    for source in of:
        yield from read[asked.table](engine, source, asked)


def _clips(engine: Engine, source: ExportSource, asked: ExportAsked) -> Iterator[Batch]:
    """By rule, and of each in order of time."""
    for found in _series(engine, source, asked):
        since = asked.since
        while since < asked.until:
            with engine.connect() as connection:
                span = Span(since, asked.until)
                scores = clips_between(connection, found, span, CLIPS_A_BATCH)
            if not len(scores):
                break
            yield _clip_columns(source, found, scores)
            since = found.series.moment(int(scores.index_N[-1]) + 1)


def _series(engine: Engine, source: ExportSource, asked: ExportAsked) -> list[Found]:
    with engine.connect() as connection:
        span = Span(asked.since, asked.until)
        return series_between(connection, source.source_id, asked.run, span)


def _clip_columns(source: ExportSource, found: Found, scores: Any) -> Batch:
    series, count = found.series, len(scores)
    start_s_N = series.start_s(scores.index_N)
    end_s_N = start_s_N + series.spec.duration_s
    for index, by_s in scores.short.items():
        end_s_N[np.searchsorted(scores.index_N, index)] -= by_s
    return source.columns(count) | {
        "run": [series.run] * count,
        "rule": [series.rule] * count,
        "label": [series.label] * count,
        "model_id": [series.model_id] * count,
        "index": scores.index_N,
        "at": _moments(series.origin_at, start_s_N),
        "start_s": start_s_N,
        "end_s": end_s_N,
        "score": scores.raw_N,
        "calibrated": scores.calibrated_N,
        "high_mark": [series.high_mark] * count,
    }


def _moments(origin_at: datetime, after_s_N: Any) -> Any:
    """As microseconds since 1970, which is what Parquet has."""
    origin_us = (origin_at - EPOCH) // timedelta(microseconds=1)
    return (origin_us + np.round(after_s_N * 1e6).astype(np.int64)).astype("datetime64[us]")


def _minutes(engine: Engine, source: ExportSource, asked: ExportAsked) -> Iterator[Batch]:
    """By rule, and of each in order of time; minutes without a score are left out."""
    by_rule = groupby(_series(engine, source, asked), lambda found: found.series.rule)
    for rule, found in by_rule:
        names = [item.series_id for item in found]
        since = asked.since
        while since < asked.until:
            until = min(asked.until, since + MINUTES_AT_ONCE)
            with engine.connect() as connection:
                tops = minute_tops(connection, names, Span(since, until))
            batch = _minute_columns(source, asked, rule, Span(since, until), tops)
            if len(batch["at"]):
                yield batch
            since = until


def _minute_columns(
    source: ExportSource, asked: ExportAsked, rule: str, span: Span, tops: Mapping[int, Any]
) -> Batch:
    top_N = np.fmax.reduce(list(tops.values()))
    first_hour = (span.since - EPOCH) // timedelta(hours=1)
    at_s_N = first_hour * 3600.0 + 60.0 * np.arange(len(top_N))
    since_s, until_s = ((moment - EPOCH).total_seconds() for moment in (span.since, span.until))
    kept = ~np.isnan(top_N) & (at_s_N >= since_s) & (at_s_N < until_s)
    count = int(kept.sum())
    return source.columns(count) | {
        "run": [asked.run] * count,
        "rule": [rule] * count,
        "at": _moments(EPOCH, at_s_N[kept]),
        "calibrated": np.round(top_N[kept].astype(np.float64), 6),
    }


def _alerts(engine: Engine, source: ExportSource, asked: ExportAsked) -> Iterator[Batch]:
    """That began between the moments."""
    columns = alerts.c
    where = and_(
        columns.source_id == source.source_id,
        columns.run == asked.run,
        columns.started_at >= asked.since,
        columns.started_at < asked.until,
    )
    for rows in _pages(engine, alerts, where):
        ids = [row["alert_id"] for row in rows]
        with engine.connect() as connection:
            query = select(holds.c.hold_id).where(holds.c.hold_id.in_(ids))
            held = set(connection.scalars(query))
            columns_of_review = _reviews(connection, ids)
        of_hold = {"is_held": [name in held for name in ids]}
        yield {**_transposed(source, alerts, rows), **of_hold, **columns_of_review}


OF_REVIEW = {
    "verdict": "verdict",
    "verdict_reason": "reason",
    "judged_by": "judged_by",
    "acknowledged_at": "acknowledged_at",
    "acknowledged_by": "acknowledged_by",
}
"""Columns of the export, and of which columns of a review they are."""


def _reviews(connection: Connection, alert_ids: Sequence[str]) -> Batch:
    """What people made of those alerts, in their order; null where nobody made anything of one."""
    query = select(reviews).where(reviews.c.alert_id.in_(alert_ids))
    found = {row["alert_id"]: row for row in connection.execute(query).mappings()}
    return {
        name: [found[alert_id][column] if alert_id in found else None for alert_id in alert_ids]
        for name, column in OF_REVIEW.items()
    }


def _conditions(engine: Engine, source: ExportSource, asked: ExportAsked) -> Iterator[Batch]:
    """That lasted into the stretch."""
    where = touching(source.source_id, asked.since, asked.until)
    for rows in _pages(engine, conditions, where):
        yield _transposed(source, conditions, rows)


def _transposed(source: ExportSource, table: Table, rows: Sequence[Mapping[Any, Any]]) -> Batch:
    columns = {column.name: [row[column.name] for row in rows] for column in table.columns}
    return columns | source.columns(len(rows))


def _pages(
    engine: Engine, table: Table, where: ColumnElement[bool]
) -> Iterator[Sequence[Mapping[Any, Any]]]:
    """Rows in order of `started_at`, the primary key breaking ties."""
    (key,), begin = table.primary_key.columns, table.c.started_at
    query = select(table).where(where).order_by(begin, key).limit(ROWS_A_BATCH)
    after: ColumnElement[bool] | None = None
    while True:
        with engine.connect() as connection:
            page = query if after is None else query.where(after)
            rows = connection.execute(page).mappings().all()
        if rows:
            yield rows
        if len(rows) < ROWS_A_BATCH:
            return
        last = rows[-1]
        same = and_(begin == last["started_at"], key > last[key.name])
        after = or_(begin > last["started_at"], same)
