"""When anything of a tenant changed that may matter to whoever is let in: all of it stands in the
audit log, whose heads are a row a tenant and cheap to read, for a thousand listeners at once.
"""

import threading
from uuid import UUID

from sqlalchemy import Engine, select

from services.api.audit import audit_heads
from services.chassis.clock import Clock

OLD_AFTER_S = 0.5


class AccessChanges:
    """Safe between threads; `refresh` reads the table, all else is at once."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._lock = threading.Lock()
        self._ends: dict[str, int] = {}
        self._read_s = float("-inf")

    @property
    def is_old(self) -> bool:
        return self._clock.monotonic() - self._read_s > OLD_AFTER_S

    def refresh(self) -> None:
        """Read the table, unless another thread just did. Raises SQLAlchemy's errors."""
        with self._lock:
            if not self.is_old:
                return
            columns = audit_heads.c.tenant_id, audit_heads.c.sequence
            with self._engine.connect() as connection:
                self._ends = {
                    row.tenant_id: row.sequence for row in connection.execute(select(*columns))
                }
            self._read_s = self._clock.monotonic()

    def version(self, tenant_id: UUID) -> int:
        """Of what is recorded of the tenant: another one means that something changed."""
        return self._ends.get(str(tenant_id), 0)
