"""Says on recordings.v1 what was recorded, what lies in the object store, and what is gone."""

from collections import deque
from collections.abc import Iterable

from schemas import ids
from schemas.recordings import SegmentRecorded
from schemas.topics import RECORDINGS
from services.chassis.clock import Clock
from services.chassis.streaming.publisher import Publishing
from services.chassis.streaming.records import Outgoing
from services.ingest.recording.folder import RecordedSegment, RecordingFolder
from services.ingest.recording.index import SegmentIndex
from services.ingest.recording.recovery import SegmentFacts, examine, recover

UNKNOWN = SegmentFacts("unknown", 1, 1, 0.0)
"""Of a segment whose file is gone."""
MOST_GONE = 10_000


class Announcing:
    """A segment is marked as published once Kafka has the message: a crash in between says the
    same again. `turn` and `stored` raise TransientError while Kafka is away; the files wait.
    """

    def __init__(
        self, folder: RecordingFolder, index: SegmentIndex, publishing: Publishing, clock: Clock
    ) -> None:
        self._folder, self._index = folder, index
        self._publishing, self._clock = publishing, clock
        self._gone: deque[RecordedSegment] = deque(maxlen=MOST_GONE)

    def turn(self) -> None:
        """Torn segments are recovered, finished ones published, and those that are gone."""
        for source_id in self._folder.sources():
            recover(self._folder, source_id)
            for segment in self._folder.unpublished(source_id):
                self._announce(segment)
        while self._gone:
            self._publish(self._gone[0], UNKNOWN, is_gone=True)
            self._gone.popleft()

    def stored(self, segment: RecordedSegment) -> None:
        """It lies in the object store, whole."""
        self._publish(segment, examine(segment.path) or UNKNOWN, object_key=segment.object_key)

    def gone(self, segments: Iterable[RecordedSegment]) -> None:
        """They are deleted, and lie nowhere else: to be said at the next turn."""
        self._gone.extend(segments)

    def _announce(self, segment: RecordedSegment) -> None:
        try:
            facts = examine(segment.path)
            if facts is None:
                segment.path.unlink()
                return
            self._publish(segment, facts)
            self._index.put(self._folder.mark_published(segment))
        except FileNotFoundError:
            return  # its source was removed meanwhile

    def _publish(
        self,
        segment: RecordedSegment,
        facts: SegmentFacts,
        object_key: str | None = None,
        is_gone: bool = False,
    ) -> None:
        message = SegmentRecorded(
            source_id=segment.source_id,
            segment_id=ids.segment_id(segment.source_id, segment.started_at),
            started_at=segment.started_at,
            ended_at=segment.ended_at,
            size_bytes=segment.size_bytes,
            codec=facts.codec,
            width=facts.width,
            height=facts.height,
            object_key=object_key,
            is_gone=is_gone,
            recorded_at=self._clock.now(),
        )
        self._publishing.publish(Outgoing(RECORDINGS, message))
