"""The live view as the routes use it: a hub, and a feed that runs while somebody watches."""

from collections.abc import Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from services.api.cameras.views import ConditionView
from services.api.live.feed import Feed
from services.api.live.hub import Hub, Viewer
from services.chassis.clock import Clock
from services.chassis.streaming.broker import Broker

PICTURES_AT_ONCE = 2
"""Threads that decode pictures and hide faces in them, for all sockets together."""
MOST_VIEWERS = 64
"""Sockets of one instance; further ones are asked to come again."""


class TooManyViewers(Exception):
    """The text is one sentence."""


class LiveView:
    """Belongs to one process. `stop` it at the end."""

    def __init__(self, broker: Broker, clock: Clock) -> None:
        self.clock = clock
        self.pool = ThreadPoolExecutor(PICTURES_AT_ONCE, thread_name_prefix="live-pictures")
        self._hub = Hub()
        self._feed = Feed(broker, self._hub, clock)

    @contextmanager
    def watching(
        self,
        conditions: Mapping[str, Sequence[ConditionView]],
        hidden: Set[str] = frozenset(),
    ) -> Iterator[Viewer]:
        """Eyes on these sources, with what is wrong with each now; on some of them with hidden
        faces only. Raises TooManyViewers.
        """
        if self._hub.viewers >= MOST_VIEWERS:
            raise TooManyViewers("Too many pages show live pictures at once; close one of them.")
        with self._hub.watching(conditions, hidden) as viewer:
            self._feed.ensure()
            yield viewer

    def stop(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)
        self._feed.stop()
