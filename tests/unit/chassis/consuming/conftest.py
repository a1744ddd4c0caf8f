"""The broker of these tests."""

import pytest

from schemas.topics import EMBEDDINGS, SCORES, SOURCES
from services.chassis.streaming.memory import MemoryBroker


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker([EMBEDDINGS, SCORES, SOURCES])
