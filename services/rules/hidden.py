"""Which parts of a picture hide the heads of people at a moment, by what poses said around it.

Whoever is seen stays hidden for a second before and after, where they were and where they went: a
head that a network misses for some frames shows nothing. Where no network looked, nobody can say
where heads are, and all of the picture is hidden. Pure.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.poses import PosesExtracted
from services.chassis.media.hiding import WHOLE, Box
from services.rules.heads import head_of

HELD_S = 1.0
"""So long before and after it was seen a head stays hidden."""

UNSEEN_S = 0.6
"""With no look within so long nobody knows where people are."""


@dataclass(frozen=True, slots=True)
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

    def __len__(self) -> int:
        """So many looks."""
        return len(self._looks)

    @property
    def until_s(self) -> float:
        """The latest look; 0 where there is none."""
        return self._at_s[-1] if self._at_s else 0.0

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

    @classmethod
    def seen(cls, poses: Iterable[PosesExtracted], zero_at: datetime) -> "Heads":
        """By what poses say, in seconds after a moment of the wall clock."""
        return cls(
            [
                Look((each.moment(frame.at_s) - zero_at).total_seconds(), heads_in(each, number))
                for each in poses
                for number, frame in enumerate(each.frames)
            ]
        )

    def hidden(self, at_s: float) -> tuple[Box, ...]:
        """The parts to hide at a second."""
        if not self._within(at_s, UNSEEN_S):
            return (WHOLE,)
        return tuple(box for look in self._within(at_s, HELD_S) for box in look.heads)

    def _within(self, at_s: float, span_s: float) -> Sequence[Look]:
        first = bisect_left(self._at_s, at_s - span_s)
        return self._looks[first : bisect_right(self._at_s, at_s + span_s)]


def heads_in(poses: PosesExtracted, number: int) -> tuple[Box, ...]:
    """Of a frame that was looked at."""
    aspect = poses.width / poses.height
    return tuple(head_of(person, aspect) for person in poses.frames[number].people)


def _box(left: float, top: float, right: float, bottom: float) -> Box:
    """Raises TypeError and ValueError for what is none."""
    return float(left), float(top), float(right), float(bottom)
