"""Raw scores are not probabilities: a strictly increasing map makes them comparable.

A calibrated score of 0.4 log10(1 / p) is reached by a share p of held-out normal windows: 0.4 by
one in ten, 0.8 by one in a hundred. What is rarer is not measured but drawn out from the highest
tenth: 0.9 by one in a thousand, 0.97 by one in ten thousand. Pure.
"""

import numpy as np
from numpy.typing import NDArray

from services.rules.cards import Knots

Scores = NDArray[np.float32]

SHARES = (0.9, 0.75, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01)
"""At these shares of normal windows the knots stand; rarer ones would hang on single windows."""
RARE = {1e-3: 0.9, 1e-4: 0.97}
"""Beyond them: share of normal windows, as the tail goes on -> calibrated."""
TAIL = 0.1
"""The highest share of normal windows, of which the tail is made."""


class Calibration(Knots):
    """Piecewise linear through the knots, which span all that the head can give."""

    def apply(self, raw: float) -> float:
        """A score in [0, 1]. What lies beyond the outermost knots is held at them."""
        return float(np.interp(raw, self.raw, self.calibrated))

    def invert(self, calibrated: float) -> float:
        """The raw score that is calibrated to this."""
        return float(np.interp(calibrated, self.calibrated, self.raw))


def fit(normal_N: Scores, lowest: float, highest: float) -> Calibration:
    """Knots from the held-out scores of normal windows.

    `lowest` and `highest` bound what the head can give. Knots that would not increase are left out.
    """
    quantiles = np.quantile(normal_N, [1 - share for share in SHARES])
    knots = [(lowest, 0.0)]
    knots += [(float(q), calibrated_at(p)) for q, p in zip(quantiles, SHARES, strict=True)]
    knots += [(beyond(normal_N, share), value) for share, value in RARE.items()]
    knots.append((highest, 1.0))
    kept = [knots[0]]
    for knot in knots[1:-1]:
        if kept[-1][0] < knot[0] < highest:
            kept.append(knot)
    raw, calibrated = zip(*kept, knots[-1], strict=True)
    return Calibration(raw=raw, calibrated=calibrated)


def beyond(normal_N: Scores, share: float) -> float:
    """The raw score that so few normal windows reach, if their tail falls off exponentially."""
    start = float(np.quantile(normal_N, 1 - TAIL))
    excess = normal_N[normal_N > start] - start
    scale = float(excess.mean()) if len(excess) else 0.0
    return start + scale * float(np.log(TAIL / share))


def calibrated_at(share: float) -> float:
    """The calibrated score that this share of normal windows reaches."""
    return round(float(0.4 * np.log10(1 / share)), 4)
