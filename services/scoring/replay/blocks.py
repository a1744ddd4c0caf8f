"""Scores on their way out: gathered by sequence, put out as blocks of consecutive clips.

A block ends where another grid, other marks or the next `CLIPS` of the grid begin, so that what is
stored is seldom touched twice; what is gathered goes out at each `flush`.
Shapes: C clips, H heads.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.clips import SequenceId
from schemas.scores import ClipsScored, HeadScores, ShortClip
from services.scoring.episodes.policy import Terms
from services.scoring.heads import Head
from services.scoring.judging.detector import Detector
from services.scoring.replay.rows import Header

CLIPS = 512
NEARLY_S = 1e-6

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class Piece(NamedTuple):
    """Scores of clips of one sequence, by rising index."""

    index_C: Integers
    end_C: Floats
    score_CH: Floats
    calibrated_CH: Floats
    cut_at: datetime
    alerts_opened: int
    is_last: bool = False


@dataclass
class _Open:
    """What is gathered of one sequence."""

    of: Header
    terms: Mapping[str, Terms]
    pieces: list[Piece] = field(default_factory=list)
    clips: int = 0


class ScoreBlocks:
    """Blocks of one run's scores, as long as the caller puts in what is of one run."""

    def __init__(self, detector: Detector, run: str) -> None:
        self._detector, self._run = detector, run
        self._open: dict[SequenceId, _Open] = {}
        self.clips = 0
        """All that was put in."""

    def add(self, of: Header, terms: Mapping[str, Terms], piece: Piece) -> Iterator[ClipsScored]:
        """What is complete by now. `terms` are those under which the piece was calibrated."""
        if not len(piece.index_C):
            return
        self.clips += len(piece.index_C)
        opened = self._open.get(of.sequence)
        if opened is None or opened.of.life != of.life or not _same_marks(opened.terms, terms):
            yield from self._put_out(of.sequence)
            opened = self._open[of.sequence] = _Open(of, terms)
        opened.pieces.append(piece)
        opened.clips += len(piece.index_C)
        if opened.clips >= 2 * CLIPS or piece.is_last:
            yield from self._put_out(of.sequence)

    def flush(self) -> Iterator[ClipsScored]:
        """All that was put in and is not out yet."""
        for sequence in list(self._open):
            yield from self._put_out(sequence)

    def _put_out(self, sequence: SequenceId) -> Iterator[ClipsScored]:
        opened = self._open.pop(sequence, None)
        if opened is None:
            return
        pieces = opened.pieces
        index_C = np.concatenate([piece.index_C for piece in pieces])
        whole = Piece(
            index_C,
            np.concatenate([piece.end_C for piece in pieces]),
            np.concatenate([piece.score_CH for piece in pieces]),
            np.concatenate([piece.calibrated_CH for piece in pieces]),
            max(piece.cut_at for piece in pieces),
            pieces[-1].alerts_opened,
            pieces[-1].is_last,
        )
        number_C = index_C // CLIPS
        starts = [0, *(np.flatnonzero(np.diff(number_C)) + 1).tolist(), len(index_C)]
        for start, stop in pairwise(starts):
            yield self._message(opened, _part(whole, start, stop))

    def _message(self, opened: _Open, piece: Piece) -> ClipsScored:
        of, spec = opened.of, opened.of.spec
        whole_C = piece.index_C * spec.hop / spec.frame_rate + spec.duration_s
        short = np.flatnonzero(np.abs(whole_C - piece.end_C) > NEARLY_S).tolist()
        return ClipsScored(
            source_id=of.source_id,
            source_kind=of.source_kind,
            origin_at=of.origin_at,
            is_wall_clock=of.is_wall_clock,
            cut_at=piece.cut_at,
            is_late=of.is_late,
            run=self._run,
            detector=self._detector.detector_id,
            backbone=self._detector.backbone,
            spec=spec,
            indexes=piece.index_C.astype("<i8").tobytes(),
            short=tuple(
                ShortClip(index=int(piece.index_C[n]), end_s=float(piece.end_C[n])) for n in short
            ),
            heads=tuple(
                _head_scores(head, opened.terms[head.model_id], piece, place)
                for place, head in enumerate(self._detector.heads)
            ),
            alerts_opened=piece.alerts_opened,
            is_last=piece.is_last,
        )


def _part(piece: Piece, start: int, stop: int) -> Piece:
    is_end = stop == len(piece.index_C)
    return Piece(
        piece.index_C[start:stop],
        piece.end_C[start:stop],
        piece.score_CH[start:stop],
        piece.calibrated_CH[start:stop],
        piece.cut_at,
        piece.alerts_opened,
        piece.is_last and is_end,
    )


def _head_scores(head: Head, terms: Terms, piece: Piece, place: int) -> HeadScores:
    return HeadScores(
        head=head.name,
        model_id=head.model_id,
        rule=terms.rule.name,
        label=terms.rule.label,
        scores=piece.score_CH[:, place].astype("<f8").tobytes(),
        calibrated=piece.calibrated_CH[:, place].astype("<f8").tobytes(),
        high_mark=terms.high_mark,
    )


def _same_marks(one: Mapping[str, Terms], other: Mapping[str, Terms]) -> bool:
    if one is other:
        return True
    return all(
        (terms.rule.name, terms.rule.label, terms.high_mark)
        == (other[name].rule.name, other[name].rule.label, other[name].high_mark)
        for name, terms in one.items()
    )
