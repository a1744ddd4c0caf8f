"""The timeline of a source: its scores over a stretch of time, clip by clip or zoomed out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from services.api.scores import reading
from services.api.scores.reading import Found, Span
from services.api.scores.series import EPOCH

Resolution = Literal["clip", "minute", "hour"]
CLIPS_UP_TO = timedelta(hours=3)
MINUTES_UP_TO = timedelta(days=31)
HOURS_A_PAGE = timedelta(days=2 * 366)
STEP_S = {"minute": 60, "hour": 3600}
Row = dict[str, Any]


def resolution_for(span: Span) -> Resolution:
    """Fine enough to show, coarse enough to send: ten thousand clips, or a month of minutes."""
    length = span.until - span.since
    if length <= CLIPS_UP_TO:
        return "clip"
    return "minute" if length <= MINUTES_UP_TO else "hour"


@dataclass(frozen=True)
class Slice:
    """One page of scores. `until` is where it ends, `next` where the rest begins, if any."""

    clips: list[Row]
    maxima: Row | None
    until: datetime
    next: datetime | None


def read(
    connection: Connection,
    found: Sequence[Found],
    span: Span,
    resolution: Resolution,
    limit: int,
) -> Slice:
    """The page of a span. `limit` counts clips; of minutes a month, of hours two years fit."""
    if resolution == "clip":
        return _clips(connection, found, span, limit)
    longest = MINUTES_UP_TO if resolution == "minute" else HOURS_A_PAGE
    until = min(span.until, span.since + longest)
    page = Span(span.since, until)
    maxima = _maxima(connection, found, page, resolution)
    return Slice([], maxima, until, until if until < span.until else None)


def heads(found: Iterable[Found]) -> list[Row]:
    """The latest series of each rule: whose scores they are, and the mark in force."""
    latest = {item.series.rule: item.series for item in found}
    return [
        {
            "rule": series.rule,
            "label": series.label,
            "head": series.head,
            "model_id": series.model_id,
            "detector": series.detector,
            "backbone": series.backbone,
            "high_mark": series.high_mark,
        }
        for series in latest.values()
    ]


@dataclass(frozen=True)
class _Column:
    """The scores of one rule, laid out over the clips of a grid; NaN where it has none."""

    rule: str
    raw_N: NDArray[np.float64]
    calibrated_N: NDArray[np.float64]


def _clips(connection: Connection, found: Sequence[Found], span: Span, limit: int) -> Slice:
    several = len({item.series.rule for item in found}) > 1
    rows: list[Row] = []
    for _, grid in groupby(sorted(found, key=_grid), key=_grid):
        rows += _clips_of_grid(connection, list(grid), span, limit + 1, several)
    rows.sort(key=lambda row: row["at"])
    going_on = _cut(rows, limit)
    until = going_on or span.until
    for row in rows:
        row["at"] = row["at"].isoformat().replace("+00:00", "Z")
    return Slice(rows, None, until, going_on)


def _grid(item: Found) -> tuple[datetime, float, int, int]:
    spec = item.series.spec
    return item.series.origin_at, spec.frame_rate, spec.hop, spec.frames


def _cut(rows: list[Row], limit: int) -> datetime | None:
    """Keep at most about `limit` rows; the moment of the first that is left out. Clips of one
    moment, as two lives of a source may have, are never parted.
    """
    if len(rows) <= limit:
        return None
    going_on: datetime = rows[limit]["at"]
    kept = next(place for place, row in enumerate(rows) if row["at"] == going_on)
    if kept == 0:  # a page must get on
        later = (place for place, row in enumerate(rows) if row["at"] > going_on)
        kept = next(later, len(rows))
        going_on = rows[kept]["at"] if kept < len(rows) else going_on + timedelta(microseconds=1)
    del rows[kept:]
    return going_on


def _clips_of_grid(
    connection: Connection, found: Sequence[Found], span: Span, most: int, several: bool
) -> list[Row]:
    series = found[0].series
    read = [(item, reading.clips_between(connection, item, span, most)) for item in found]
    index_N = np.unique(np.concatenate([scores.index_N for _, scores in read]))
    whole = [scores.index_N[-1] for _, scores in read if len(scores) >= most]
    index_N = index_N[index_N <= min(whole)] if whole else index_N  # beyond, a rule may be missing
    index_N = index_N[:most]
    columns = _columns(read, index_N)
    top_N = np.argmax([np.nan_to_num(c.calibrated_N, nan=-1.0) for c in columns], axis=0)
    short = {index: by_s for _, scores in read for index, by_s in scores.short.items()}
    start_s_N = series.start_s(index_N)
    rows = []
    for place, (index, start_s) in enumerate(
        zip(index_N.tolist(), start_s_N.tolist(), strict=True)
    ):
        top = columns[top_N[place]]
        row = {
            "index": index,
            "at": series.origin_at + timedelta(seconds=start_s),
            "start_s": start_s,
            "end_s": start_s + series.spec.duration_s - short.get(index, 0.0),
            "score": float(top.raw_N[place]),
            "calibrated": float(top.calibrated_N[place]),
        }
        if several:
            row["heads"] = _says(columns, place)
        rows.append(row)
    return rows


def _columns(read: Sequence[tuple[Found, Any]], index_N: "NDArray[np.int64]") -> list[_Column]:
    columns: dict[str, _Column] = {}
    for item, scores in read:
        rule = item.series.rule
        empty = np.full(len(index_N), np.nan), np.full(len(index_N), np.nan)
        column = columns.setdefault(rule, _Column(rule, *empty))
        scores = scores.between(0, int(index_N[-1]) + 1) if len(index_N) else scores
        places = np.searchsorted(index_N, scores.index_N)
        column.raw_N[places] = scores.raw_N
        column.calibrated_N[places] = scores.calibrated_N
    return list(columns.values())


def _says(columns: Sequence[_Column], place: int) -> list[Row]:
    return [
        {
            "rule": column.rule,
            "score": float(column.raw_N[place]),
            "calibrated": float(column.calibrated_N[place]),
        }
        for column in columns
        if not np.isnan(column.calibrated_N[place])
    ]


def _maxima(
    connection: Connection, found: Sequence[Found], span: Span, resolution: Resolution
) -> Row:
    """By rule a list over equal steps; null where nothing was scored."""
    names = [item.series_id for item in found]
    tops = (reading.minute_tops if resolution == "minute" else reading.hour_tops)(
        connection, names, span
    )
    step_s = STEP_S[resolution]
    first_hour, _ = reading.hours_of(span)
    hours_at = EPOCH + timedelta(hours=first_hour)
    skipped = (span.since - hours_at) // timedelta(seconds=step_s)
    count = -((hours_at - span.until) // timedelta(seconds=step_s)) - skipped
    rules: dict[str, NDArray[np.float32]] = {}
    for item in found:
        top = tops[item.series_id][skipped : skipped + count]
        rule = item.series.rule
        rules[rule] = np.fmax(rules[rule], top) if rule in rules else top
    return {
        "at": (hours_at + timedelta(seconds=skipped * step_s)).isoformat().replace("+00:00", "Z"),
        "step_s": step_s,
        "heads": [{"rule": rule, "calibrated": _nullable(top)} for rule, top in rules.items()],
    }


def _nullable(top_N: "NDArray[np.float32]") -> list[float | None]:
    rounded = np.round(top_N.astype(np.float64), 6).tolist()
    return [None if value != value else value for value in rounded]
