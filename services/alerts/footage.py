"""Footage: the recorded video of a source between two moments, wherever it lies.

An uploaded video is one object; what a camera recorded lies in segments (recorded.py).
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import av
import numpy as np

from schemas.alerts import Alert
from schemas.clips import SourceKind
from services.alerts.core.spans import Span
from services.alerts.video import cut
from services.chassis.media.recording import Recording, VideoUnreadable
from services.chassis.media.shape import Picture
from services.chassis.media.stored import open_stored
from services.chassis.storage.objects import ObjectMissing, ObjectStore


class FootageUnusable(Exception):
    """There is none, or it cannot be read; trying again would not help. Says why in few words."""


class FootageLate(Exception):
    """It is not there yet, but will be."""


class Stretch(Protocol):
    """Footage that is open. Times are media seconds of the source, as in its alerts. Both methods
    raise FootageUnusable, and TransientError when the store is away.
    """

    def picture(self, at_s: float) -> Picture:
        """RGB, upright, shape (height, width, 3): the frame on screen then, else the last one."""

    def write_mp4(self, span: Span, path: Path) -> float:
        """What lies within `span` as H.264 MP4. Returns the media second that it shows first."""


class Footage(Protocol):
    def open(self, alert: Alert, span: Span) -> AbstractContextManager[Stretch]:
        """What was recorded of the alert's source within `span`. Raises FootageUnusable,
        FootageLate, and TransientError when the store is away.
        """


FootageByKind = Mapping[SourceKind, Footage]


def original_key(source_id: UUID) -> str:
    return f"videos/{source_id}/original"


class UploadedObject:
    """The uploaded file: one object, read by ranges, in the seconds of its clips."""

    def __init__(self, store: ObjectStore, deadline_s: float = 30.0) -> None:
        self._store, self._deadline_s = store, deadline_s

    @contextmanager
    def open(self, alert: Alert, span: Span) -> Iterator[Stretch]:
        key = original_key(alert.source_id)
        try:
            with open_stored(self._store, key, self._deadline_s) as recording:
                yield _RecordingStretch(recording)
        except ObjectMissing:
            raise FootageUnusable("the video is gone") from None
        except (VideoUnreadable, av.FFmpegError) as error:
            raise FootageUnusable(f"the video cannot be used: {error}") from error


class _RecordingStretch:
    """Its errors are translated where it was opened."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def picture(self, at_s: float) -> Picture:
        return self._recording.at(at_s)

    def write_mp4(self, span: Span, path: Path) -> float:
        cut(self._recording, span, path)
        return span.start_s


class PaintedFootage:
    """The fake: a picture whose grey says its second, an MP4 that is a line of text."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.opened: list[tuple[UUID, Span]] = []

    @contextmanager
    def open(self, alert: Alert, span: Span) -> Iterator[Stretch]:
        self.opened.append((alert.source_id, span))
        if self.failures:
            raise self.failures.pop(0)
        yield self

    def picture(self, at_s: float) -> Picture:
        grey: Any = np.full((90, 160, 3), round(at_s) % 256, np.uint8)
        return np.asarray(grey, np.uint8)

    def write_mp4(self, span: Span, path: Path) -> float:
        path.write_text(f"{span.start_s:g} to {span.end_s:g}")
        return span.start_s
