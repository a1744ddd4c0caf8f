"""A compacted topic as a dict: what is configured, in any service, kept up to date."""

import threading
from collections.abc import Callable

from schemas.base import Message
from schemas.codec import DecodeError, decode
from schemas.topics import Topic
from services.chassis.errors import TransientError
from services.chassis.streaming.broker import Broker, LogReader
from services.chassis.streaming.records import Record
from services.chassis.telemetry import logs

log = logs.get("view")
POLL_S = 0.2
POLL_RECORDS = 500
Subscriber = Callable[[str, Message | None], None]


class CompactedView:
    """The latest message of each key, read outside any group by a thread of its own.

    It is ready once it has read what was there when it started. Safe between threads; the
    messages are values.
    """

    def __init__(self, broker: Broker, topic: Topic) -> None:
        if not topic.is_compacted:
            raise ValueError(f"{topic.name} is not compacted: its older records would be missing")
        self._broker, self._topic = broker, topic
        self._latest: dict[str, Message] = {}
        self._subscribers: list[Subscriber] = []
        self._lock = threading.RLock()
        self._ready, self._stopping = threading.Event(), threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._read, name=f"view-{topic.name}", daemon=True)

    def start(self) -> "CompactedView":
        """Begin to read, from the start of the log."""
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def wait_ready(self, timeout_s: float = 60.0) -> None:
        """Raises TransientError when it is not ready in time, and what ended its thread."""
        if not self._ready.wait(timeout_s):
            raise TransientError(f"{self._topic.name} could not be read in {timeout_s:g} s")
        self.raise_failure()

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def get(self, key: str) -> Message | None:
        with self._lock:
            return self._latest.get(key)

    def values(self) -> list[Message]:
        with self._lock:
            return list(self._latest.values())

    def subscribe(self, callback: Subscriber) -> None:
        """Hear of each key and its message (None: removed), first of those that are there. The
        calls come one after the other, those to come from the view's own thread.
        """
        with self._lock:
            for key, message in self._latest.items():
                callback(key, message)
            self._subscribers.append(callback)

    def _read(self) -> None:
        try:
            reader = self._broker.reader(self._topic.name, "first")
            try:
                self._follow(reader)
            finally:
                reader.close()
        except BaseException as error:  # noqa: BLE001 - raised again by `raise_failure`
            self._failure = error
            self._ready.set()

    def _follow(self, reader: LogReader) -> None:
        """The end of a compacted log may lie past its last record, so an empty poll behind it
        does not tell; `is_caught_up` does.
        """
        while not self._stopping.is_set():
            for record in reader.poll(POLL_RECORDS, POLL_S):
                self._apply(record)
            if not self._ready.is_set() and reader.is_caught_up():
                self._ready.set()

    def _apply(self, record: Record) -> None:
        if record.key is None:
            return
        key = record.key.decode(errors="replace")
        try:
            message = None if record.value is None else decode(self._topic, record.value)
        except DecodeError as error:
            log.warning("unreadable", topic=self._topic.name, key=key, error=str(error))
            return
        with self._lock:
            if message is None:
                self._latest.pop(key, None)
            else:
                self._latest[key] = message
            for callback in self._subscribers:
                callback(key, message)
