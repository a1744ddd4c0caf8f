"""Days of the archive that are too old, by whose rules: parts go as wholes, unless held."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine, select

from schemas.archive import KINDS, Part, tenant_prefix
from services.api import holds
from services.api.access.tables import tenants
from services.api.archived.parts import bounds
from services.api.config import Keeping
from services.api.keeping.cuts import Layer
from services.api.keeping.rules import Origin, RetentionRules, in_force
from services.chassis.storage.database import transaction
from services.chassis.storage.objects import ObjectStore
from services.chassis.telemetry import logs

log = logs.get("retention")
EVERY = timedelta(hours=1)
AT_ONCE = 2_000
DAY = timedelta(days=1)


class ArchiveExpiry:
    """Lists the archive of every tenant once an hour; what the rules of a part's own store say
    holds, wherever its source has been moved to.
    """

    def __init__(self, engine: Engine, store: ObjectStore, keeping: Keeping) -> None:
        self._engine, self._store, self._keeping = engine, store, keeping
        self._next_at: datetime | None = None

    def turn(self, now: datetime, layers: list[Layer]) -> bool:
        """Delete what is too old; whether there may be more. Raises TransientError."""
        if self._next_at is not None and now < self._next_at:
            return False
        count = 0
        for part in self._old(now, layers):
            if self._is_free(part):
                self._store.delete(part.key)
                count += 1
            if count == AT_ONCE:
                return True
        if count:
            log.info("parts of the archive expired", count=count)
        self._next_at = now + EVERY
        return False

    def _old(self, now: datetime, layers: list[Layer]) -> Iterator[Part]:
        by_scope = {(layer.scope, layer.scope_id): layer.rules for layer in layers}
        with transaction(self._engine) as connection:
            names = list(connection.scalars(select(tenants.c.tenant_id)))
        for name in names:
            for kind in KINDS:
                for info in self._store.list(tenant_prefix(kind, UUID(name))):
                    part = Part.read(info.key)
                    if part is not None and self._is_old(part, by_scope, now):
                        yield part

    def _is_old(
        self, part: Part, by_scope: dict[tuple[str, str], RetentionRules], now: datetime
    ) -> bool:
        scopes: dict[Origin, UUID] = {"tenant": part.of.tenant_id, "store": part.of.store_id}
        mine = {
            origin: by_scope[origin, str(scope_id)]
            for origin, scope_id in scopes.items()
            if (origin, str(scope_id)) in by_scope
        }
        days = in_force(self._keeping, "archive", mine).days
        return days is not None and bounds(part)[1] <= now - days * DAY

    def _is_free(self, part: Part) -> bool:
        begin, end = bounds(part)
        with transaction(self._engine) as connection:
            return not holds.holding(connection, str(part.of.source_id), begin, end + DAY)
