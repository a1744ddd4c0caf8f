"""Leases in the database: which of several instances carries a duty out.

Expiry is by wall clock, so the instances' clocks must agree to well within `duration_s`. The
table comes with the migrations.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Column, Connection, Double, Engine, MetaData, String, Table, and_, or_
from sqlalchemy.exc import IntegrityError, OperationalError

from services.chassis.clock import Clock
from services.chassis.errors import TransientError

metadata = MetaData()

leases = Table(
    "leases",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("holder", String(128), nullable=False),
    Column("expires_at", Double, nullable=False),
    mysql_engine="InnoDB",
)


class SqlLease:
    """The lease `name`, held or wanted by `holder`, which no other instance may be called."""

    def __init__(
        self, engine: Engine, name: str, holder: str, clock: Clock, duration_s: float = 60.0
    ) -> None:
        self._engine, self._name, self._holder = engine, name, holder
        self._clock, self.duration_s = clock, duration_s

    def acquire(self) -> bool:
        now = self._clock.now().timestamp()
        with self._transaction() as connection:
            return self._renew(connection, now) or self._insert(connection, now)

    def release(self) -> None:
        mine = and_(leases.c.name == self._name, leases.c.holder == self._holder)
        with self._transaction() as connection:
            connection.execute(leases.delete().where(mine))

    def _renew(self, connection: Connection, now: float) -> bool:
        free = or_(leases.c.holder == self._holder, leases.c.expires_at <= now)
        taken = connection.execute(
            leases.update().where(leases.c.name == self._name, free).values(self._row(now))
        )
        return taken.rowcount == 1

    def _insert(self, connection: Connection, now: float) -> bool:
        """False when the lease is another's, which may have taken it in this very moment."""
        try:
            with connection.begin_nested():
                connection.execute(leases.insert().values(name=self._name, **self._row(now)))
        except IntegrityError:
            return False
        return True

    def _row(self, now: float) -> dict[str, str | float]:
        return {"holder": self._holder, "expires_at": now + self.duration_s}

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as error:
            raise TransientError(f"the database does not answer: {error.orig}") from error
