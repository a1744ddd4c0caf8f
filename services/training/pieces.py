"""Windows as weighed rows: how many frames of each are normal, how many are not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.training.metrics import Floats, Interval, Ranking, bootstrap
from services.training.watching import Watched


@dataclass(frozen=True)
class Pieces:
    """A row a window and class: `weights` counts its frames, `sources` is what is drawn whole."""

    labels: Floats
    scores: Floats
    weights: Floats
    sources: NDArray[np.str_]

    def auc(self) -> float:
        return Ranking(self.labels, self.scores).auc(self.weights)

    def average_precision(self) -> float:
        return Ranking(self.labels, self.scores).average_precision(self.weights)

    def auc_interval(self, rounds: int) -> Interval:
        ranking = Ranking(self.labels, self.scores)
        return bootstrap(lambda drawn: ranking.auc(drawn * self.weights), self.sources, rounds)

    def average_precision_interval(self, rounds: int) -> Interval:
        ranking = Ranking(self.labels, self.scores)
        return bootstrap(
            lambda drawn: ranking.average_precision(drawn * self.weights), self.sources, rounds
        )


def by_frame(watched: Sequence[Watched]) -> Pieces:
    """The frames of videos whose spans are known; others say nothing of frames."""
    timed = [one for one in watched if one.example.has_times]
    scores = _joined([one.scores for one in timed])
    wrong = _joined([one.example.wrong for one in timed])
    frames = _joined([one.example.frames for one in timed])
    sources = [one.example.labelled.source for one in timed for _ in one.scores]
    labels = np.repeat([1.0, 0.0], len(scores))
    weights = np.concatenate([wrong, frames - wrong])
    kept = weights > 0
    return Pieces(
        labels[kept],
        np.tile(scores, 2)[kept],
        weights[kept],
        np.array([*sources, *sources], np.str_)[kept],
    )


def by_video(watched: Sequence[Watched]) -> Pieces:
    """The highest score of each video."""
    return Pieces(
        np.array([float(not one.example.is_normal) for one in watched]),
        np.array([one.scores.max() for one in watched], np.float64),
        np.ones(len(watched)),
        np.array([one.example.labelled.source for one in watched], np.str_),
    )


def _joined(parts: Sequence[NDArray[np.generic]]) -> Floats:
    return np.concatenate([np.zeros(0), *parts]).astype(np.float64)
