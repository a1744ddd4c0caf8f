"""What a service gives to the consume loop."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from threading import Event
from typing import Any

from schemas.base import Message
from services.chassis.streaming.records import Incoming, Outgoing, Partition, Record
from services.chassis.telemetry import logs

log = logs.get("handler")


class Cancelled(Exception):
    """Long work was asked to stop and did: its batch does not count and is handled again."""


class Handler:
    """One service's reaction to records. `prepare` runs on a pool of threads, several at a time,
    and overlaps with `handle`; all other methods but `hand_over` run in one thread, one after the
    other.

    `handle` and `prepare` may raise InvalidMessage, `handle` and `tick` TransientError: then they
    are called again. When a batch of several records raises InvalidMessage, they are handled again
    one by one. So outputs must be upserts, and state is kept only once `settle` is called.
    """

    def is_wanted(self, record: Record) -> bool:
        """Called by the polling thread. What is not wanted is not decoded: it comes to `handle`
        without a message.
        """
        return True

    def is_resting(self) -> bool:
        """Called by the polling thread: whether no record is wanted, whatever comes. Then none is
        fetched, and what comes meanwhile is passed over as if it had been handled.
        """
        return False

    def prepare(self, message: Message) -> Any:
        """Work on a single message that needs no order and no state, e.g. decoding its frames."""

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        """React to records in order. Long work looks at `cancelled` and raises Cancelled.

        Records that are `again` were handled in an earlier life: they rebuild the state, and
        nothing may be put out for them.
        """
        raise NotImplementedError

    def tick(self, now: datetime) -> Iterable[Outgoing]:
        """About once a second between batches, also when nothing comes: what time alone brings.

        Its outputs are acknowledged, then `settle` is called, as after a batch.
        """
        return ()

    def settle(self) -> None:
        """All that the latest `handle` or `tick` put out is acknowledged: keep the state it led
        to.
        """

    def held(self) -> Mapping[Partition, int]:
        """Offsets that a restart must see again: commits stay below them."""
        return {}

    def forget(self, partitions: Collection[Partition]) -> None:
        """Those partitions belong to another member now: drop what is kept of them."""

    def hand_over(self, partitions: Collection[Partition]) -> None:
        """Those partitions are about to belong to another member, or do since an outage in which
        this one was not heard of: return once nothing is at work
        for them outside the loop. The only method that runs in the polling thread: the others may
        be at work meanwhile, with records of those partitions too, until `forget` is called.
        """

    def lost(self, partition: Partition, first: int, last: int) -> None:
        """Kafka deleted records `first` to `last` before this group read them. The records after
        them come next.
        """
        log.error(
            "Kafka deleted records before they were read",
            topic=partition.topic,
            partition=partition.number,
            first=first,
            last=last,
        )
