"""Judging: what heads give the latest windows of each source, by batches.

`follow` takes one message of a source and says which rows its heads need; `judge` lets every head
judge the rows of many messages at once. Both are pure: the shell keeps the pasts, by source, and of
one what is live apart from what came late.
Shapes: T windows or frames, D dimensions.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from schemas.clips import ClipRef, SequenceId
from schemas.embeddings import EmbeddingExtracted
from schemas.judgements import ClipJudged
from schemas.poses import PosesExtracted
from services.chassis.errors import InvalidMessage
from services.scoring.heads import Head
from services.scoring.heads.registry import Takes
from services.scoring.judging.detector import Detector
from services.scoring.judging.past import Kept, Past, Vectors
from services.scoring.poses import scene_vector

Seen = EmbeddingExtracted | PosesExtracted
Rows = Mapping[Takes, Sequence[Vectors]]


@dataclass(frozen=True)
class Window:
    """A message that the heads of the detector can judge, with the vector it holds."""

    message: Seen
    vector_D: Vectors

    @property
    def sequence(self) -> SequenceId:
        return self.message.sequence

    @property
    def clips(self) -> tuple[ClipRef, ...]:
        """All that the window shows."""
        message = self.message
        return message.clips if isinstance(message, EmbeddingExtracted) else (message.clip,)

    @property
    def fresh(self) -> tuple[ClipRef, ...]:
        """What a score of the window is a score of."""
        message = self.message
        return message.fresh if isinstance(message, EmbeddingExtracted) else (message.clip,)

    @property
    def size(self) -> int:
        return self.message.window if isinstance(self.message, EmbeddingExtracted) else 1


class Reach(Protocol):
    """How far back whoever judges looks."""

    @property
    def context(self) -> int:
        """How many windows up to now."""

    @property
    def takes_persons(self) -> bool:
        """Whether anybody takes the frames of each person."""


def window(message: Seen) -> Window:
    """It may not be finite yet: that is looked at by batches, where it costs next to nothing."""
    if isinstance(message, PosesExtracted):
        return Window(message, scene_vector(message))
    return Window(message, np.frombuffer(message.vector, "<f4"))


def are_finite(windows: Sequence[Window]) -> bool:
    """Whether no vector holds a NaN or an infinity."""
    return not windows or bool(np.isfinite(np.concatenate([one.vector_D for one in windows])).all())


def alone(window: Window) -> Rows:
    """The rows of a window where nothing before it counts."""
    return {"windows": [window.vector_D[None]]}


def follow(
    past: Past | None, window: Window, offset: int, reach: Reach
) -> tuple[Past, Rows | None]:
    """The source's past with this window in it, and the rows to judge; None for a window whose
    clips were judged before.
    """
    message = window.message
    life = (message.origin_at, message.spec)
    if past is None or past.life != life:
        past = Past(life)
    if past.is_old(window.clips):
        return past, None
    first, last = window.clips[0].index, window.clips[-1].index
    rows: dict[Takes, Sequence[Vectors]] = {
        "windows": [past.windows.row(window.vector_D, first, reach.context)]
    }
    persons = past.persons
    if isinstance(message, PosesExtracted) and reach.takes_persons:
        persons, sequences_PSD = persons.after(message, offset)
        rows["persons"] = list(sequences_PSD)
    kept = Kept(first, last, window.vector_D, offset)
    windows = past.windows.after(kept, window.size, reach.context)
    return replace(past, last=last, windows=windows, persons=persons), rows


def judge(detector: Detector, run: str, windows: Sequence[tuple[Window, Rows]]) -> list[ClipJudged]:
    """The judgement of each window by every head.

    Raises InvalidMessage where a score is not finite.
    """
    found = scores(detector, [rows for _, rows in windows])
    return [
        _judged(detector, run, window, each)
        for (window, _), each in zip(windows, found, strict=True)
    ]


def scores(detector: Detector, rows: Sequence[Rows]) -> list[tuple[float, ...]]:
    """What every head gives the rows of each window.

    Raises InvalidMessage where a score is not finite.
    """
    by_head = [_scores(head, rows) for head in detector.heads]
    return list(zip(*by_head, strict=True))


def _scores(head: Head, rows: Sequence[Rows]) -> list[float]:
    """One score a window: of several rows the highest, without a row the lowest there is."""
    counts = [len(each[head.takes]) for each in rows]
    flat = head.judge([row_TD for each in rows for row_TD in each[head.takes]])
    if not all(map(math.isfinite, flat)):
        raise InvalidMessage("a score is not finite")
    scores, start = [], 0
    for count in counts:
        scores.append(max(flat[start : start + count], default=head.lowest))
        start += count
    return scores


def _judged(detector: Detector, run: str, window: Window, scores: Sequence[float]) -> ClipJudged:
    message = window.message
    heads = [
        {"head": head.name, "model_id": head.model_id, "rule": head.rule.name, "score": score}
        for head, score in zip(detector.heads, scores, strict=True)
    ]
    return ClipJudged.model_validate(
        {
            **message.provenance(),
            "run": run,
            "detector": detector.detector_id,
            "backbone": message.backbone,
            "spec": message.spec,
            "clips": window.fresh,
            "heads": heads,
            "is_last": message.is_last,
        }
    )
