"""Joins consecutive clips of one source into the windows that a backbone looks at.

Windows are aligned on `index // window`, so a clip belongs to the same window whenever and wherever
it is read. Pure: the shell reads clips, asks `join` what is complete, and commits up to
`commit_point`. Sources are independent of one another; within a source clips come in order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from schemas.clips import ClipRecorded


@dataclass(frozen=True, slots=True)
class Received:
    """A clip and where it stood on its partition."""

    clip: ClipRecorded
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive clips of one source that make one embedding; at least one."""

    parts: tuple[Received, ...]

    @property
    def clips(self) -> tuple[ClipRecorded, ...]:
        return tuple(part.clip for part in self.parts)

    @property
    def source_id(self) -> UUID:
        return self.parts[0].clip.source_id

    @property
    def is_last(self) -> bool:
        return self.parts[-1].clip.is_last

    @property
    def span(self) -> tuple[int, int]:
        """First and last offset."""
        return self.parts[0].offset, self.parts[-1].offset


@dataclass(frozen=True, slots=True)
class Joining:
    """Clips that wait for their neighbours, per source, of one partition."""

    window: int
    held: Mapping[UUID, tuple[Received, ...]] = field(default_factory=dict)

    @property
    def held_offsets(self) -> tuple[int, ...]:
        """Offsets that must not be committed yet, ascending."""
        return tuple(sorted(part.offset for parts in self.held.values() for part in parts))


def join(state: Joining, received: Received) -> tuple[Joining, list[Window]]:
    """Take the next clip; return what became complete, oldest first (at most two windows).

    A held clip whose successor is not younger is dropped: its source began again and brings it once
    more. One whose successor is not its neighbour makes a window alone. `is_last` closes at once.
    """
    clip = received.clip
    held = state.held.get(clip.source_id, ())
    complete: list[Window] = []
    if held and clip.index <= held[-1].clip.index:
        held = ()
    if held and not _neighbours(held[-1].clip, clip, state.window):
        complete.append(Window(held))
        held = ()
    held = (*held, received)
    if clip.is_last or clip.index % state.window == state.window - 1:
        complete.append(Window(held))
        held = ()
    return _with_held(state, clip.source_id, held), complete


def commit_point(
    next_offset: int, unsettled: Sequence[int], settled_spans: Sequence[tuple[int, int]]
) -> int:
    """The largest offset to go on from after a restart such that the same windows form again.

    `unsettled` are offsets still held, or embedded but not acknowledged. `settled_spans` are first
    and last offset of windows that are done: none may be cut in two, since the half that would be
    read again could not know that it once had a neighbour. Spans that end before the result may
    be forgotten.
    """
    point = min(unsettled, default=next_offset)
    # Latest start first: pulling the point back can only cut spans that start even earlier.
    for first, last in sorted(settled_spans, reverse=True):
        if first < point <= last:
            point = first
    return point


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


def follows(newer: ClipRecorded, older: ClipRecorded) -> bool:
    """Whether `newer` comes next after `older` of the same source, without a gap."""
    gap_s = newer.start_s - older.start_s - older.spec.hop_s
    return (
        newer.index == older.index + 1
        and newer.spec == older.spec
        and abs(gap_s) <= 0.5 / older.spec.frame_rate
    )


def _neighbours(older: ClipRecorded, newer: ClipRecorded, window: int) -> bool:
    """Whether `newer` follows `older` inside the same window."""
    return newer.index // window == older.index // window and follows(newer, older)


def _with_held(state: Joining, source_id: UUID, held: tuple[Received, ...]) -> Joining:
    others = {source: parts for source, parts in state.held.items() if source != source_id}
    return replace(state, held={**others, source_id: held} if held else others)
