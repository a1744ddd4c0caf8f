"""Made-up videos for the position gate: noise, with events that only their place tells, or only
what they look like. Seeded by their number.
"""

import numpy as np

from schemas.clips import ClipSpec
from services.training.datasets import Labelled, Span
from services.training.datasets.labelled import normal
from services.training.examples import Example
from services.training.features import Features, Vectors

LENGTH = 24
"""Windows of a video."""
EVENT = 5
PLACE = 12
"""Where an event begins that only its place tells: always just past the middle."""
SIGNAL = 1.5
"""What an event adds to a few dimensions, in standard deviations of the noise."""
SIGNAL_DIMS = 4
WINDOW_S = 2 * ClipSpec().duration_s


def by_place(number: int, dim: int) -> Example:
    """Pure noise; every other video has an event, always at the same place."""
    return _video(number, _noise(number, dim), PLACE if number % 2 else None)


def by_look(number: int, dim: int) -> Example:
    """Every other video has an event anywhere, which a few dimensions tell."""
    x_TD = _noise(number, dim)
    if number % 2 == 0:
        return _video(number, x_TD, None)
    first = int(np.random.default_rng([number, 1]).integers(LENGTH - EVENT + 1))
    x_TD[first : first + EVENT, :SIGNAL_DIMS] += SIGNAL
    return _video(number, x_TD, first)


def _noise(number: int, dim: int) -> Vectors:
    """Not negative, as pooled features are."""
    drawn = np.random.default_rng(number).normal(size=(LENGTH, dim))
    return np.abs(drawn).astype(np.float32)


def _video(number: int, x_TD: Vectors, first: int | None) -> Example:
    video = f"made-up-{number}"
    start_s = np.arange(LENGTH, dtype=np.float64) * WINDOW_S
    end_s = np.asarray(start_s + WINDOW_S, np.float64)
    features = Features(video, x_TD[None], start_s, end_s, "made-up", 2, ClipSpec())
    if first is None:
        return Example(features, normal(video))
    span = Span(start_s[first], end_s[first + EVENT - 1], "event")
    return Example(features, Labelled(video, "event", (span,), video))
