"""A line of the archive on fakes."""

from collections.abc import Iterator

import pytest

from services.chassis.storage.objects import MemoryObjects
from tests.unit.scoring.archive.builders import DOOR, TILL, Line, camera


@pytest.fixture
def store() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def line(store: MemoryObjects) -> Iterator[Line]:
    """Both cameras are configured."""
    made = Line(store)
    made.configure(camera(TILL), camera(DOOR))
    yield made
    made.close()
