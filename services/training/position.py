"""What position alone tells: how well one would do that sees no picture, only the time."""

from collections.abc import Sequence

import numpy as np

from services.training.examples import Example
from services.training.metrics import Floats
from services.training.pieces import by_frame
from services.training.watching import Watched

BINS = 10
FOLDS = 5
PRIOR = 32.0


def relative(count: int) -> Floats:
    """Where each window lies in its video, between 0 and 1."""
    places: Floats = (np.arange(count) + 0.5) / count
    return places


def position_only(examples: Sequence[Example]) -> dict[str, float]:
    """AUC by frames, over all videos and inside anomalous ones, of a scorer that knows nothing but
    how often each tenth of anomalous videos of other sources is wrong. It stands beside every
    result: a head near it may have learned where events lie, not what they look like.
    """
    timed = [one for one in examples if one.has_times]
    sources = sorted({one.labelled.source for one in timed})
    fold = {source: number % FOLDS for number, source in enumerate(sources)}
    watched = []
    for number in range(FOLDS):
        others = [one for one in timed if fold[one.labelled.source] != number]
        own = [one for one in timed if fold[one.labelled.source] == number]
        rates = _rates([one for one in others if not one.is_normal])
        watched += [Watched(one, rates[_bins(one)]) for one in own]
    inside = [one for one in watched if not one.example.is_normal]
    return {"frame_auc": by_frame(watched).auc(), "abnormal_auc": by_frame(inside).auc()}


def _bins(example: Example) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return (relative(len(example.features)) * BINS).astype(np.int64)


def _rates(examples: Sequence[Example]) -> Floats:
    """The share of frames that is wrong in each tenth; of little footage the share of all counts
    as much as PRIOR frames.
    """
    wrong, frames = np.zeros(BINS, np.float64), np.zeros(BINS, np.float64)
    for one in examples:
        np.add.at(wrong, _bins(one), one.wrong)
        np.add.at(frames, _bins(one), one.frames)
    usual = wrong.sum() / max(frames.sum(), 1.0)
    rates: Floats = (wrong + usual * PRIOR) / (frames + PRIOR)
    return rates
