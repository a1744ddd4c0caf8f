"""Fixtures of the API on MariaDB: cases of the unit suite run on them as they are."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select

from services.api.access.tenants import ensure_default
from services.api.tables import metadata
from services.chassis.storage import database
from services.chassis.storage.database import transaction
from services.chassis.storage.migrations import upgrade
from tests.servers import MariaServer
from tests.unit.api.conftest import NOW, Api, apis_on

__all__ = ["make_api", "migrated"]


@pytest.fixture(scope="module")
def migrated(mariadb: MariaServer, request: pytest.FixtureRequest) -> Iterator[Engine]:
    url = mariadb.fresh_database(request.module.__name__.rpartition(".")[2])
    upgrade(url)
    engine = database.connect(url)
    yield engine
    engine.dispose()


@pytest.fixture
def make_api(migrated: Engine, tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """As the unit suite's, on MariaDB; what a test wrote goes, since a migration takes seconds."""
    ensure_default(migrated, NOW)
    with apis_on(migrated, tmp_path) as make:
        yield make
    with transaction(migrated) as connection:
        for table in metadata.sorted_tables:
            if connection.execute(select(table).limit(1)).first() is not None:
                connection.execute(delete(table))
