"""Frames at any times -> samples at an even rate -> clips. Pure: opaque pictures, no clock.

Sample-and-hold: sample k is the latest frame shown at k / frame_rate seconds after the first one.
So a slow video repeats frames, a fast one drops some, and a variable rate needs no special case.
Everything is lazy: at most two frames and two clips of pictures are alive.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from schemas.clips import ClipSpec

P = TypeVar("P")
Q = TypeVar("Q")

TOLERANCE_S = 0.001
"""Many containers round times to milliseconds; a frame that late still counts as on time."""
JUMP_S = 1.0
"""Times that go back less than this are jitter, further back a new beginning."""


@dataclass(frozen=True)
class Frame(Generic[P]):
    """One decoded frame, in the order of presentation. Its time is on the source's own scale."""

    picture: P
    at_s: float | None = None
    duration_s: float | None = None


@dataclass(frozen=True)
class Clip(Generic[P]):
    """`pictures[k]` was on screen at `start_s + k / frame_rate`. Only the last may be short."""

    index: int
    start_s: float
    end_s: float
    pictures: tuple[P, ...]
    is_last: bool


class Timeline:
    """Media time from timestamps that may be missing, jitter, jump back, or jump past the end.

    Starts at zero and never goes back. After a jump it goes on one frame later: what follows a
    splice follows in time. `end_s` is the stated duration of the source, if any.
    """

    def __init__(self, step_s: float, end_s: float | None = None) -> None:
        self._step_s, self._end_s = step_s, end_s
        self._origin_s: float | None = None
        self._next_s = self._latest_s = 0.0

    def place(self, frame: Frame[P]) -> tuple[float, float]:
        """When the frame appears and when it is over."""
        start_s = max(self._start(frame.at_s), self._latest_s)
        self._latest_s = start_s
        self._next_s = start_s + (frame.duration_s or self._step_s)
        return start_s, self._next_s

    def _start(self, at_s: float | None) -> float:
        if at_s is None:
            return self._next_s
        if self._origin_s is None or self._is_jump(at_s - self._origin_s):
            self._origin_s = at_s - self._next_s
        return at_s - self._origin_s

    def _is_jump(self, start_s: float) -> bool:
        back = start_s < self._latest_s - JUMP_S
        past_end = self._end_s is not None and start_s > max(self._end_s, self._next_s) + JUMP_S
        return back or past_end


def sample(frames: Iterable[Frame[P]], frame_rate: float, timeline: Timeline) -> Iterator[P]:
    """The picture on screen at 0, 1, 2, … / frame_rate seconds. At least one, if there is a frame.

    A frame that is held gives the same object again.
    """
    count, end_s = 0, 0.0
    held: Frame[P] | None = None
    for frame in frames:
        start_s, end_s = timeline.place(frame)
        while held is not None and count / frame_rate + TOLERANCE_S < start_s:
            yield held.picture
            count += 1
        held = frame
    while held is not None and (count == 0 or count / frame_rate + TOLERANCE_S < end_s):
        yield held.picture
        count += 1


def cut(samples: Iterable[P], spec: ClipSpec) -> Iterator[Clip[P]]:
    """Every `hop` samples a clip of `frames`. Every sample that some clip reaches is in one;
    the last clip holds what is left, and only it says so: hence one clip of lookahead.
    """
    ahead: Clip[P] | None = None
    for start, pictures in _windows(samples, spec):
        if ahead is not None:
            yield ahead
        ahead = Clip(
            index=start // spec.hop,
            start_s=start / spec.frame_rate,
            end_s=(start + len(pictures)) / spec.frame_rate,
            pictures=tuple(pictures),
            is_last=False,
        )
    if ahead is not None:
        yield Clip(ahead.index, ahead.start_s, ahead.end_s, ahead.pictures, is_last=True)


def _windows(samples: Iterable[P], spec: ClipSpec) -> Iterator[tuple[int, Sequence[P]]]:
    """First sample and content of each window. The last may be short, never all repeated."""
    start, fresh = 0, 0
    window: list[P] = []
    for number, picture in enumerate(samples):
        if number < start:
            continue
        window.append(picture)
        fresh += 1
        if len(window) == spec.frames:
            yield start, window
            start, fresh = start + spec.hop, 0
            window = window[spec.hop :]
    if fresh:
        yield start, window
