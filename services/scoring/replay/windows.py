"""Judged windows of one sequence in a row, laid out as arrays of their clips.

Shapes: W windows, C new clips of them all, H heads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from schemas.clips import ClipRef
from schemas.judgements import ClipJudged, HeadJudgement
from services.scoring.judging.detector import Detector
from services.scoring.replay.rows import Header, Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Windows:
    """Windows of one sequence and life, in order, with the raw scores of each."""

    of: Header
    rows: Sequence[Row]
    score_WH: Floats
    next_index: int = 0
    """Clips before it were judged before these."""

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def lasts(self) -> Integers:
        return np.array([row.indexes[-1] for row in self.rows], np.int64)

    @cached_property
    def reached(self) -> Integers:
        """The latest clip that was judged before each window."""
        before_W = np.concatenate([[self.next_index - 1], self.lasts[:-1]])
        return np.maximum.accumulate(before_W)

    @cached_property
    def is_plain(self) -> Flags:
        """Whether all that a window brings are clips that go on where the one before ended, none of
        them the last of its source.
        """
        first_W = np.array([row.indexes[0] for row in self.rows], np.int64)
        count_W = np.array([len(row.indexes) for row in self.rows], np.int64)
        is_last_W = np.array([row.is_last for row in self.rows], bool)
        is_whole_W = self.lasts - first_W + 1 == count_W
        goes_on_W = (first_W <= self.reached + 1) & (self.lasts > self.reached)
        is_plain_W: Flags = is_whole_W & goes_on_W & ~is_last_W
        return is_plain_W

    @cached_property
    def _clips(self) -> tuple[Integers, Floats, Floats, Integers]:
        """Of the new clips: index, start, end, and the place of the window."""
        rows = self.rows
        count_W = np.array([len(row.indexes) for row in rows], np.int64)
        window_C = np.repeat(np.arange(len(rows)), count_W)
        index_C = np.fromiter(chain.from_iterable(row.indexes for row in rows), np.int64)
        start_C = np.fromiter(chain.from_iterable(row.starts for row in rows), np.float64)
        end_C = np.fromiter(chain.from_iterable(row.ends for row in rows), np.float64)
        is_new_C = index_C > self.reached[window_C]
        if is_new_C.all():
            return index_C, start_C, end_C, window_C
        return index_C[is_new_C], start_C[is_new_C], end_C[is_new_C], window_C[is_new_C]

    @property
    def indexes(self) -> Integers:
        return self._clips[0]

    @property
    def starts(self) -> Floats:
        return self._clips[1]

    @property
    def ends(self) -> Floats:
        return self._clips[2]

    @property
    def window_of(self) -> Integers:
        return self._clips[3]

    @cached_property
    def places(self) -> Integers:
        """[W + 1]: where the new clips of each window begin among all of them."""
        return np.searchsorted(self.window_of, np.arange(len(self.rows) + 1))

    @cached_property
    def start_us(self) -> Integers:
        """When each clip starts, in microseconds since 1970."""
        return self._micros(self.starts)

    @cached_property
    def first_us(self) -> Integers:
        """When the first fresh clip of each window starts."""
        return self._micros(np.array([row.starts[0] for row in self.rows]))

    @cached_property
    def last_us(self) -> Integers:
        """When the last clip of each window starts."""
        return self._micros(np.array([row.starts[-1] for row in self.rows]))

    def judged(self, place: int, detector: Detector, run: str) -> ClipJudged:
        """The judgement of one window as a message. Its values were validated before."""
        row, of = self.rows[place], self.of
        scores = self.score_WH[place].tolist()
        return ClipJudged.model_construct(
            source_id=of.source_id,
            source_kind=of.source_kind,
            origin_at=of.origin_at,
            is_wall_clock=of.is_wall_clock,
            cut_at=row.cut_at,
            is_late=of.is_late,
            run=run,
            detector=detector.detector_id,
            backbone=detector.backbone,
            spec=of.spec,
            clips=tuple(
                ClipRef.model_construct(index=index, start_s=start_s, end_s=end_s)
                for index, start_s, end_s in zip(row.indexes, row.starts, row.ends, strict=True)
            ),
            heads=tuple(
                HeadJudgement.model_construct(
                    head=head.name, model_id=head.model_id, rule=head.rule.name, score=score
                )
                for head, score in zip(detector.heads, scores, strict=True)
            ),
            is_last=row.is_last,
        )

    def _micros(self, start_N: Floats) -> Integers:
        return micros(self.of.origin_at) + np.rint(start_N * 1e6).astype(np.int64)


@dataclass(frozen=True)
class Part:
    """Consecutive ones of some windows, with the calibrated scores of them all."""

    windows: Windows
    calibrated_WH: Floats
    start: int
    stop: int

    @cached_property
    def clips(self) -> slice:
        """Where their new clips are among all."""
        places = self.windows.places
        return slice(int(places[self.start]), int(places[self.stop]))

    @cached_property
    def cut_at(self) -> datetime:
        """The latest of them."""
        return max(row.cut_at for row in self.windows.rows[self.start : self.stop])


def micros(moment: datetime) -> int:
    """Since 1970."""
    return (moment - EPOCH) // MICROSECOND
