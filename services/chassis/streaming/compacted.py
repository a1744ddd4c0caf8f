"""A compacted topic as a table in memory: the latest message of each key, kept up to date.

Read outside any group, from the first record on, so every process has all of it.
"""

import threading
import time
from collections.abc import Callable

from schemas.base import Message
from schemas.codec import DecodeError, decode
from schemas.topics import Topic
from services.chassis.clock import Clock, SystemClock
from services.chassis.duties import Duty
from services.chassis.errors import TransientError
from services.chassis.streaming.broker import Broker, LogReader
from services.chassis.streaming.records import Record
from services.chassis.telemetry import logs, metrics

log = logs.get("view")
AT_ONCE = 500
POLL_S = 0.2

Callback = Callable[[str, Message | None], None]


class CompactedView:
    """Safe between threads. `start` it, `wait_ready`, and `stop` it at the end.

    Subscribers hear of every record in its key's order, tombstones (None) included, those that lie
    there at the start before `wait_ready` returns. They are called from the view's own thread.
    """

    def __init__(self, broker: Broker, topic: Topic, clock: Clock | None = None) -> None:
        self._broker, self._topic = broker, topic
        self._clock = clock or SystemClock()
        self._messages: dict[str, Message] = {}
        self._subscribers: list[Callback] = []
        self._lock = threading.RLock()
        self._reader: LogReader | None = None
        self._settled = threading.Event()
        self._duty = Duty(f"view-{topic.name}", self._turn, self._clock)

    def start(self, on_failure: Callable[[], None] = lambda: None) -> None:
        """Begin to read. `on_failure` is called when reading ended; `raise_failure` raises why."""
        self._duty.start(self._failing(on_failure))

    def wait_ready(self, timeout_s: float = 60.0) -> None:
        """Return once all that lay there at the start is read.

        Raises TransientError when it is not in time.
        """
        if not self._settled.wait(timeout_s):
            raise TransientError(f"{self._topic.name} could not be read within {timeout_s:g} s")
        self.raise_failure()

    def get(self, key: str) -> Message | None:
        """The latest message of a key; None where there is none, or a tombstone removed it."""
        with self._lock:
            return self._messages.get(key)

    def values(self) -> tuple[Message, ...]:
        with self._lock:
            return tuple(self._messages.values())

    def subscribe(self, callback: Callback) -> None:
        """Hear of all records from now on, and first of what is known already."""
        with self._lock:
            for key, message in self._messages.items():
                callback(key, message)
            self._subscribers.append(callback)

    def stop(self) -> None:
        self._duty.stop()
        if self._reader is not None:
            self._reader.close()

    def raise_failure(self) -> None:
        self._duty.raise_failure()

    def _failing(self, on_failure: Callable[[], None]) -> Callable[[], None]:
        def fail() -> None:
            self._settled.set()
            on_failure()

        return fail

    def _turn(self) -> float:
        """Raises TransientError when Kafka is away."""
        if self._reader is None:
            self._reader = self._broker.reader(self._topic.name, "first")
        records = self._reader.poll(AT_ONCE, POLL_S)
        for record in records:
            self._take(record)
        if not self._settled.is_set() and self._reader.is_caught_up():
            self._settled.set()
        return 0.0

    def _take(self, record: Record) -> None:
        key = (record.key or b"").decode("utf-8", "replace")
        try:
            message = None if record.value is None else decode(self._topic, record.value)
        except DecodeError as error:
            metrics.count("records_skipped", self._topic.name)
            log.warning("a record is no message", topic=self._topic.name, key=key, error=str(error))
            return
        with self._lock:
            if message is None:
                self._messages.pop(key, None)
            else:
                self._messages[key] = message
            for callback in self._subscribers:
                callback(key, message)


def read_all(broker: Broker, topic: Topic, patience_s: float = 60.0) -> list[Message]:
    """Every message that lies on a compacted topic now, overtaken ones that are still there too, in
    the order of each key. Raises TransientError where Kafka is away or too slow.
    """
    reader = broker.reader(topic.name, "first")
    until, records = time.monotonic() + patience_s, list[Record]()
    try:
        while not reader.is_caught_up():
            if time.monotonic() > until:
                raise TransientError(f"{topic.name} could not be read within {patience_s:g} s")
            records += reader.poll(AT_ONCE, POLL_S)
    finally:
        reader.close()
    return [message for record in records if (message := _decoded(topic, record)) is not None]


def _decoded(topic: Topic, record: Record) -> Message | None:
    """None for a tombstone, and for what is no message: that is counted and logged."""
    if record.value is None:
        return None
    try:
        return decode(topic, record.value)
    except DecodeError as error:
        metrics.count("records_skipped", topic.name)
        log.warning("a record is no message", topic=topic.name, error=str(error))
        return None
