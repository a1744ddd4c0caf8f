"""A video in the object store, and what is kept beside it: its copy for browsers and its clock."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO

from services.chassis.media.recording import Recording, open_recording
from services.chassis.storage.objects import ObjectMissing, ObjectStore, open_object

SELF_TIMED = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
"""Boxes that MP4 and QuickTime files begin with. They say how long each frame is shown, so that
their clock cannot begin anew."""


@dataclass(frozen=True)
class ClockRecord:
    """What ingest learned of a video's clock when it had decoded all of it."""

    splices: int
    end_s: float
    has_copy: bool
    """A copy for browsers is made of it."""

    def save(self, store: ObjectStore, key: str) -> None:
        content = json.dumps(asdict(self)).encode()
        store.put(clock_key(key), BytesIO(content), "application/json")

    @classmethod
    def load(cls, store: ObjectStore, key: str) -> "ClockRecord | None":
        """None while the video is not decoded to its end."""
        try:
            return cls(**json.loads(store.get(clock_key(key))))
        except ObjectMissing:
            return None


def clock_key(key: str) -> str:
    return _beside(key, "clock.json")


def playable_key(key: str) -> str:
    return _beside(key, "playable.mp4")


@contextmanager
def open_stored(store: ObjectStore, key: str, deadline_s: float = 30.0) -> Iterator[Recording]:
    """The video under `key`, in the seconds of its clips, whatever its own clock does.

    Where that began anew in the middle, the copy is read, which has a plain one; without a copy
    the video is decoded from its start. Raises VideoUnreadable, ObjectMissing, TransientError.
    """
    key, may_seek = _source(store, key)
    with (
        open_object(store, key) as readable,
        open_recording(readable, deadline_s, may_seek) as recording,
    ):
        yield recording


def _source(store: ObjectStore, key: str) -> tuple[str, bool]:
    """What is best read for the moments of a video, and whether it may be sought."""
    copy_key = playable_key(key)
    if key == copy_key:
        return key, True
    clock = ClockRecord.load(store, key)
    if clock is None:
        return key, _is_self_timed(store, key)
    if clock.splices and exists(store, copy_key):
        return copy_key, True
    return key, clock.splices == 0


def _is_self_timed(store: ObjectStore, key: str) -> bool:
    return store.read_range(key, 4, 4) in SELF_TIMED


def exists(store: ObjectStore, key: str) -> bool:
    try:
        store.stat(key)
    except ObjectMissing:
        return False
    return True


def _beside(key: str, name: str) -> str:
    return key.rpartition("/")[0] + "/" + name
