"""What is wrong with the picture of a camera: frozen, dark, covered, blurred, moved. numpy only.

Looks at two pictures a second. Each condition begins when it has held for some seconds and is over
when it has not for some; both come with the time at which it began. At most one of dark, covered,
blurred and moved holds at a time. How the thresholds were found, and what cannot be told from a
picture, stands in docs/explanation/live-health.md (ADR 0028).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.ingest.core.thumbnails import Thumbnail
from services.ingest.core.views import Comparison, View, Views, coarse

PictureCondition = Literal["frozen", "dark", "covered", "blurred", "moved"]

EVERY_S = 0.5
BEGINS_S = 8.0
"""So long a condition holds before it is reported; a frozen picture see below."""
FROZEN_S = 12.0
"""Longer than most cameras take from one key frame to the next: between them a picture without any
noise may stay the same to the last bit.
"""
OVER_S = 4.0
GAP_S = 3.0
"""Without pictures for so long, what was about to begin or to end begins anew."""
ADOPTED_S = 900.0
"""A view that stays for so long is what the camera sees from now on."""

SAME_MEAN, SAME_MOST = 0.15, 1.0
"""Levels by which the blocks of a frozen picture differ when it is encoded anew, on average and at
most.
"""
DARK_LEVEL, DARK_SHARE = 32.0, 0.85
FLAT = 4.0
"""Levels of coarse light and dark below which a picture shows nothing."""
FAINT_CONTRAST, FOREIGN_EDGES = 0.45, 0.3
BLURRED_SHARPNESS, BLURRED_DETAIL = 0.6, 0.65
MOVED_EDGES = 0.55

SENTENCES: dict[PictureCondition, str] = {
    "frozen": "The camera sends the same picture again and again.",
    "dark": "The picture is black.",
    "covered": "Something covers the camera.",
    "blurred": "The picture is blurred.",
    "moved": "The camera shows something else than before.",
}


@dataclass(frozen=True)
class Change:
    """A condition began, or is over: `start_s` is when it began, `at_s` when this was so."""

    condition: PictureCondition
    is_over: bool
    start_s: float
    at_s: float
    detail: str = ""
    """One sentence for people, of a beginning."""


class Spell:
    """One condition with its hysteresis."""

    def __init__(self, condition: PictureCondition, begins_s: float = BEGINS_S) -> None:
        self.condition = condition
        self.is_on = False
        self._begins_s, self._start_s = begins_s, 0.0
        self._turned_s: float | None = None

    def show(self, holds: bool, at_s: float) -> Iterator[Change]:
        if holds == self.is_on:
            self._turned_s = None
            return
        if self._turned_s is None:
            self._turned_s = at_s
        if at_s - self._turned_s >= (OVER_S if self.is_on else self._begins_s):
            yield from self._turn(at_s)

    def end(self, at_s: float) -> Iterator[Change]:
        """Whatever it shows: it is over."""
        if self.is_on:
            self._turned_s = at_s
            yield from self._turn(at_s)

    def interrupt(self) -> None:
        """Nothing was seen for a while."""
        self._turned_s = None

    def _turn(self, at_s: float) -> Iterator[Change]:
        assert self._turned_s is not None
        if not self.is_on:
            self._start_s = self._turned_s
        self.is_on, self._turned_s = not self.is_on, None
        detail = SENTENCES[self.condition] if self.is_on else ""
        at_s = max(at_s, self._start_s)
        yield Change(self.condition, not self.is_on, self._start_s, at_s, detail)


class PictureHealth:
    """Of one camera on one grid. Give it the views of the grid before, and it knows them."""

    def __init__(self, views: Views | None = None) -> None:
        self.views = Views() if views is None else views
        self._spells = {condition: Spell(condition) for condition in SENTENCES}
        self._spells["frozen"] = Spell("frozen", FROZEN_S)
        self._anchor: Thumbnail | None = None
        self._view: View | None = None
        self._latest_s: float | None = None

    def is_due(self, at_s: float) -> bool:
        """A picture of this time would be looked at: no thumbnail needs to be made of others."""
        return self._latest_s is None or at_s - self._latest_s >= EVERY_S - 1e-6

    def show(self, picture: Thumbnail, at_s: float) -> tuple[Change, ...]:
        """A picture came, in order of time. Those that are not due are passed over."""
        if not self.is_due(at_s):
            return ()
        step_s = 0.0 if self._latest_s is None else at_s - self._latest_s
        if step_s > GAP_S:
            step_s = 0.0
            self._interrupt()
        self._latest_s = at_s
        present = {self._appearance(picture, step_s), "frozen" if self._is_same(picture) else None}
        return tuple(
            change
            for condition, spell in self._spells.items()
            for change in spell.show(condition in present, at_s)
        )

    def end(self, at_s: float) -> tuple[Change, ...]:
        """The camera is removed or paused, or gets another grid: whatever is on is over."""
        return tuple(change for spell in self._spells.values() for change in spell.end(at_s))

    def _interrupt(self) -> None:
        self._anchor = None
        for spell in self._spells.values():
            spell.interrupt()

    def _is_same(self, picture: Thumbnail) -> bool:
        """As the picture from which on all were the same."""
        anchor = self._anchor
        if anchor is not None and anchor.mean_HW.shape == picture.mean_HW.shape:
            change_HW = np.abs(picture.mean_HW - anchor.mean_HW)
            if change_HW.max() <= SAME_MOST and change_HW.mean() <= SAME_MEAN:
                return True
        self._anchor = picture
        return False

    def _appearance(self, picture: Thumbnail, step_s: float) -> PictureCondition | None:
        """What is wrong with it as it stands; the views learn what is not."""
        if np.mean(picture.mean_HW < DARK_LEVEL) >= DARK_SHARE:
            return "dark"
        if coarse(picture.mean_HW).std() < FLAT:
            return "covered"
        match = self.views.compared(picture)
        if match is None:
            self._learn_other(picture, step_s)
            return None
        view, comparison = match
        condition = appearance(comparison)
        if condition is None:
            view.learn(picture, step_s)
            self._view = None
        elif condition == "moved":
            self._learn_other(picture, step_s)
        return condition

    def _learn_other(self, picture: Thumbnail, step_s: float) -> None:
        """A view that is none yet: the first becomes one soon, others when they stay for long."""
        view = self._view
        if view is None or not view.is_of(picture) or appearance(view.compared(picture)):
            view = self._view = View.of(picture)
        view.learn(picture, step_s)
        if view.is_learned and (not self.views or view.seen_s >= ADOPTED_S):
            self.views.adopt(view)
            self._view = None


def appearance(comparison: Comparison) -> PictureCondition | None:
    """What is wrong with a picture that compares so with what the camera usually sees."""
    light = min(1.0, max(comparison.contrast, 0.1))
    """Less light takes detail as well, in the same measure."""
    if comparison.contrast < FAINT_CONTRAST and comparison.edges < FOREIGN_EDGES:
        return "covered"
    has_lost = comparison.detail / light < BLURRED_DETAIL
    if has_lost and comparison.sharpness / light < BLURRED_SHARPNESS:
        return "blurred" if comparison.layout > 0.5 else "covered"
    return "moved" if comparison.edges < MOVED_EDGES else None
