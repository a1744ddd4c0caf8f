"""Samples -> clips on the grid: clip k begins with sample `k * hop`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from schemas.clips import ClipSpec
from services.ingest.core.sampling import Sample

P = TypeVar("P")
Q = TypeVar("Q")


@dataclass(frozen=True)
class Clip(Generic[P]):
    """`pictures[k]` was on screen at `start_s + k / frame_rate` seconds after the origin.

    Fewer than `spec.frames` stand before a gap and at the end.
    """

    index: int
    start_s: float
    end_s: float
    pictures: tuple[P, ...]
    is_last: bool = False

    def showing(self, pictures: tuple[Q, ...]) -> "Clip[Q]":
        """The same stretch with other pictures."""
        return Clip(self.index, self.start_s, self.end_s, pictures, self.is_last)


class Cutting(Generic[P]):
    """Push samples in, in order; a clip comes out with its last sample.

    A clip whose first sample is missing is left out: its frames would not lie where every other
    clip's lie. A clip that a gap cuts off is short. Holds the pictures of one clip.
    """

    def __init__(self, spec: ClipSpec) -> None:
        self._spec = spec
        self._first = self._next = 0
        self._fresh = 0
        self._window: list[P] = []

    def take(self, sample: Sample[P]) -> Iterator[Clip[P]]:
        if sample.number != self._next:
            yield from self.end()
            self._first = -(-sample.number // self._spec.hop) * self._spec.hop
        self._next = sample.number + 1
        if sample.number < self._first:
            return
        self._window.append(sample.picture)
        self._fresh += 1
        if len(self._window) == self._spec.frames:
            yield self._clip()
            self._first += self._spec.hop
            self._window = self._window[self._spec.hop :]
            self._fresh = 0

    def end(self) -> Iterator[Clip[P]]:
        """No sample follows the latest: what is begun comes out short, if any of it is new."""
        if self._fresh:
            yield self._clip()
        self._window, self._fresh = [], 0

    def _clip(self) -> Clip[P]:
        rate = self._spec.frame_rate
        return Clip(
            index=self._first // self._spec.hop,
            start_s=self._first / rate,
            end_s=(self._first + len(self._window)) / rate,
            pictures=tuple(self._window),
        )


def cut(samples: Iterable[Sample[P]], spec: ClipSpec) -> Iterator[Clip[P]]:
    """The clips of a whole video; the last one says so, hence one clip of lookahead."""
    ahead: Clip[P] | None = None
    for clip in _clips(samples, spec):
        if ahead is not None:
            yield ahead
        ahead = clip
    if ahead is not None:
        yield replace(ahead, is_last=True)


def _clips(samples: Iterable[Sample[P]], spec: ClipSpec) -> Iterator[Clip[P]]:
    cutting: Cutting[P] = Cutting(spec)
    for sample in samples:
        yield from cutting.take(sample)
    yield from cutting.end()
