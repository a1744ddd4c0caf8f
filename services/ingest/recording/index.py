"""What is on the disk, kept in memory: reading folders of a day each second would cost too much."""

import threading
from datetime import datetime
from uuid import UUID

from services.ingest.recording.folder import RecordedSegment, RecordingFolder, start


class SegmentIndex:
    """The published segments of a folder. Safe between threads. Segments of a source go by their
    start.
    """

    def __init__(self) -> None:
        self._sources: dict[UUID, dict[datetime, RecordedSegment]] = {}
        self._lock = threading.Lock()
        self._bytes = 0

    def load(self, folder: RecordingFolder) -> None:
        """Forget all and read what lies there."""
        with self._lock:
            self._sources, self._bytes = {}, 0
        for source_id in folder.sources():
            for segment in folder.published(source_id):
                self.put(segment)

    def put(self, segment: RecordedSegment) -> None:
        """Add it, or replace what is known of it."""
        with self._lock:
            of_source = self._sources.setdefault(segment.source_id, {})
            before = of_source.get(segment.started_at)
            of_source[segment.started_at] = segment
            self._bytes += segment.size_bytes - (before.size_bytes if before else 0)

    def discard(self, segment: RecordedSegment) -> None:
        with self._lock:
            found = self._sources.get(segment.source_id, {}).pop(segment.started_at, None)
            self._bytes -= found.size_bytes if found else 0

    def remove(self, source_id: UUID) -> None:
        with self._lock:
            gone = self._sources.pop(source_id, {})
            self._bytes -= sum(segment.size_bytes for segment in gone.values())

    @property
    def total_bytes(self) -> int:
        with self._lock:
            return self._bytes

    def sources(self) -> list[UUID]:
        with self._lock:
            return list(self._sources)

    def of_source(self, source_id: UUID) -> list[RecordedSegment]:
        with self._lock:
            segments = list(self._sources.get(source_id, {}).values())
        return sorted(segments, key=start)

    def oldest_first(self) -> list[RecordedSegment]:
        """Of all cameras together."""
        with self._lock:
            every = [one for source in self._sources.values() for one in source.values()]
        return sorted(every, key=start)

    def oldest_at(self) -> datetime | None:
        """When the oldest segment begins; where a clock was set back, one nearly as old. Cheap."""
        with self._lock:
            firsts = (next(iter(source), None) for source in self._sources.values())
            return min((first for first in firsts if first is not None), default=None)
