"""Evidence with hidden faces: every picture decoded, heads hidden, encoded anew."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import av

from schemas import ids
from services.api.faces.detecting import FaceDetector
from services.api.faces.heads import HELD_S, WHOLE, Box, Heads
from services.api.faces.hiding import hide
from services.chassis.media.jpeg import Jpeg, of_rgb, to_rgb
from services.chassis.media.recording import Recording, VideoUnreadable, open_recording
from services.chassis.media.shape import Picture, upright
from services.chassis.storage.objects import ObjectMissing, ObjectStore, open_object

LONGEST_SIDE = 1920
DEADLINE_S = 900.0
TICKS = 90_000
ENCODER = {"preset": "veryfast", "crf": "23"}


def heads_of(store: ObjectStore, alert_id: UUID) -> Heads:
    """What poses say of its evidence; without them nothing. Raises TransientError."""
    try:
        return Heads.read(store.get(ids.heads_key(alert_id)))
    except ObjectMissing:
        return Heads(())


@dataclass(frozen=True)
class Hiding:
    """Where heads are, by poses and, where there is one, by a detector."""

    heads: Heads
    detector: FaceDetector | None = None

    def picture(self, content: bytes, at_s: float) -> bytes:
        """A JPEG with the heads of that second of the video hidden."""
        picture = to_rgb(Jpeg(content, 0, 0))
        return of_rgb(hide(picture, self.parts(picture, at_s))).content

    def parts(self, picture: Picture, at_s: float) -> list[Box]:
        """To hide on the picture that is shown at a second. A detector that looked takes the place
        of poses that say nothing.
        """
        of_poses = list(self.heads.hidden(at_s))
        if self.detector is None:
            return of_poses
        seen = self.detector.faces(picture)
        return [*(seen if of_poses == [WHOLE] else (*of_poses, *seen))]

    def write(self, store: ObjectStore, key: str, path: Path) -> None:
        """The video of that key as H.264 MP4, without sound and without a word of where it comes
        from. Raises VideoUnreadable, ObjectMissing, TransientError.
        """
        options = {"movflags": "+faststart", "fflags": "+bitexact"}
        with (
            open_object(store, key) as readable,
            open_recording(readable, DEADLINE_S) as recording,
            av.open(str(path), "w", format="mp4", options=options) as output,
        ):
            stream = _stream(output, recording)
            latest = -1
            for picture, at_s in self._pictures(recording):
                ticks = max(latest + 1, round(at_s * TICKS))
                latest = ticks
                output.mux(stream.encode(_frame(picture, ticks)))
            if latest < 0:
                raise VideoUnreadable("it has no picture")
            output.mux(stream.encode(None))

    def _pictures(self, recording: Recording) -> Iterator[tuple[Picture, float]]:
        """In order, held back for as long as a face that is found hides what came before."""
        size = recording.size.within(LONGEST_SIDE).even
        waiting: deque[tuple[Picture, float, list[Box]]] = deque()
        found: deque[tuple[float, list[Box]]] = deque()
        for shot in recording.frames_from(0.0):
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


def _stream(output: Any, recording: Recording) -> Any:
    size = recording.size.within(LONGEST_SIDE).even
    stream = output.add_stream("libx264", rate=recording.rate, options=ENCODER)
    stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
    stream.codec_context.time_base = Fraction(1, TICKS)
    stream.codec_context.thread_count = 2
    return stream


def _frame(picture: Picture, ticks: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
    frame.pts, frame.time_base = ticks, Fraction(1, TICKS)
    return frame
