"""Which parts of a picture hide the heads of people at a moment, by what poses said around it.

Whoever is seen stays hidden for a second before and after, where they were and where they went: a
head that a network misses for some frames shows nothing. Where no network looked, nobody can say
where heads are, and all of the picture is hidden. Pure.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""left, top, right, bottom, as shares of the picture."""

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
HELD_S = 1.0
"""So long before and after it was seen a head stays hidden."""

UNSEEN_S = 0.6
"""With no look within so long nobody knows where people are."""


@dataclass(frozen=True)
class Look:
    """A picture that was looked at, and the heads on it."""

    at_s: float
    heads: tuple[Box, ...]


class Heads:
    """Of a video, by the seconds of its file."""

    def __init__(self, looks: Sequence[Look], starts_at_s: float = 0.0) -> None:
        """`starts_at_s` is the media second of the source that the file shows first."""
        self._looks = sorted(looks, key=lambda look: look.at_s)
        self._at_s = [look.at_s for look in self._looks]
        self.starts_at_s = starts_at_s

    @classmethod
    def read(cls, content: bytes) -> "Heads":
        """Of a heads.json. What cannot be read says nothing: then all is hidden."""
        try:
            whole = json.loads(content)
            looks = [
                Look(float(each["at_s"]), tuple(_box(*box) for box in each["heads"]))
                for each in whole["frames"]
            ]
            return cls(looks, float(whole["starts_at_s"]))
        except (ValueError, KeyError, TypeError):
            return cls(())

    def hidden(self, at_s: float) -> tuple[Box, ...]:
        """The parts to hide at a second."""
        if not self._within(at_s, UNSEEN_S):
            return (WHOLE,)
        return tuple(box for look in self._within(at_s, HELD_S) for box in look.heads)

    def _within(self, at_s: float, span_s: float) -> Sequence[Look]:
        first = bisect_left(self._at_s, at_s - span_s)
        return self._looks[first : bisect_right(self._at_s, at_s + span_s)]


def _box(left: float, top: float, right: float, bottom: float) -> Box:
    """Raises TypeError and ValueError for what is none."""
    return float(left), float(top), float(right), float(bottom)
