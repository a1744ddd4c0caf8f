"""What is in force: the calibration and rule of each model's card, or what a source's policies say
instead. Pure; reads cards, no weights.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.hours import StoreHours
from schemas.policies import PersistenceRule, PolicySet
from services.chassis.hours import is_during
from services.scoring.cards import Card

ALWAYS_OPEN = StoreHours()


@dataclass(frozen=True)
class Knots:
    """A piecewise linear map of raw scores into [0, 1], held at its outermost knots."""

    raw: tuple[float, ...]
    calibrated: tuple[float, ...]

    def apply(self, raw: float) -> float:
        right = bisect_right(self.raw, raw)
        if right == 0:
            return self.calibrated[0]
        if right == len(self.raw):
            return self.calibrated[-1]
        x0, x1 = self.raw[right - 1], self.raw[right]
        y0, y1 = self.calibrated[right - 1], self.calibrated[right]
        return y0 + (y1 - y0) / (x1 - x0) * (raw - x0)


@dataclass(frozen=True)
class Terms:
    """What a model's raw scores are measured by at one source."""

    rule: PersistenceRule
    knots: Knots
    is_muted: bool = False
    hours: StoreHours = ALWAYS_OPEN

    def may_open(self, at: datetime | None) -> bool:
        """Whether an episode may open at a moment; None: nobody knows when it was."""
        if self.is_muted:
            return False
        return at is None or is_during(self.hours, self.rule.during, at)

    @property
    def high_mark(self) -> float | None:
        """The mark in force; a muted rule has none."""
        return None if self.is_muted else self.rule.high


class Cards:
    """The cards of the models that may judge, by model id, and the terms made of them."""

    def __init__(self, cards: tuple[Card, ...]) -> None:
        self._cards = {card.model_id: card for card in cards}
        self._default = {name: _terms(card, None) for name, card in self._cards.items()}

    def __contains__(self, model_id: str) -> bool:
        return model_id in self._cards

    def terms(self, policy: PolicySet | None) -> Mapping[str, Terms]:
        """By model id."""
        if policy is None:
            return self._default
        return {name: _terms(card, policy) for name, card in self._cards.items()}


def _terms(card: Card, policy: PolicySet | None) -> Terms:
    knots = Knots(card.calibration.raw, card.calibration.calibrated)
    if policy is None:
        return Terms(card.rule, knots)
    own = next((rule for rule in policy.rules if rule.name == card.rule.name), card.rule)
    for calibration in policy.calibrations:
        if calibration.model_id == card.model_id:
            knots = Knots(calibration.raw, calibration.calibrated)
    return Terms(own, knots, card.rule.name in policy.muted, policy.hours)
