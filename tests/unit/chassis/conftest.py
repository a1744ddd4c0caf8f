"""A broker in memory with what a stateful stream reads and writes."""

import pytest

from schemas.topics import SCORES
from services.chassis.streaming.memory import MemoryBroker
from tests.unit.chassis.counting import TOPICS


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker([*TOPICS, SCORES])
