"""What keeping.v1 says of sources: which stretches are under legal hold, so that their evidence
stays, and whose faces are hidden in mails.

Of a single alert that is held an object in the store says so (`ids.hold_key`).
"""

import threading
from uuid import UUID

from schemas.alerts import Alert
from schemas.base import Message
from schemas.keeping import HeldStretch, KeepingConfigured


class HeldStretches:
    """`on_keeping` hears of every source, as a view of keeping.v1 does, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[UUID, tuple[HeldStretch, ...]] = {}
        self._hidden: set[UUID] = set()

    def on_keeping(self, key: str, message: Message | None) -> None:
        """Something holds for a source, or nothing any more where there is no message."""
        try:
            source_id = UUID(key)
        except ValueError:
            return
        with self._lock:
            self._held.pop(source_id, None)
            self._hidden.discard(source_id)
            if isinstance(message, KeepingConfigured):
                self._held[source_id] = message.held
                if message.hides_faces:
                    self._hidden.add(source_id)

    def hides_faces(self, source_id: UUID) -> bool:
        """Whether its pictures leave the house with hidden faces only."""
        with self._lock:
            return source_id in self._hidden

    def covers(self, alert: Alert) -> bool:
        """Whether a part of the episode is held."""
        with self._lock:
            held = self._held.get(alert.source_id, ())
        begin, end = alert.moment(alert.start_s), alert.moment(alert.end_s)
        return any(each.since_at <= end and each.until_at >= begin for each in held)
