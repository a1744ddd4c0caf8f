"""A camera with a spool."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.ingest.spool.camera import Camera


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    camera = Camera(tmp_path)
    yield camera
    camera.kill()
