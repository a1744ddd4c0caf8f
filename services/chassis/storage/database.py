"""The SQL engine: SQLite (WAL) embedded, MySQL/MariaDB by URL; one upsert on both."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from services.chassis.errors import TransientError


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
    or chose this transaction to end a deadlock.

    It may read before it writes: SQLite would give up at once when another writer came between, so
    there it takes its turn from the start.
    """
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
    except (OperationalError, InterfaceError) as error:
        raise TransientError(f"database: {error.orig}") from error
    except NoConnectionFree as error:
        raise TransientError("database: no connection was free in time") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise TransientError(f"database: {error.orig}") from error
        raise


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
