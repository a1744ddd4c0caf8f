"""The bounded hand-over between reader and worker, with a pause for rebalances."""

import threading
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from services.chassis.streaming.records import Incoming, Partition, Record


@dataclass(frozen=True)
class Rejected:
    """A record nobody can use. Only the topic's dead-letter owner writes it down."""

    record: Record
    reason: str
    owned: bool


Item = Incoming | Rejected


class Inbox:
    """First in, first out. At most one batch is out at a time; `pause` waits until it is back."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()
        self._busy = self._paused = self._closed = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item) -> None:
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    def take(self, most: int) -> list[Item]:
        """Wait for items and take up to `most`; empty once closed. Call `give_back` afterwards."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or (self._items and not self._paused))
            if self._closed:
                return []
            self._busy = True
            batch = [self._items.popleft() for _ in range(min(most, len(self._items)))]
            self._changed.notify_all()
            return batch

    def wait_for_room(self, most: int, timeout_s: float) -> bool:
        """Whether fewer than `most` wait, now or within the time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._closed or len(self._items) < most, timeout_s
            )

    def give_back(self, unfinished: Iterable[Item] = ()) -> None:
        """The batch is over; what was not finished goes to the front, in its order."""
        with self._changed:
            self._items.extendleft(reversed(list(unfinished)))
            self._busy = False
            self._changed.notify_all()

    def pause(self) -> None:
        with self._changed:
            self._paused = True
            self._changed.wait_for(lambda: not self._busy)

    def resume(self, without: Collection[Partition]) -> None:
        """Go on, less the records of partitions that are no longer ours."""
        with self._changed:
            kept = [item for item in self._items if item.record.partition not in without]
            self._items = deque(kept)
            self._paused = False
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
