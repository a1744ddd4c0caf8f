"""Lets go of what the audit log has held for long enough: a duty (ADR 0031)."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine, select

from services.api.audit import audit_heads, prune
from services.api.principal import Principal
from services.chassis.clock import Clock
from services.chassis.storage.database import transaction
from services.chassis.telemetry import logs

log = logs.get("audit")
RESTS_S = 6 * 3600.0
AT_ONCE = 5_000
"""Rows of a chain in one transaction: as long as that lasts nobody of the tenant is recorded."""


class AuditPruning:
    """What it took away is a row itself, so a turn takes away nothing for less than a day's worth:
    otherwise a chain would be made of such rows in the end. `kept` None: everything, for ever.
    """

    def __init__(self, engine: Engine, clock: Clock, kept: timedelta | None) -> None:
        self._engine, self._clock, self._kept = engine, clock, kept

    def turn(self) -> float:
        """A bounded step of each tenant's chain; seconds until the next. Raises TransientError."""
        if self._kept is None:
            return RESTS_S
        day = self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        with transaction(self._engine) as connection:
            tenants = connection.scalars(select(audit_heads.c.tenant_id)).all()
        gone = [self._pruned(UUID(tenant), day - self._kept) for tenant in tenants]
        return 0.0 if AT_ONCE in gone else RESTS_S

    def _pruned(self, tenant_id: UUID, until: datetime) -> int:
        principal, now = Principal(tenant_id), self._clock.now()
        with transaction(self._engine) as connection:
            rows = prune(connection, principal, until, AT_ONCE, now)
        if rows:
            log.info("audit rows ran out of their time", tenant=str(tenant_id), rows=rows)
        return rows
