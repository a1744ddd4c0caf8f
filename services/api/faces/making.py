"""Video with hidden faces: every picture decoded, heads hidden, encoded anew."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import av

from schemas import ids
from services.api.faces.detecting import FaceDetector
from services.chassis.media.hiding import WHOLE, Box, hide
from services.chassis.media.jpeg import QUALITY, Jpeg, of_rgb, to_rgb
from services.chassis.media.recording import Recording, VideoUnreadable, open_recording
from services.chassis.media.shape import Picture, Size, upright
from services.chassis.media.timeline import TOLERANCE_S, Shown
from services.chassis.storage.objects import ObjectMissing, ObjectStore, open_object
from services.rules.hidden import HELD_S, Heads

DEADLINE_S = 900.0
TICKS = 90_000


@dataclass(frozen=True)
class Finish:
    """How large and how well a copy is encoded."""

    longest_side: int
    preset: str


FOR_HANDING_OUT = Finish(1920, "veryfast")
FOR_VIEWING = Finish(1280, "ultrafast")
"""Of minutes of recordings, for which somebody waits."""


@dataclass(frozen=True)
class Part:
    """What of a film a file shows: its zero is `from_s`."""

    from_s: float = 0.0
    until_s: float = math.inf


ALL = Part()


def heads_of(store: ObjectStore, alert_id: UUID) -> Heads:
    """What poses say of its evidence; without them nothing. Raises TransientError."""
    try:
        return Heads.read(store.get(ids.heads_key(alert_id)))
    except ObjectMissing:
        return Heads(())


@contextmanager
def open_evidence(store: ObjectStore, key: str) -> Iterator[Recording]:
    """Raises VideoUnreadable, ObjectMissing, TransientError."""
    with (
        open_object(store, key) as readable,
        open_recording(readable, DEADLINE_S) as recording,
    ):
        yield recording


@dataclass(frozen=True)
class Hiding:
    """Where heads are, by poses and, where there is one, by a detector."""

    heads: Heads
    detector: FaceDetector | None = None

    def picture(self, content: bytes, at_s: float, quality: int = QUALITY) -> bytes:
        """A JPEG with the heads of that second of the video hidden."""
        picture = to_rgb(Jpeg(content, 0, 0))
        return of_rgb(hide(picture, self.parts(picture, at_s)), quality).content

    def parts(self, picture: Picture, at_s: float) -> list[Box]:
        """To hide on the picture that is shown at a second. A detector that looked takes the place
        of poses that say nothing.
        """
        of_poses = list(self.heads.hidden(at_s))
        if self.detector is None:
            return of_poses
        seen = self.detector.faces(picture)
        return [*(seen if of_poses == [WHOLE] else (*of_poses, *seen))]

    def write(
        self,
        opened: AbstractContextManager[Recording],
        path: Path,
        finish: Finish = FOR_HANDING_OUT,
        part: Part = ALL,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """That video as H.264 MP4, without sound and without a word of where it comes from. Raises
        VideoUnreadable, what opening it raises, and what `check` does, called at every picture.
        """
        options = {"movflags": "+faststart", "fflags": "+bitexact"}
        with (
            opened as recording,
            av.open(str(path), "w", format="mp4", options=options) as output,
        ):
            size = recording.size.within(finish.longest_side).even
            stream = _stream(output, recording.rate, size, finish.preset)
            latest = -1
            pictures = self._pictures(recording, size, part)
            for picture, at_s in _cut(pictures, part, 1 / recording.rate):
                check()
                ticks = max(latest + 1, round(at_s * TICKS))
                latest = ticks
                output.mux(stream.encode(_frame(picture, ticks)))
            if latest < 0:
                raise VideoUnreadable("it has no picture")
            output.mux(stream.encode(None))

    def _pictures(
        self, recording: Recording, size: Size, part: Part
    ) -> Iterator[tuple[Picture, float]]:
        """In order, held back for as long as a face that is found hides what came before. For the
        same reason it looks at what is shown around the part.
        """
        waiting: deque[tuple[Picture, float, list[Box]]] = deque()
        found: deque[tuple[float, list[Box]]] = deque()
        for shot in _around(recording, part, self._held_s):
            picture = upright(shot.picture, recording.turns, size)
            parts = self.parts(picture, shot.start_s)
            found.append((shot.start_s, parts))
            waiting.append((picture, shot.start_s, parts))
            while len(waiting) > MOST_WAITING or shot.start_s - waiting[0][1] > self._held_s:
                yield _hidden(waiting.popleft(), found, self._held_s)
        while waiting:
            yield _hidden(waiting.popleft(), found, self._held_s)

    @property
    def _held_s(self) -> float:
        """Poses are held already; what a detector finds is not."""
        return HELD_S if self.detector is not None else 0.0


MOST_WAITING = 60
"""Pictures in memory: two seconds or so, 370 MB of 1080p."""


def _hidden(
    shown: tuple[Picture, float, list[Box]], found: deque[tuple[float, list[Box]]], held_s: float
) -> tuple[Picture, float]:
    picture, at_s, own = shown
    while found and found[0][0] < at_s - held_s:
        found.popleft()
    near = (box for _, boxes in found for box in boxes if box != WHOLE)
    return hide(picture, dict.fromkeys((*own, *near) if held_s else own)), at_s


def _around(recording: Recording, part: Part, held_s: float) -> Iterator[Shown[av.VideoFrame]]:
    """From what is on screen so long before it to the first that comes so long after it."""
    begin_s = max(0.0, part.from_s - held_s)
    on_screen: Shown[av.VideoFrame] | None = None
    for shot in recording.frames_from(begin_s):
        if shot.start_s <= begin_s + TOLERANCE_S:
            on_screen = shot
            continue
        if on_screen is not None:
            yield on_screen
            on_screen = None
        yield shot
        if shot.start_s > part.until_s + held_s:
            return
    if on_screen is not None:
        yield on_screen


def _cut(
    pictures: Iterator[tuple[Picture, float]], part: Part, step_s: float
) -> Iterator[tuple[Picture, float]]:
    """In seconds of the part. What is on screen where it begins is its first picture; where the
    film goes on the last one is shown to its end, so that parts follow one another without a gap.
    """
    shown: Picture | None = None
    at_s = 0.0
    for picture, film_s in pictures:
        if film_s <= part.from_s + TOLERANCE_S:
            shown = picture
            continue
        if shown is not None and at_s == 0.0:
            yield shown, 0.0
        if film_s >= part.until_s - TOLERANCE_S:
            last_s = part.until_s - part.from_s - step_s
            if shown is not None and last_s > at_s + TOLERANCE_S:
                yield shown, last_s
            return
        shown, at_s = picture, film_s - part.from_s
        yield shown, at_s
    if shown is not None and at_s == 0.0:
        yield shown, 0.0


def _stream(output: Any, rate: int, size: Size, preset: str) -> Any:
    stream = output.add_stream("libx264", rate=rate, options={"preset": preset, "crf": "23"})
    stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
    stream.codec_context.time_base = Fraction(1, TICKS)
    stream.codec_context.thread_count = 2
    return stream


def _frame(picture: Picture, ticks: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
    frame.pts, frame.time_base = ticks, Fraction(1, TICKS)
    return frame
