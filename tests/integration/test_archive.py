"""The archive as a process on real Kafka and S3: kill -9, and what lay on the log is there once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas.embeddings import EmbeddingExtracted
from schemas.topics import EMBEDDINGS, SOURCES
from services.chassis.settings import ServiceSettings
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.scoring.archive.reading import Archive
from tests.integration.processes import environment, process
from tests.unit.scoring.archive.builders import DOOR, TILL, camera, embedding, wanted
from tests.waiting import wait_until

pytestmark = pytest.mark.integration
ROWS = 400


@contextmanager
def archiving(settings: ServiceSettings, folder: Path) -> Iterator[None]:
    surroundings = environment(settings, folder, archive_flush_s="2")
    with process("services.scoring.archive", surroundings, folder / "archive.log"):
        yield


def publish(settings: ServiceSettings, messages: list[EmbeddingExtracted]) -> None:
    publisher = KafkaPublisher(settings, "test")
    for message in messages:
        publisher.publish(Outgoing(EMBEDDINGS, message))
    publisher.flush()


def test_kill_9_loses_and_doubles_nothing(settings: ServiceSettings, tmp_path: Path) -> None:
    publisher = KafkaPublisher(settings, "test")
    for source_id in (TILL, DOOR):
        publisher.publish(Outgoing(SOURCES, camera(source_id)))
    publisher.flush()
    of_till = [embedding(n, dim=64) for n in range(ROWS)]
    of_door = [embedding(n, dim=64, source_id=DOOR) for n in range(ROWS)]
    archive = Archive(S3Objects.connect(settings))

    def found() -> list[EmbeddingExtracted]:
        return [one for rows in archive.embeddings(wanted()) for one in rows.messages()]

    with archiving(settings, tmp_path):
        publish(settings, of_till[: ROWS // 2] + of_door[: ROWS // 2])
        wait_until(lambda: archive.plan(wanted()).rows > 0, 120)
        publish(settings, of_till[ROWS // 2 : -100] + of_door[ROWS // 2 : -100])
    with archiving(settings, tmp_path):
        publish(settings, of_till[-100:] + of_door[-100:])
        wait_until(lambda: len(found()) >= 2 * ROWS, 120)
    assert found() == of_till + of_door
