"""Bring a database to the current tables. Several processes may ask at once: one does it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from services.chassis.errors import TransientError
from services.chassis.storage import database

LOCK_NAME = "nightclerk.migrations"
LOCK_WAIT_S = 120


def upgrade(url: str, revision: str = "head") -> None:
    """Run what is missing; nothing when all is there. Raises TransientError when another process
    holds the lock too long, SQLAlchemy's OperationalError when the database is away.
    """
    engine = database.connect(url)
    try:
        with _alone(engine), engine.connect() as connection:
            command.upgrade(configuration(connection), revision)
            connection.commit()
    finally:
        engine.dispose()


def configuration(connection: Connection) -> Config:
    """Alembic's settings for an open connection; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    if engine.dialect.name == "sqlite":
        with _file_lock(engine.url.database):
            yield
        return
    with engine.connect() as connection:
        taken = connection.scalar(text("SELECT GET_LOCK(:name, :wait)"), _LOCK)
        if taken != 1:
            raise TransientError("another process has been migrating the database for too long")
        try:
            yield
        finally:
            connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": LOCK_NAME})


_LOCK = {"name": LOCK_NAME, "wait": LOCK_WAIT_S}


@contextmanager
def _file_lock(database_path: str | None) -> Iterator[None]:
    """The lock falls when the process ends, however it ends."""
    if not database_path or database_path == ":memory:":
        yield
        return
    path = Path(f"{database_path}.migrating")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
