"""All that listeners of one process share: a reader and a log a topic, and who is to be woken."""

import asyncio
import threading
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from services.api.events.content import TOPICS
from services.api.events.directory import Directory
from services.api.events.feed import Feed
from services.api.events.log import TopicLog
from services.chassis.clock import Clock
from services.chassis.streaming.broker import Broker, LogReader

MOST_LISTENERS = 1_000
"""Of one instance; further ones are asked to come again."""
READ_ALONE = 8
"""So many listeners that are far behind read topics by themselves at once; others wait."""


class TooManyListeners(Exception):
    """The text is one sentence."""


class Waker:
    """`changed` is set, in the listener's loop, when there may be news."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def wake(self) -> None:
        """From any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.changed.set)


class EventHub:
    """Belongs to one process. `close` ends all streams, `stop` also the threads."""

    def __init__(self, broker: Broker, directory: Directory, clock: Clock) -> None:
        self.directory = directory
        self._broker = broker
        self.logs: Mapping[str, TopicLog] = {kind: TopicLog() for kind in TOPICS}
        self._feeds = {
            kind: Feed(kind, broker, log, self._wake, clock) for kind, log in self.logs.items()
        }
        self._lock = threading.Lock()
        self._wakers: dict[str, set[Waker]] = {kind: set() for kind in TOPICS}
        self._count = 0
        self.alone = threading.BoundedSemaphore(READ_ALONE)
        self.threads = ThreadPoolExecutor(READ_ALONE, thread_name_prefix="events-alone")
        self.is_closing = False

    @contextmanager
    def listening(self, kinds: Collection[str]) -> Iterator[Waker]:
        """Be woken by news of these kinds. In an event loop. Raises TooManyListeners."""
        waker = Waker()
        with self._lock:
            if self._count >= MOST_LISTENERS:
                raise TooManyListeners("Too many listen to events at once; come again later.")
            self._count += 1
            for kind in kinds:
                self._wakers[kind].add(waker)
        try:
            for kind in kinds:
                self._feeds[kind].ensure()
            yield waker
        finally:
            with self._lock:
                self._count -= 1
                for kind in kinds:
                    self._wakers[kind].discard(waker)

    def reader(self, kind: str, positions: Mapping[int, int]) -> LogReader:
        """For one who is far behind. Raises TransientError."""
        return self._broker.reader(TOPICS[kind].name, positions)

    def close(self) -> None:
        """Streams end, so that their listeners come back elsewhere."""
        self.is_closing = True
        for kind in TOPICS:
            self._wake(kind)

    def stop(self) -> None:
        self.close()
        for feed in self._feeds.values():
            feed.stop()
        self.threads.shutdown()

    def _wake(self, kind: str) -> None:
        with self._lock:
            wakers = list(self._wakers[kind])
        for waker in wakers:
            waker.wake()
