"""Brings to the object store what somebody asked for, and all of cameras that are kept whole."""

import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from schemas import ids
from schemas.recordings import RECORDING_TYPE
from services.chassis.backoff import pause_after
from services.chassis.errors import TransientError
from services.chassis.storage.objects import ObjectStore
from services.chassis.telemetry import logs, metrics
from services.ingest.recording.announcing import Announcing
from services.ingest.recording.folder import RecordedSegment, RecordingFolder, start
from services.ingest.recording.index import SegmentIndex
from services.ingest.recording.keeping import Keepings
from services.ingest.recording.recovery import whole_bytes
from services.ingest.recording.requests import Requests

log = logs.get("recording")
MOST_A_TURN = 16
WRITTEN_WITHIN = timedelta(seconds=1)
"""So long after its moment a picture is on the disk."""
BACKOFF_S = (1.0, 30.0)


class Uploading:
    """Oldest first; what was asked for, then what is held, then what is kept as a matter of course.
    Doing it twice changes nothing. While the store is away nothing is forgotten: files wait.
    """

    def __init__(
        self,
        folder: RecordingFolder,
        index: SegmentIndex,
        store: ObjectStore,
        announcing: Announcing,
        is_kept_whole: Callable[[UUID], bool],
        keepings: Keepings,
    ) -> None:
        self._folder, self._index, self._store = folder, index, store
        self._announcing, self._is_kept_whole = announcing, is_kept_whole
        self._keepings = keepings
        self._halves: set[tuple[UUID, datetime, datetime]] = set()
        self._outages = 0

    def turn(self, requests: Requests, now: datetime) -> float:
        """Seconds until there may be more to do."""
        requests.drop_old(now)
        try:
            self._upload_open(requests, now)
            uploaded = self._upload_finished(requests)
        except TransientError as error:
            self._outages += 1
            log.warning("recordings wait for the store", outage=self._outages, error=str(error))
            return pause_after(self._outages, *BACKOFF_S)
        self._outages = 0
        return 0.0 if uploaded == MOST_A_TURN else BACKOFF_S[0]

    def _upload_finished(self, requests: Requests) -> int:
        """How many were uploaded."""
        uploaded = 0
        for segment in self._due(requests):
            if uploaded == MOST_A_TURN:
                break
            self._upload(segment)
            uploaded += 1
        return uploaded

    def _due(self, requests: Requests) -> Iterator[RecordedSegment]:
        asked = self._missing(requests.sources())
        yield from (segment for segment in asked if requests.wants(segment))
        held = filter(self._keepings.is_held, self._missing(self._keepings.held_sources()))
        yield from (segment for segment in held if not requests.wants(segment))
        whole = self._missing(filter(self._is_kept_whole, self._index.sources()))
        yield from (
            segment
            for segment in whole
            if not requests.wants(segment) and not self._keepings.is_held(segment)
        )

    def _missing(self, sources: Iterable[UUID]) -> list[RecordedSegment]:
        """Segments of those cameras that the store has not, oldest first."""
        segments = (one for source_id in sources for one in self._index.of_source(source_id))
        return sorted((one for one in segments if not one.is_stored), key=start)

    def _upload(self, segment: RecordedSegment) -> None:
        try:
            self._store.put_file(segment.object_key, segment.path, RECORDING_TYPE)
            self._announcing.stored(segment)
            self._index.put(self._folder.mark_stored(segment))
        except FileNotFoundError:
            self._index.discard(segment)
            return
        metrics.count("segments_uploaded", "finished")

    def _upload_open(self, requests: Requests, now: datetime) -> None:
        """What a segment in the making holds of a wish, so that nobody waits for its end. It
        follows whole once it is finished, under the same key.
        """
        over = requests.over_by(now - WRITTEN_WITHIN)
        halves = set()
        for wish in over:
            for started_at, path in self._folder.being_written(wish.source_id):
                half = wish.source_id, started_at, wish.until_at
                if started_at < wish.until_at:
                    halves.add(half)
                    if half not in self._halves:
                        self._upload_half(wish.source_id, started_at, path)
        self._halves = halves

    def _upload_half(self, source_id: UUID, started_at: datetime, path: Path) -> None:
        try:
            with path.open("rb") as file:
                content = file.read(whole_bytes(path))
        except FileNotFoundError:
            return  # it is finished by now
        if content:
            key = ids.segment_key(source_id, started_at)
            self._store.put(key, io.BytesIO(content), RECORDING_TYPE)
            metrics.count("segments_uploaded", "open")
