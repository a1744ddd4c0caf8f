"""Reads the topics that the live view shows, from their ends, and only while somebody watches."""

import threading
from collections.abc import Sequence

from schemas.base import Message
from schemas.codec import DecodeError, decode
from schemas.topics import CLIPS_LIVE, HEALTH, POSES, SCORES, Topic
from services.api.live.hub import Hub
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.streaming.broker import Broker, LogReader
from services.chassis.streaming.records import Record
from services.chassis.telemetry import logs, metrics

log = logs.get("live")
TOPICS = (CLIPS_LIVE, SCORES, POSES, HEALTH)
POLL_S = 0.2
AT_ONCE = 64
LINGERS_S = 15.0
"""After the last viewer left: a page that is reloaded finds the readers at work."""

RETRY_S = 2.0


class Feed:
    """A thread a topic while the hub has viewers. What cannot be decoded is passed over."""

    def __init__(self, broker: Broker, hub: Hub, clock: Clock) -> None:
        self._broker, self._hub, self._clock = broker, hub, clock
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads: dict[str, threading.Thread] = {}
        self.reading: set[str] = set()
        """Topics of which whatever comes from now on is seen."""

    def ensure(self) -> None:
        """Begin to read, unless it is being read already. Call it once the hub has a viewer."""
        with self._lock:
            for topic in TOPICS:
                if topic.name not in self._threads and not self._stopping.is_set():
                    self._begin(topic)

    def stop(self) -> None:
        self._stopping.set()
        for thread in list(self._threads.values()):
            thread.join()

    def _begin(self, topic: Topic) -> None:
        thread = threading.Thread(target=self._follow, args=(topic,), name=f"live-{topic.name}")
        self._threads[topic.name] = thread
        thread.start()

    def _follow(self, topic: Topic) -> None:
        """Until nobody watched for a while. An outage is waited out."""
        watched_s = self._clock.monotonic()
        while True:
            try:
                self._read(topic, watched_s)
            except TransientError as error:
                log.warning("trying again", topic=topic.name, error=str(error))
                self._clock.wait(RETRY_S, self._stopping)
            if self._is_through(topic):
                return
            watched_s = self._clock.monotonic()

    def _is_through(self, topic: Topic) -> bool:
        """Decided together with `ensure`, so that no viewer is left without a reader."""
        with self._lock:
            if self._hub.viewers and not self._stopping.is_set():
                return False
            del self._threads[topic.name]
            return True

    def _read(self, topic: Topic, watched_s: float) -> None:
        reader = self._broker.reader(topic.name, "end")
        self.reading.add(topic.name)
        try:
            while not self._stopping.is_set():
                now_s = self._clock.monotonic()
                watched_s = now_s if self._hub.viewers else watched_s
                if now_s - watched_s > LINGERS_S:
                    return
                self._take(topic, reader)
        finally:
            self.reading.discard(topic.name)
            reader.close()

    def _take(self, topic: Topic, reader: LogReader) -> None:
        records = reader.poll(AT_ONCE, POLL_S)
        messages = self._messages(topic, records)
        if messages:
            self._hub.take(messages, self._clock.monotonic())

    def _messages(self, topic: Topic, records: Sequence[Record]) -> list[Message]:
        """Those of watched sources: a clip of another is not even unpacked."""
        found = []
        for record in records:
            key = (record.key or b"").decode("utf-8", "replace")
            if record.value is None or not self._hub.is_watched(key):
                continue
            try:
                found.append(decode(topic, record.value))
            except DecodeError:
                metrics.count("records_skipped", topic.name)
        return found
