"""Scores of two runs minute by minute: how they are spread, and where they differ most.

The highest score of each minute stands beside the packed scores, so that a month of a hundred
cameras is read without unpacking a clip.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import nlargest

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from services.api.comparisons.reading import Side, by_source
from services.api.scores.reading import Found, Span, hours_of, minute_tops
from services.api.scores.series import EPOCH

BINS = 25
EDGES = tuple(round(edge / BINS, 6) for edge in range(BINS + 1))
LARGEST = 10
APART = 1
"""Minutes of one source that are no further apart are one disagreement."""
SOURCES_AT_ONCE = 10
UNMARKED = 0.5
"""The mark of a score that came without one."""
MINUTE = timedelta(minutes=1)
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Distribution:
    """How many minutes have their highest score in each bin, by run; of one rule."""

    rule: str
    label: str
    run_N: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    against_N: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))


@dataclass(frozen=True)
class Disagreement:
    """A minute in which one run stands far above its mark and the other does not."""

    source_id: str
    rule: str
    label: str
    since: datetime
    start_s: float
    run_score: float
    against_score: float
    difference: float
    """Of how far the scores lie above their marks: the run's less the other's."""


@dataclass(frozen=True)
class Minutes:
    """What was found in all minutes of both."""

    distributions: tuple[Distribution, ...]
    disagreements: tuple[Disagreement, ...]


def minutes(connection: Connection, run: Side, against: Side, span: Span) -> Minutes:
    """Some sources at a time: memory does not grow with their number."""
    spread: dict[str, Distribution] = {}
    found: list[Disagreement] = []
    ours, theirs = by_source(run), by_source(against)
    everyone = sorted(ours.keys() | theirs.keys())
    for start in range(0, len(everyone), SOURCES_AT_ONCE):
        names = everyone[start : start + SOURCES_AT_ONCE]
        series = [each for name in names for side in (ours, theirs) for each in side.get(name, ())]
        tops = minute_tops(connection, [each.series_id for each in series], span)
        for name in names:
            sides = ours.get(name, []), theirs.get(name, [])
            _count(spread, sides, tops, span)
            found += _largest(_differences(name, sides, tops, span))
    return Minutes(
        tuple(spread[rule] for rule in sorted(spread)),
        tuple(nlargest(LARGEST, found, key=lambda each: abs(each.difference))),
    )


Sides = tuple[Sequence[Found], Sequence[Found]]
Tops = dict[int, Floats]


def _count(spread: dict[str, Distribution], sides: Sides, tops: Tops, span: Span) -> None:
    for place, side in enumerate(sides):
        for each in side:
            series = each.series
            into = spread.setdefault(series.rule, Distribution(series.rule, series.label))
            top_N = _inside(tops[each.series_id], span)
            counts = np.histogram(np.clip(top_N[~np.isnan(top_N)], 0, 1), EDGES)[0]
            (into.run_N, into.against_N)[place][:] += counts


def _inside(top_N: Floats, span: Span) -> Floats:
    """Minutes that begin in the span, without the rest of its first and last hour."""
    begin = _first(span)
    stop = -((begin - span.until) // MINUTE)
    skipped = max(0, -((begin - span.since) // MINUTE))
    kept = np.full_like(top_N, np.nan)
    kept[skipped:stop] = top_N[skipped:stop]
    return kept


def _first(span: Span) -> datetime:
    return EPOCH + timedelta(hours=hours_of(span)[0])


def _differences(name: str, sides: Sides, tops: Tops, span: Span) -> Iterator[Disagreement]:
    """Of the minutes that both runs have scores of."""
    if not all(sides):
        return
    (ours_M, ours_which), (theirs_M, theirs_which) = (_margins(side, tops, span) for side in sides)
    difference_N = ours_M - theirs_M
    known_N = np.flatnonzero(~np.isnan(difference_N))
    if not len(known_N):
        return
    many = min(len(known_N), LARGEST * (2 * APART + 1))
    size_N = np.abs(difference_N[known_N])
    for minute in known_N[np.argpartition(-size_N, many - 1)[:many]].tolist():
        one, other = sides[0][ours_which[minute]], sides[1][theirs_which[minute]]
        above = one if difference_N[minute] >= 0 else other
        since = _first(span) + minute * MINUTE
        start_s = max(0.0, (since - above.series.origin_at).total_seconds())
        yield Disagreement(
            source_id=name,
            rule=above.series.rule,
            label=above.series.label,
            since=since,
            start_s=start_s,
            run_score=float(tops[one.series_id][minute]),
            against_score=float(tops[other.series_id][minute]),
            difference=float(difference_N[minute]),
        )


def _margins(side: Sequence[Found], tops: Tops, span: Span) -> tuple[Floats, NDArray[np.int64]]:
    """By minute how far the highest score lies above its mark, and which series that is of."""
    margin_SN = np.stack([_inside(tops[each.series_id], span) - _mark(each) for each in side])
    which_N = np.argmax(np.where(np.isnan(margin_SN), -np.inf, margin_SN), axis=0)
    margin_N: Floats = np.take_along_axis(margin_SN, which_N[None], axis=0)[0]
    return margin_N, which_N


def _mark(found: Found) -> float:
    mark = found.series.high_mark
    return UNMARKED if mark is None else mark


def _largest(found: Iterator[Disagreement]) -> list[Disagreement]:
    """Of one source, none near a larger one."""
    kept: list[Disagreement] = []
    for each in sorted(found, key=lambda one: (-abs(one.difference), one.since)):
        if all(abs(each.since - other.since) > APART * MINUTE for other in kept):
            kept.append(each)
        if len(kept) == LARGEST:
            break
    return kept
