"""Reads a topic into its log: one thread a topic, and only while somebody listens."""

import threading
from collections.abc import Callable, Sequence

from schemas.codec import DecodeError, decode
from schemas.topics import Topic
from services.api.events.content import TOPICS, event_of
from services.api.events.log import Entry, TopicLog
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.streaming.broker import Broker, LogReader
from services.chassis.streaming.records import Record
from services.chassis.telemetry import logs, metrics

log = logs.get("events")
POLL_S = 0.2
AT_ONCE = 500
RETRY_S = 2.0
LOOKS_BACK = 500
"""Records of each partition from before the start: who comes back a moment after a restart of the
API finds what they missed, and hundreds need no reader of their own."""


class Feed:
    """Of one kind. What cannot be decoded takes its place in the log and is shown to nobody."""

    def __init__(
        self, kind: str, broker: Broker, into: TopicLog, wake: Callable[[str], None], clock: Clock
    ) -> None:
        self._kind, self._topic, self._broker = kind, TOPICS[kind], broker
        self._log, self._wake, self._clock = into, wake, clock
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def ensure(self) -> None:
        """Begin to read, unless it is being read already; it goes on until `stop`."""
        with self._lock:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name=f"events-{self._kind}")
                self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        """An outage is waited out; what came meanwhile is read from where it was left."""
        while not self._stopping.is_set():
            try:
                self._read()
            except TransientError as error:
                log.warning("trying again", topic=self._topic.name, error=str(error))
                self._clock.wait(RETRY_S, self._stopping)

    def _read(self) -> None:
        start = self._log.nexts if self._log.is_open else LOOKS_BACK
        reader = self._broker.reader(self._topic.name, start)
        try:
            starts = [offset for _, offset in sorted(reader.starts.items())]
            ends = [offset for _, offset in sorted(reader.ends.items())]
            self._log.opened(starts, ends)
            self._wake(self._kind)
            while not self._stopping.is_set():
                self._take(reader)
        finally:
            reader.close()

    def _take(self, reader: LogReader) -> None:
        entries = entries_of(self._kind, self._topic, reader.poll(AT_ONCE, POLL_S))
        if entries:
            self._log.append(entries)
            self._wake(self._kind)


def entries_of(kind: str, topic: Topic, records: Sequence[Record]) -> list[Entry]:
    return [_entry(kind, topic, record) for record in records]


def _entry(kind: str, topic: Topic, record: Record) -> Entry:
    try:
        event = event_of(kind, decode(topic, record.value))
    except DecodeError:
        metrics.count("records_skipped", topic.name)
        event = None
    return Entry(record.partition.number, record.offset, event)
