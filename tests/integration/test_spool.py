"""A camera's spool on real Kafka that freezes: nothing is lost, and what is live goes first."""

import os
import signal
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from schemas.clips import ClipRecorded
from schemas.codec import decode
from schemas.topics import CLIPS_BULK, CLIPS_LIVE, Topic
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.records import Record
from services.chassis.streaming.topics import TopicAdmin, registry
from services.ingest.config import IngestSettings
from services.ingest.spool.connect import connect_spool
from services.ingest.spool.sender import Spool
from services.local.stack import LocalStack
from tests.builders import SOURCE, clip
from tests.waiting import wait_until

pytestmark = pytest.mark.integration
STEP_S = 0.25


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[LocalStack]:
    """A Kafka of this test alone: it is frozen."""
    with LocalStack.infrastructure(tmp_path / "stack", ["kafka"]) as stack:
        TopicAdmin(KafkaSettings(kafka_bootstrap=stack.bootstrap)).apply(registry())
        yield stack


class Camera(threading.Thread):
    """Puts a clip every quarter of a second, whatever becomes of Kafka."""

    def __init__(self, spool: Spool) -> None:
        super().__init__()
        self._spool, self.count = spool, 0
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(STEP_S):
            self._spool.put(CLIPS_LIVE, clip(self.count, source_kind="camera"))
            self.count += 1

    def stop(self) -> int:
        self._stopped.set()
        self.join()
        return self.count


def test_kafka_that_freezes_gets_everything_afterwards(stack: LocalStack, tmp_path: Path) -> None:
    settings = IngestSettings(kafka_bootstrap=stack.bootstrap, state_dir=tmp_path / "state")
    spool = connect_spool(settings, SOURCE)
    spool.start()
    camera = Camera(spool)
    camera.start()
    try:
        wait_until(lambda: camera.count > 8)
        kafka = stack.pid("kafka")
        assert kafka
        os.kill(kafka, signal.SIGSTOP)
        try:
            wait_until(lambda: spool.state().is_away)
            wait_until(lambda: spool.state().late_clips > 20)
        finally:
            os.kill(kafka, signal.SIGCONT)
        wait_until(lambda: not spool.state().is_away)
        frozen_until = camera.count
        wait_until(lambda: camera.count > frozen_until + 8)
    finally:
        count = camera.stop()
    wait_until(lambda: spool.state().waiting == 0, 120)
    spool.stop()
    spool.raise_failure()

    live, late = (read(settings, topic) for topic in (CLIPS_LIVE, CLIPS_BULK))
    assert {one.index for one in (*live, *late)} == set(range(count))
    assert all(one.is_late for one in late)
    assert not any(one.is_late for one in live)
    for sequence in (live, late):
        assert all(first.index <= second.index for first, second in pairwise(sequence))
    assert live[-1].index == count - 1
    assert spool.state().dropped == 0


def read(settings: IngestSettings, topic: Topic) -> list[ClipRecorded]:
    """All that lies on the topic, by a client that saw no outage."""
    reader = KafkaBroker(settings).reader(topic.name, "first")
    records: list[Record] = []
    wait_until(lambda: records.extend(reader.poll(500, 0.2)) or reader.is_caught_up())
    reader.close()
    found = [decode(topic, one.value) for one in records]
    return [one for one in found if isinstance(one, ClipRecorded)]
