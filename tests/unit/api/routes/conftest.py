"""The world of the routes: made once for the tests of a module, and put back after each."""

from collections.abc import Iterator

import pytest

from tests.unit.api.conftest import apis
from tests.unit.api.routes.world import World, created


@pytest.fixture(scope="module")
def first_world(empty_database: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An application takes long to make, so all tests have the same."""
    with apis(empty_database, tmp_path_factory.mktemp("matrix")) as make_api:
        yield created(make_api)


@pytest.fixture
def world(first_world: World) -> Iterator[World]:
    """As it was made: whatever a test does to it is undone."""
    kept = first_world.snapshot()
    yield first_world
    first_world.restore(*kept)
