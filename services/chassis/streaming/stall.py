"""Notices a consumer that receives nothing although there is something to receive.

Seen once with librdkafka after its broker was killed; a new process goes on at the commit.
"""

import time
from collections.abc import Callable, Mapping

from services.chassis.errors import TransientError
from services.chassis.streaming.broker import Bounds
from services.chassis.streaming.records import Partition

LOOK_AFTER_S = 20.0


class ConsumerStalled(Exception):
    """Twice in a row the consumer was quiet with records before it."""


class StallWatch:
    """`heard` at each record, `check` while there is none.

    `positions` gives the next offset of each partition that is read, `bounds` what it holds.
    """

    def __init__(
        self,
        positions: Callable[[], Mapping[Partition, int]],
        bounds: Callable[[Partition], Bounds],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._positions, self._bounds, self._now = positions, bounds, now
        self._checked_at, self._suspected = now(), False

    def heard(self) -> None:
        self._checked_at, self._suspected = self._now(), False

    def check(self) -> None:
        """Asks after every so many quiet seconds. Raises ConsumerStalled."""
        if self._now() - self._checked_at < LOOK_AFTER_S:
            return
        behind = self._behind()
        if behind and self._suspected:
            raise ConsumerStalled(f"nothing comes, though there is more in {', '.join(behind)}")
        self._checked_at, self._suspected = self._now(), bool(behind)

    def _behind(self) -> list[str]:
        try:
            return [
                f"{partition.topic}/{partition.number}"
                for partition, offset in self._positions().items()
                if self._bounds(partition).end > offset
            ]
        except TransientError:
            return []  # Kafka is away: then nothing can come
