"""Footage that lies on the disks of workers alone: asked for, and awaited until it is in the store.

Each segment was announced on `recordings.v1`, which keeps that longer than any ring keeps footage.
So it is known what lies where, and what is gone is not waited for.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from schemas.codec import DecodeError, decode
from schemas.recordings import FootageRequested, SegmentRecorded
from schemas.topics import FOOTAGE_REQUESTS, RECORDINGS
from services.chassis.clock import Clock
from services.chassis.streaming.broker import Broker, LogReader
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Outgoing
from services.reextraction.core import Stretch

PATIENCE_S = 120.0
"""So long nothing may come before the workers that have it count as away."""
ASKS_EVERY_S = 20.0
POLL_S = 0.5
AT_ONCE = 500
Bring = Callable[[Stretch], None]


class Bringing:
    """Of one camera. `bring` part after part of what is needed."""

    def __init__(  # noqa: PLR0913 - where from, what, how long
        self,
        reader: LogReader,
        publisher: Publisher,
        clock: Clock,
        source_id: UUID,
        reason: str,
        keep_going: Callable[[], None],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._reader, self._publisher, self._clock = reader, publisher, clock
        self._source_id, self._reason = source_id, reason
        self._keep_going, self._patience_s = keep_going, patience_s
        self._on_disk: dict[UUID, SegmentRecorded] = {}
        """What lies on a disk alone."""
        self._left_s: dict[UUID, float] = {}

    @property
    def left_s(self) -> float:
        """Seconds of footage that nobody brought."""
        return sum(self._left_s.values())

    def bring(self, part: Stretch) -> None:
        """All of the part that still lies on a disk is in the store when this returns, but for what
        nobody brought in time; once that was so nothing is waited for any more. Raises what
        `keep_going` does, and TransientError.
        """
        self._hear(0.0)
        while not self._reader.is_caught_up():
            self._keep_going()
            self._hear(POLL_S)
        awaited = self._lying(part)
        if awaited and not self._left_s:
            self._await(part, awaited)
        for segment_id in self._lying(part):
            one = self._on_disk[segment_id]
            self._left_s[segment_id] = part.shared_with(one.started_at, one.ended_at)

    def _await(self, part: Stretch, awaited: set[UUID]) -> None:
        asked_s = float("-inf")
        heard_s = self._clock.monotonic()
        while awaited and self._clock.monotonic() - heard_s < self._patience_s:
            self._keep_going()
            if self._clock.monotonic() - asked_s > ASKS_EVERY_S:
                self._ask(part)
                asked_s = self._clock.monotonic()
            self._hear(POLL_S)
            if (lying := self._lying(part)) != awaited:
                awaited, heard_s = lying, self._clock.monotonic()

    def _ask(self, part: Stretch) -> None:
        wish = FootageRequested(
            source_id=self._source_id,
            since_at=part.since,
            until_at=part.until,
            reason=self._reason,
            requested_at=self._clock.now(),
        )
        self._publisher.publish(Outgoing(FOOTAGE_REQUESTS, wish))
        self._publisher.flush()

    def _lying(self, part: Stretch) -> set[UUID]:
        """Segments of the part that are on a disk alone."""
        return {
            segment_id
            for segment_id, one in self._on_disk.items()
            if part.shared_with(one.started_at, one.ended_at)
        }

    def _hear(self, timeout_s: float) -> None:
        key = str(self._source_id).encode()
        for record in self._reader.poll(AT_ONCE, timeout_s):
            if record.key == key and record.value is not None:
                try:
                    message = decode(RECORDINGS, record.value)
                except DecodeError:
                    continue  # the API's dead letter
                if isinstance(message, SegmentRecorded):
                    self._note(message)

    def _note(self, segment: SegmentRecorded) -> None:
        if segment.is_gone or segment.object_key is not None:
            self._on_disk.pop(segment.segment_id, None)
        else:
            self._on_disk[segment.segment_id] = segment


@contextmanager
def announcements(broker: Broker, source_id: UUID, wanted: Stretch) -> Iterator[LogReader]:
    """What was announced of a camera since the stretch began: nothing of it was before."""
    since = wanted.since - timedelta(minutes=1)  # clocks of workers and brokers differ
    reader = broker.reader(RECORDINGS.name, since, str(source_id).encode())
    try:
        yield reader
    finally:
        reader.close()
