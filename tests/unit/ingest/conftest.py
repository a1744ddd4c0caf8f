"""Uploads, and jobs on them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.ingest.bench import Bench
from tests.unit.ingest.uploads import Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    made.lanes.start()
    yield made
    made.gate.opened.set()
    made.lanes.stop()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
