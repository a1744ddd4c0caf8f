"""The SQL engine: SQLite (WAL) embedded, MySQL/MariaDB by URL; one upsert on both."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from services.chassis.errors import TransientError

T = TypeVar("T")
TRIES = 5
DEADLOCK = 1213
"""MariaDB's number of it."""


class Deadlocked(TransientError):
    """The database chose this transaction to end a deadlock; done again it goes through."""


def connect(url: str) -> Engine:
    """An engine for the URL. Times are stored as UTC; the folder of a SQLite file is created."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(url, address.database)
    # What another writer committed must be seen once its locks are free: see `transaction`.
    return create_engine(
        url, pool_pre_ping=True, pool_recycle=1800, isolation_level="READ COMMITTED"
    )


def _sqlite(url: str, database: str | None) -> Engine:
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A connection whose work counts as a whole. Raises TransientError when the database is away,
    and Deadlocked.

    It may read before it writes: SQLite would give up at once when another writer came between, so
    there it takes its turn from the start.
    """
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
    except (OperationalError, InterfaceError) as error:
        is_deadlock = error.orig is not None and error.orig.args[:1] == (DEADLOCK,)
        fault = Deadlocked if is_deadlock else TransientError
        raise fault(f"database: {error.orig}") from error
    except NoConnectionFree as error:
        raise TransientError("database: no connection was free in time") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise TransientError(f"database: {error.orig}") from error
        raise


def transacted(engine: Engine, work: Callable[[Connection], T]) -> T:
    """What the work gives in a transaction, done again where a deadlock ended it. Raises
    TransientError.
    """
    for _ in range(TRIES - 1):
        try:
            with transaction(engine) as connection:
                return work(connection)
        except Deadlocked:
            continue
    with transaction(engine) as connection:
        return work(connection)


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    update: Sequence[str],
) -> None:
    """Insert rows; where the primary key is there already, set the columns of `update` to the new
    values. All rows have the same columns. One round trip a batch.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        lite = sqlite.insert(table)
        keys = [column.name for column in table.primary_key]
        connection.execute(
            lite.on_conflict_do_update(
                index_elements=keys, set_={name: lite.excluded[name] for name in update}
            )
            if update
            else lite.on_conflict_do_nothing(index_elements=keys),
            list(rows),
        )
        return
    maria = mysql.insert(table)
    names = update or [column.name for column in table.primary_key]
    connection.execute(
        maria.on_duplicate_key_update({name: maria.inserted[name] for name in names}), list(rows)
    )
