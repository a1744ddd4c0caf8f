"""What keeping.v1 says of sources: how long recordings stay, and what of them is held."""

import threading
from datetime import timedelta
from uuid import UUID

from schemas.base import Message
from schemas.keeping import KeepingConfigured
from services.ingest.recording.folder import RecordedSegment


class Keepings:
    """`on_keeping` hears of every source, as a view of keeping.v1 does, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[UUID, KeepingConfigured] = {}

    def on_keeping(self, key: str, message: Message | None) -> None:
        """Something holds for a source, or nothing any more where there is no message."""
        try:
            source_id = UUID(key)
        except ValueError:
            return
        with self._lock:
            if isinstance(message, KeepingConfigured):
                self._of[source_id] = message
            else:
                self._of.pop(source_id, None)

    def shortest(self, usual: timedelta) -> timedelta:
        """No segment is kept for less."""
        with self._lock:
            spans = [each.recordings_s for each in self._of.values() if each.recordings_s]
        return min((usual, *(timedelta(seconds=span) for span in spans)))

    def age(self, source_id: UUID, usual: timedelta) -> timedelta:
        """How old a segment of the source may become; a rule never lengthens the usual."""
        with self._lock:
            of = self._of.get(source_id)
        if of is None or of.recordings_s is None:
            return usual
        return min(usual, timedelta(seconds=of.recordings_s))

    def is_held(self, segment: RecordedSegment) -> bool:
        with self._lock:
            of = self._of.get(segment.source_id)
        held = of.held if of is not None else ()
        return any(segment.overlaps(each.since_at, each.until_at) for each in held)

    def held_sources(self) -> list[UUID]:
        """Of which a stretch is held."""
        with self._lock:
            return [source_id for source_id, of in self._of.items() if of.held]
