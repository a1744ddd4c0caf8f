"""What a worker does with the recordings on its disk, beside the cameras that write them
(ADR 0025).
"""

import fcntl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from schemas.base import Message
from schemas.codec import DecodeError, decode
from schemas.recordings import FootageRequested
from schemas.sources import SourceConfigured
from schemas.topics import FOOTAGE_REQUESTS
from services.chassis.clock import Clock
from services.chassis.duties import Duty
from services.chassis.errors import TransientError
from services.chassis.storage.objects import ObjectStore
from services.chassis.streaming.broker import Broker, LogReader
from services.chassis.streaming.publisher import Publishing
from services.chassis.telemetry import logs
from services.ingest.recording.announcing import Announcing
from services.ingest.recording.folder import RecordingFolder
from services.ingest.recording.index import SegmentIndex
from services.ingest.recording.keeping import Keepings
from services.ingest.recording.requests import Requests
from services.ingest.recording.ring import Ring, RingBounds, Usage
from services.ingest.recording.uploading import Uploading

log = logs.get("recording")
PAUSE_S = 1.0
OUTAGE_S = 5.0
RELOAD_S = 600.0
"""So often the folders are read anew: somebody may have tidied up by hand."""
AT_ONCE = 500


class DiskLease:
    """Workers that share a disk share its recordings: one of them looks after them, whoever
    records. It is free again the moment that one is gone, however it went. Safe between threads:
    the duties of a worker hold it together, until `close`.
    """

    duration_s = 3.0
    """Others ask for it three times in so long; it never runs out."""

    def __init__(self, root: Path) -> None:
        self._path = root / ".lock"
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()

    def acquire(self) -> bool:
        with self._lock:
            return self._file is not None or self._take()

    def release(self) -> None:
        """A duty has ended; the others may still be at work."""

    def close(self) -> None:
        """All duties have ended."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _take(self) -> bool:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("wb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True


class Wishes:
    """Hears who needs footage from the moment it is started."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._reader: LogReader | None = None

    def heard(self) -> list[FootageRequested]:
        """What came since the last call. Raises TransientError."""
        if self._reader is None:
            self._reader = self._broker.reader(FOOTAGE_REQUESTS.name, "end")
        wishes = []
        for record in self._reader.poll(AT_ONCE, 0.0):
            with suppress(DecodeError):
                message = decode(FOOTAGE_REQUESTS, record.value or b"")
                if isinstance(message, FootageRequested):
                    wishes.append(message)
        return wishes

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()


class Recordings:
    """Three duties: one prunes, one announces, one uploads, so that neither a broker nor a store
    that hangs fills the disk. An outage ends none of them: what they work on waits in files.
    `on_source` is told of every source, as a view of sources.v1 does, and `keepings` of what
    keeping.v1 has of it.
    """

    def __init__(
        self,
        root: Path,
        broker: Broker,
        store: ObjectStore,
        clock: Clock,
        bounds: RingBounds,
        usage: Usage,
    ) -> None:
        self._folder, self._index, self._clock = RecordingFolder(root), SegmentIndex(), clock
        self._announcing = Announcing(
            self._folder, self._index, Publishing(broker.publisher("ingest")), clock
        )
        self.keepings = Keepings()
        self._ring = Ring(self._index, bounds, usage, self.keepings)
        self._uploading = Uploading(
            self._folder,
            self._index,
            store,
            self._announcing,
            self._is_kept_whole,
            self.keepings,
        )
        self._wishes, self._requests = Wishes(broker), Requests()
        self._lock = threading.Lock()
        self._whole: set[UUID] = set()
        self._removed: set[UUID] = set()
        self._loaded_s: float | None = None
        self.lease = DiskLease(root)

    def duties(self) -> list[Duty]:
        """Not started. Stop them, then `close`."""
        turns = {
            "ring": self.prune,
            "announcing": self.announce,
            "uploading": self.upload,
        }
        return [
            Duty(f"recordings-{name}", turn, self._clock, self.lease)
            for name, turn in turns.items()
        ]

    def close(self) -> None:
        self._wishes.close()
        self.lease.close()

    def on_source(self, key: str, message: Message | None) -> None:
        """A source was configured, or removed where there is no message. From any thread."""
        try:
            source_id = UUID(key)
        except ValueError:
            return
        with self._lock:
            (self._removed.add if message is None else self._removed.discard)(source_id)
            (self._whole.add if _is_whole(message) else self._whole.discard)(source_id)

    def prune(self) -> float:
        """What has to go goes; recordings of removed sources do."""
        self._load_now_and_then()
        self._remove()
        self._announcing.gone(self._ring.turn(self._clock.now()))
        return PAUSE_S

    def announce(self) -> float:
        return self._patiently(self._announcing.turn)

    def upload(self) -> float:
        def hear() -> None:
            for wish in self._wishes.heard():
                self._requests.add(wish)

        pause_s = self._patiently(hear)
        return min(pause_s, self._uploading.turn(self._requests, self._clock.now()))

    def _patiently(self, work: Callable[[], None]) -> float:
        """Seconds until the next try."""
        try:
            work()
        except TransientError as error:
            log.warning("recordings wait", error=str(error))
            return OUTAGE_S
        return PAUSE_S

    def _load_now_and_then(self) -> None:
        now_s = self._clock.monotonic()
        if self._loaded_s is None or now_s - self._loaded_s > RELOAD_S:
            self._index.load(self._folder)
            self._loaded_s = now_s

    def _remove(self) -> None:
        """Again each turn: a camera that is only just ending may still write."""
        with self._lock:
            removed = tuple(self._removed)
        for source_id in removed:
            self._folder.remove(source_id)
            self._index.remove(source_id)

    def _is_kept_whole(self, source_id: UUID) -> bool:
        with self._lock:
            return source_id in self._whole


def _is_whole(message: Message | None) -> bool:
    return (
        isinstance(message, SourceConfigured)
        and message.camera is not None
        and message.camera.recording == "full"
    )
