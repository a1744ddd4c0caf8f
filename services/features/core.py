"""Joins consecutive clips of one source into the windows that a backbone looks at.

Windows begin at multiples of the stride on the source's grid, so a clip belongs to the same windows
whenever and wherever it is read. Pure, and about one source: `step` takes its next clip, `close`
ends its run. How long a clip may wait, and what of a partition may be committed, stands in joiner.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.clips import ClipRecorded


@dataclass(frozen=True, slots=True)
class Layout:
    """`window` clips make a window, and a window begins every `stride` clips, at most `window`.

    `lookback` clips before a window are read again after a restart, by whoever needs the past.
    """

    window: int
    stride: int
    lookback: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.stride <= self.window:
            raise ValueError(
                f"a window of {self.window} clips has a stride of 1 to {self.window} clips, "
                f"not {self.stride}"
            )

    def start(self, index: int) -> int:
        """First index of the earliest window that ends at `index` or later."""
        return -((self.window - 1 - index) // self.stride) * self.stride

    def is_end(self, index: int) -> bool:
        """Whether a window ends with this clip."""
        return self.start(index) + self.window - 1 == index


@dataclass(frozen=True, slots=True)
class Received:
    """A clip (its frames are not needed here), where it stood on its partition, and its content:
    whatever the shell has made of its frames.
    """

    clip: ClipRecorded
    offset: int = 0
    content: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive clips of one source that make one embedding; at least one.

    The last `fresh_count` of them are in no earlier window.
    """

    parts: tuple[Received, ...]
    fresh_count: int

    @property
    def clips(self) -> tuple[ClipRecorded, ...]:
        return tuple(part.clip for part in self.parts)

    @property
    def is_last(self) -> bool:
        return self.parts[-1].clip.is_last


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive clips of one life of a source, the latest and those that a window still needs."""

    latest: ClipRecorded
    next_fresh: int
    """Index of the first clip that no window has held yet."""
    parts: tuple[Received, ...] = ()

    @property
    def first_offset(self) -> int | None:
        """From where the partition must be read so that the same windows form again; None: from
        anywhere.
        """
        return self.parts[0].offset if self.parts else None


def step(
    run: Run | None, received: Received, layout: Layout
) -> tuple[Run | None, tuple[Window, ...]]:
    """Take the next clip; return what became complete, oldest first (at most two windows).

    A clip that came before is passed over: the grid gives it the same number however often it is
    cut. Another life of the source, a gap and the last clip close what waits.
    """
    clip = received.clip
    if run is not None and came_before(clip, run.latest) and not clip.is_last:
        return run, ()
    closed: tuple[Window, ...] = ()
    if run is not None and not follows(clip, run.latest):
        closed, run = close(run, layout), None
    kept, fresh = (run.parts, run.next_fresh) if run else ((), clip.index)
    run = Run(clip, fresh, (*kept, received))
    if clip.is_last:
        return None, (*closed, *close(run, layout))
    run, complete = _complete(run, layout)
    return run, (*closed, *complete)


def close(run: Run, layout: Layout) -> tuple[Window, ...]:
    """The short window of the clips that no window has held; nothing when there are none."""
    if run.next_fresh > run.latest.index:
        return ()
    return (_window(run, layout.start(run.latest.index)),)


def _complete(run: Run, layout: Layout) -> tuple[Run, tuple[Window, ...]]:
    """A full window; a short one only if the next window would leave out a clip of it."""
    index = run.latest.index
    start = layout.start(index)
    is_full = run.parts[0].clip.index <= start
    if not layout.is_end(index) or not (is_full or run.next_fresh < start + layout.stride):
        return run, ()
    window = _window(run, start)
    return Run(run.latest, index + 1, _kept(run, start, layout)), (window,)


def _window(run: Run, start: int) -> Window:
    parts = tuple(part for part in run.parts if part.clip.index >= start)
    return Window(parts, run.latest.index - run.next_fresh + 1)


def _kept(run: Run, start: int, layout: Layout) -> tuple[Received, ...]:
    """Where windows overlap, the whole window: whoever reads it again knows what it has held.
    Content is kept only of the clips that the next window shows.
    """
    if layout.stride == layout.window and not layout.lookback:
        return ()
    return tuple(
        part if part.clip.index >= start + layout.stride else replace(part, content=None)
        for part in run.parts
        if part.clip.index >= start - layout.lookback
    )


def windows(clips: Iterable[Received], layout: Layout) -> Iterator[Window]:
    """Those of one source whose clips are all at hand, in order. What has no `is_last` at its end
    leaves out the clips that would still wait.
    """
    run: Run | None = None
    for received in clips:
        run, complete = step(run, received, layout)
        yield from complete


def came_before(clip: ClipRecorded, latest: ClipRecorded) -> bool:
    """Whether a clip of the same life is no younger than the latest."""
    return is_same_life(clip, latest) and clip.index <= latest.index


def follows(newer: ClipRecorded, older: ClipRecorded) -> bool:
    """Whether `newer` comes next after `older` of the same source, without a gap."""
    return is_same_life(newer, older) and newer.index == older.index + 1


def is_same_life(one: ClipRecorded, other: ClipRecorded) -> bool:
    """Whether two clips of a source lie on the same grid."""
    return one.origin_at == other.origin_at and one.spec == other.spec


def fill(frames_THWC: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    """Make a short window `length` frames long by running time back and forth.

    Motion goes on and no frame freezes: 0 1 2 3 2 1 0 1 ... A single frame repeats.
    Raises ValueError when there is no frame or more than `length`.
    """
    count = len(frames_THWC)
    if count == length:
        return frames_THWC
    return frames_THWC[reflect(count, length)]


def reflect(count: int, length: int) -> list[int]:
    """Which of `count` frames to show at each of `length` moments."""
    if not 1 <= count <= length:
        raise ValueError(f"cannot make {length} frames out of {count}")
    period = max(2 * (count - 1), 1)
    return [min(k % period, (-k) % period) for k in range(length)]
