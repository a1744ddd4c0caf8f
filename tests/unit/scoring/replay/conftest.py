"""A broker with what was recorded live, and a store."""

import pytest

from schemas.topics import ALERTS, EMBEDDINGS, POLICIES, REPLAY_PROGRESS, SCORES, SOURCES
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.memory import MemoryBroker
from tests.unit.scoring.replay.archives import put_archive
from tests.unit.scoring.replay.jobs import ARCHIVED, TENANT
from tests.unit.scoring.replay.memory import put
from tests.unit.scoring.replay.test_core import HIGHS, footage


@pytest.fixture
def broker() -> MemoryBroker:
    topics = [EMBEDDINGS, SCORES, ALERTS, POLICIES, SOURCES, REPLAY_PROGRESS]
    broker = MemoryBroker(topics)
    put(broker, EMBEDDINGS, footage(HIGHS, sources=4))
    return broker


@pytest.fixture
def store() -> MemoryObjects:
    store = MemoryObjects()
    put_archive(store, TENANT, ARCHIVED)
    return store
