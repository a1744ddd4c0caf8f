"""The sources that alerts are about: what people call them, and which were removed."""

import threading
from typing import Protocol
from uuid import UUID

from schemas.base import Message
from schemas.hours import StoreHours
from schemas.policies import PolicySet
from schemas.sources import SourceConfigured
from services.alerts.core.recipients import Place
from services.alerts.evidence_queue import EvidenceQueue
from services.alerts.ledger import Ledger
from services.chassis.clock import Clock
from services.chassis.telemetry import logs

log = logs.get("sources")
IDLE_S = 30.0
FILES = "folder:"
"""What the address of a drop folder begins with."""


class SourceView(Protocol):
    """The latest message of every source, by the source's id."""

    def get(self, key: str) -> Message | None: ...


class Nothing:
    """A view in which nothing is."""

    def get(self, key: str) -> Message | None:
        return None


class Sources:
    """`on_source` is told of every source by the view of sources.v1, from any thread; `policies` is
    the view of policies.v1.
    """

    def __init__(self, view: SourceView, policies: SourceView | None = None) -> None:
        self._view, self._policies = view, policies or Nothing()
        self._lock = threading.Lock()
        self._removed: set[UUID] = set()
        self._pending: dict[UUID, None] = {}

    def on_source(self, key: str, message: Message | None) -> None:
        """A source was configured, or removed when there is no message."""
        try:
            source_id = UUID(key)
        except ValueError:
            return
        with self._lock:
            if message is None:
                self._removed.add(source_id)
                self._pending[source_id] = None
            else:
                self._removed.discard(source_id)
                self._pending.pop(source_id, None)

    def name(self, source_id: UUID) -> str:
        """The camera's name or the uploaded file's; empty when nobody said."""
        source = self._view.get(str(source_id))
        return source.name if isinstance(source, SourceConfigured) else ""

    def place(self, source_id: UUID) -> Place:
        """Where it belongs to, by which clock, and until when nobody wants to hear of it."""
        source, policy = self._view.get(str(source_id)), self._policies.get(str(source_id))
        in_force = policy if isinstance(policy, PolicySet) else None
        snoozed = in_force.snoozed_until if in_force else None
        if not isinstance(source, SourceConfigured):
            return Place(snoozed_until=snoozed)
        hours = in_force.hours if in_force else StoreHours()
        return Place(source.tenant_id, source.store_id, snoozed, hours.time_zone)

    def is_recorded(self, source_id: UUID) -> bool:
        """Whether a camera's recordings are worth waiting for; so they are while nobody said. Of
        files that are dropped into a folder there are none.
        """
        source = self._view.get(str(source_id))
        if not isinstance(source, SourceConfigured):
            return True
        if (source.address or "").startswith(FILES):
            return False
        return source.camera is None or source.camera.recording != "off"

    def is_removed(self, source_id: UUID) -> bool:
        with self._lock:
            return source_id in self._removed

    def next_removed(self) -> UUID | None:
        """A source whose removal is still to be carried out; the same until `carried_out`."""
        with self._lock:
            return next(iter(self._pending), None)

    def carried_out(self, source_id: UUID) -> None:
        with self._lock:
            self._pending.pop(source_id, None)


class Removal:
    """Lets go of removed sources: nothing more is sent, and their evidence is deleted. The topic
    tells of a removal again after a restart, and doing it twice changes nothing.
    """

    def __init__(
        self, sources: Sources, ledger: Ledger, queue: EvidenceQueue, clock: Clock
    ) -> None:
        self._sources, self._ledger, self._queue, self._clock = sources, ledger, queue, clock

    def turn(self) -> float:
        """Raises TransientError when the database is away."""
        while (source_id := self._sources.next_removed()) is not None:
            cancelled = self._ledger.cancel(source_id)
            removed = self._queue.remove(source_id, self._clock.now().timestamp())
            self._sources.carried_out(source_id)
            if cancelled or removed:
                log.info(
                    "source removed",
                    source_id=str(source_id),
                    deliveries_cancelled=cancelled,
                    evidence_removed=removed,
                )
        return IDLE_S
