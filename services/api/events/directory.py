"""Whose each source is, in memory: every event is looked up for every listener."""

import threading

from sqlalchemy import Engine, select

from services.api.models.tables import deployment_scopes
from services.api.principal import Principal
from services.api.replays.tables import replays
from services.api.tables import removed_sources, sources
from services.api.targets.tables import targets
from services.chassis.clock import Clock

RESTS_S = 0.5
"""It is read no more often, however many unknown sources come."""
OLD_AFTER_S = 5.0
"""So long after a source was given to another store its events go on to the old one's people."""

_TARGETS = select(targets.c.target_id, targets.c.tenant_id, targets.c.store_id)
"""Tests of a target are told under its own id."""

_REPLAYS = select(replays.c.run, replays.c.tenant_id)
"""Told under the name of their run; to whoever sees all of the tenant."""

_SCOPES = select(
    deployment_scopes.c.scope_id, deployment_scopes.c.tenant_id, deployment_scopes.c.store_id
)
"""Of deployments, told under the tenant's or the store's own id."""

Owner = tuple[str | None, str | None]


class Directory:
    """Safe between threads; `refresh` reads the tables, all else is at once."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._lock = threading.Lock()
        self._owners: dict[str, Owner] = {}
        self._removed: frozenset[str] = frozenset()
        self._read_s = float("-inf")

    def knows(self, source_id: str) -> bool:
        return source_id in self._owners or source_id in self._removed

    @property
    def is_old(self) -> bool:
        return self._clock.monotonic() - self._read_s > OLD_AFTER_S

    def refresh(self) -> None:
        """Read the tables, unless that was done a moment ago. Raises SQLAlchemy's errors."""
        with self._lock:
            if self._clock.monotonic() - self._read_s < RESTS_S:
                return
            columns = sources.c
            query = select(
                columns.source_id, columns.tenant_id, columns.store_id, columns.is_being_removed
            )
            with self._engine.connect() as connection:
                rows = connection.execute(query).all()
                tested = connection.execute(_TARGETS).all()
                again = connection.execute(_REPLAYS).all()
                scopes = connection.execute(_SCOPES).all()
                gone = set(connection.scalars(select(removed_sources.c.source_id)))
            owners = {row.source_id: (row.tenant_id, row.store_id) for row in rows}
            owners |= {row.run: (row.tenant_id, None) for row in again}
            owners |= {row.scope_id: (row.tenant_id, row.store_id) for row in scopes}
            self._owners = owners | {row[0]: (row[1], row[2]) for row in tested}
            self._removed = frozenset(gone | {row[0] for row in rows if row.is_being_removed})
            self._read_s = self._clock.monotonic()

    def store_of(self, source_id: str) -> str | None:
        return self._owners.get(source_id, (None, None))[1]

    def may_see(self, principal: Principal, source_id: str) -> bool:
        """A source of which no table knows is the machine's operator's to see."""
        if source_id in self._removed:
            return False
        return principal.may_see(*self._owners.get(source_id, (None, None)))
