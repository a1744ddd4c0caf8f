"""A projector on every database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from services.chassis.storage import database
from services.chassis.storage.migrations import upgrade
from tests.integration.api.projection import Project


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    upgrade(database_url)
    engine = database.connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def project(engine: Engine) -> Project:
    return Project(engine)
