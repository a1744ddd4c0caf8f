"""What judging keeps of a source: the latest windows and persons that its heads depend on.

Pure and immutable. Everything here can be made again from the log: each part carries the offset of
its record, and `held` is the oldest of them. Nothing reaches across a gap or into another life of
the source. Shapes: T windows, P persons, S samples, D dimensions.
"""

from dataclasses import dataclass, field, replace
from math import ceil
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from schemas.clips import ClipRef, ClipSpec
from schemas.poses import PosesExtracted
from services.scoring.poses import SAMPLES, Tracks
from services.scoring.poses.tracks import FORGET_S

Vectors = NDArray[np.float32]


class Kept(NamedTuple):
    """A window that later ones depend on."""

    first: int
    last: int
    vector_D: Vectors
    offset: int


@dataclass(frozen=True)
class Windows:
    """The latest windows in a row, oldest first; windows may overlap."""

    kept: tuple[Kept, ...] = ()

    def row(self, vector_D: Vectors, first: int, context: int) -> Vectors:
        """[T, D]: the new window and up to `context - 1` before it, oldest first. Where windows
        overlap these are the ones that end where the next begins.
        """
        if context == 1:
            return vector_D[None]
        rows, wanted = [vector_D], first - 1
        for window in reversed(self.kept):
            if len(rows) == context or window.last < wanted:
                break
            if window.last == wanted:
                rows.append(window.vector_D)
                wanted = window.first - 1
        return np.stack(rows[::-1])

    def after(self, window: Kept, size: int, context: int) -> Self:
        """With a window more, and without those that no later one can depend on."""
        if context == 1:
            return replace(self, kept=()) if self.kept else self
        before = self.kept
        if before and window.first > before[-1].last + 1:
            before = ()
        oldest = window.first - (context - 2) * size
        return replace(self, kept=(*(k for k in before if k.last >= oldest), window))


@dataclass(frozen=True)
class Persons:
    """The people of the latest clips, and the records that they are made of."""

    tracks: Tracks = field(default_factory=Tracks)
    offsets: tuple[int, ...] = ()

    def after(self, message: PosesExtracted, offset: int) -> tuple[Self, Vectors]:
        """With a clip more, and the sequences [P, S, D] of the people in it."""
        tracks, sequences_PSD = self.tracks.update(message)
        offsets = (*self.offsets, offset)[-clips_needed(message) :]
        return replace(self, tracks=tracks, offsets=offsets), sequences_PSD


def clips_needed(message: PosesExtracted) -> int:
    """So many latest clips say all of the persons in them: a sequence long, and before that as
    long as somebody may be out of sight between two samples.
    """
    samples = ceil(SAMPLES / len(message.frames))
    return samples + ceil(FORGET_S / message.spec.hop_s) + 1


@dataclass(frozen=True)
class Past:
    """One life of a source, as far as heads depend on it."""

    life: tuple[object, ClipSpec]
    last: int = -1
    """The latest clip judged."""
    windows: Windows = Windows()
    persons: Persons = Persons()

    @property
    def held(self) -> int | None:
        """The oldest offset that is needed to make this again; None where nothing is kept."""
        offsets = [kept.offset for kept in self.windows.kept[:1]] + list(self.persons.offsets[:1])
        return min(offsets, default=None)

    def is_old(self, clips: tuple[ClipRef, ...]) -> bool:
        """Whether a window shows nothing that has not been judged."""
        return clips[-1].index <= self.last
