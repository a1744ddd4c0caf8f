"""A worker with recordings of a camera."""

from pathlib import Path

import pytest

from schemas.topics import FOOTAGE_REQUESTS, RECORDINGS
from services.chassis.streaming.memory import MemoryBroker
from services.ingest.recording.ring import RingBounds
from tests.footage import encoded
from tests.unit.ingest.recording.worker import Worker


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker([RECORDINGS, FOOTAGE_REQUESTS])


@pytest.fixture
def worker(tmp_path: Path, broker: MemoryBroker) -> Worker:
    return Worker(tmp_path / "recordings", broker, RingBounds())


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoded(tmp_path_factory.mktemp("camera") / "camera.ts", range(35))
