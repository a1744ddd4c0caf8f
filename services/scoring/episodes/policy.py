"""What is in force: the calibration and rule that come with each model, or what a source's policies
say instead. Pure.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.hours import StoreHours
from schemas.models import HeadTerms
from schemas.policies import PersistenceRule, PolicySet
from services.chassis.hours import is_during
from services.rules.cards import HeadCard

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
    """What is known of the models that may judge, by model id, and the terms made of it."""

    def __init__(self, cards: Iterable[HeadCard], deployed: Iterable[HeadTerms] = ()) -> None:
        heads = (*deployed, *(card.terms() for card in cards))
        self._heads = {head.model_id: head for head in heads}
        self._default = {name: _terms(head, None) for name, head in self._heads.items()}

    def __contains__(self, model_id: str) -> bool:
        return model_id in self._heads

    def terms(
        self, policy: PolicySet | None, models: Iterable[str] | None = None
    ) -> Mapping[str, Terms]:
        """By model id: of these models, or of all. Raises KeyError for one that is not there."""
        names = self._heads if models is None else models
        if policy is None:
            return (
                self._default if models is None else {name: self._default[name] for name in names}
            )
        return {name: _terms(self._heads[name], policy) for name in names}


def _terms(head: HeadTerms, policy: PolicySet | None) -> Terms:
    knots = Knots(head.raw, head.calibrated)
    if policy is None:
        return Terms(head.rule, knots)
    own = next((rule for rule in policy.rules if rule.name == head.rule.name), head.rule)
    for calibration in policy.calibrations:
        if calibration.model_id == head.model_id:
            knots = Knots(calibration.raw, calibration.calibrated)
    return Terms(own, knots, head.rule.name in policy.muted, policy.hours)
