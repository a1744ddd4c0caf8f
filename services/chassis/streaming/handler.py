"""What a service gives to the consume loop."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from threading import Event
from typing import Any

from schemas.base import Message
from services.chassis.streaming.records import Incoming, Outgoing, Partition


class Cancelled(Exception):
    """Long work was asked to stop and did: its batch does not count and is handled again."""


class Handler:
    """One service's reaction to records. `prepare` runs in the reader's thread and overlaps with
    `handle`, which runs in the worker's; the other methods run while the worker is idle.

    `handle` and `prepare` may raise InvalidMessage, `handle` TransientError too: then the batch is
    handled again. When a batch of several records raises InvalidMessage, they are handled again one
    by one. So outputs must be upserts, and state is kept only once `settle` is called.
    """

    def prepare(self, message: Message) -> Any:
        """Work on a single message that needs no order and no state, e.g. decoding its frames."""

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        """React to records in order. Long work looks at `cancelled` and raises Cancelled."""
        raise NotImplementedError

    def settle(self) -> None:
        """All that the latest `handle` put out is acknowledged: keep the state it led to."""

    def held(self) -> Mapping[Partition, int]:
        """Offsets that a restart must see again: commits stay below them."""
        return {}

    def forget(self, partitions: Collection[Partition]) -> None:
        """Those partitions belong to somebody else now: drop what is known of them."""
