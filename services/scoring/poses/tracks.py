"""What each person of a source did lately: the sequences that heads on poses look at.

Shapes: P people, S samples (frames that were looked at), D = 38 numbers a person (see person).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from schemas.poses import PosesExtracted
from services.scoring.poses.person import (
    NOT_SEEN,
    PERSON_NUMBERS,
    Floats,
    not_seen,
    person_numbers,
)
from services.scoring.poses.table import UNTRACKED, table

SAMPLES = 20
"""Length of a sequence; 2.7 s of eight frames a clip."""
YOUNG = 10
"""Somebody seen for fewer samples is not judged yet."""
FORGET_S = 2.0
"""Somebody out of sight for longer is forgotten: of what they did meanwhile nothing is known."""
MOST = 64
"""As many people are remembered, those seen latest."""

Halves = NDArray[np.float16]


@dataclass(frozen=True)
class Track:
    """One person's latest samples, oldest first."""

    at_s: float
    """When they were seen last."""
    frame: int
    """Number of the frame in which that was."""
    packed: bytes
    """The samples as little-endian float16."""

    @property
    def samples(self) -> Halves:
        """[S, 38], S from 1 to 20."""
        return np.frombuffer(self.packed, "<f2").reshape(-1, PERSON_NUMBERS)

    def seen(self, at_s: float, frame: int, numbers_D: Halves) -> "Track":
        """With one sample more. Frames in between, where they were not seen, are interpolated."""
        between_SD = _between(self.samples[-1], numbers_D, frame - self.frame - 1)
        samples_SD = np.concatenate([self.samples, between_SD, numbers_D[None]])[-SAMPLES:]
        return Track(at_s, frame, _packed(samples_SD))

    @property
    def sequence(self) -> Floats:
        """[20, 38]; somebody younger stood still before, as they were first seen."""
        missing = SAMPLES - len(self.samples)
        before_SD = np.repeat(self.samples[:1], missing, axis=0)
        return np.concatenate([before_SD, self.samples]).astype(np.float32)


@dataclass(frozen=True)
class Tracks:
    """The people of one source up to its latest clip."""

    last: int | None = None
    """The latest clip; None before the first."""
    frame: int = 0
    """Frames since the last gap."""
    people: Mapping[int, Track] = field(default_factory=dict)

    def update(self, message: PosesExtracted) -> tuple[Self, Floats]:
        """Take the next clip; return its people's sequences [P, 20, 38], in the order of their ids.

        One for everybody who was seen in this clip, tracked, and seen in ten samples so far; it
        ends with their latest sample. A clip that does not follow the latest one (a gap, or a
        source that begins again) begins anew.
        """
        before = self if self._leads_to(message) else type(self)()
        people, frame = dict(before.people), before.frame
        poses = table([message])
        numbers_PD = person_numbers(poses.box, poses.keypoints).astype(np.float16)
        for row, track_id in enumerate(poses.track_id.tolist()):
            if track_id != UNTRACKED:
                place = int(poses.person_frame[row])
                now = (float(poses.frame_at_s[place]), frame + place, numbers_PD[row])
                people[track_id] = _seen(people.get(track_id), *now)
        here = sorted(set(poses.track_id.tolist()) - {UNTRACKED})
        judged = [people[one].sequence for one in here if len(people[one].samples) >= YOUNG]
        after = type(self)(
            message.clip.index,
            frame + len(message.frames),
            _remembered(people, message.frames[-1].at_s),
        )
        return after, np.array(judged, np.float32).reshape(-1, SAMPLES, PERSON_NUMBERS)

    def _leads_to(self, message: PosesExtracted) -> bool:
        return self.last is not None and message.clip.index == self.last + 1


def sequences(messages: Iterable[PosesExtracted]) -> Iterator[Floats]:
    """The sequences of every clip of a source in turn, as a live stream gives them."""
    tracks = Tracks()
    for message in messages:
        tracks, sequences_PSD = tracks.update(message)
        yield sequences_PSD


def _seen(track: Track | None, at_s: float, frame: int, numbers_D: Halves) -> Track:
    if track is None or at_s - track.at_s > FORGET_S:
        return Track(at_s, frame, _packed(numbers_D))
    if frame <= track.frame:  # a second person of the same id: nobody's tracker does that, but
        return track  # a message may say it
    return track.seen(at_s, frame, numbers_D)


def _remembered(people: Mapping[int, Track], now_s: float) -> dict[int, Track]:
    recent = [(one, track) for one, track in people.items() if now_s - track.at_s <= FORGET_S]
    return dict(sorted(recent, key=lambda pair: pair[1].at_s)[-MOST:])


def _between(older_D: Halves, newer_D: Halves, count: int) -> Floats:
    """So many samples on the straight way; a keypoint not seen at both ends is not seen there."""
    ends_2D = np.stack([older_D, newer_D]).astype(np.float32)
    shares_S1 = np.linspace(0, 1, count + 2, dtype=np.float32)[1:-1, None]
    way_SD: Floats = ends_2D[0] + shares_S1 * (ends_2D[1] - ends_2D[0])
    way_SD[:, not_seen(ends_2D).any(axis=0)] = NOT_SEEN
    return way_SD


def _packed(samples_SD: NDArray[np.floating[Any]]) -> bytes:
    return samples_SD.astype("<f2").tobytes()
