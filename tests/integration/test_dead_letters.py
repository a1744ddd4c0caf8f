"""Dead letters on real Kafka: collected, read where they lie, put back byte for byte."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from schemas import groups
from schemas.topics import SCORES, dead_letters
from services.api.deadletters import collecting, deeds, tables
from services.api.deadletters.collecting import Collector
from services.chassis.settings import ServiceSettings
from services.chassis.storage import database
from services.chassis.storage.migrations import upgrade
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.publisher import Publishing
from services.chassis.streaming.records import Outgoing, Record, Verbatim
from tests.unit.api.letters import letter
from tests.waiting import wait_until

pytestmark = pytest.mark.integration


@pytest.fixture
def broker(kafka: str, topic_prefix: str) -> KafkaBroker:
    return KafkaBroker(ServiceSettings(kafka_bootstrap=kafka, topic_prefix=topic_prefix))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path}/letters.db"
    upgrade(url)
    engine = database.connect(url)
    yield engine
    engine.dispose()


@contextmanager
def collecting_on(broker: KafkaBroker, engine: Engine) -> Iterator[None]:
    loop = ConsumeLoop(
        broker,
        groups.DEAD_LETTERS,
        collecting.TWINS,
        Collector(engine, broker.topic_prefix),
        broker.publisher("api"),
        collecting.LIMITS,
    )
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        yield
    finally:
        loop.stop()
        thread.join()


def rows(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        query = select(tables.dead_letters).order_by(tables.dead_letters.c.record_offset)
        return list(connection.execute(query).mappings())


def test_a_letter_is_found_where_it_lies_and_its_record_goes_back(
    broker: KafkaBroker, engine: Engine
) -> None:
    publishing = Publishing(broker.publisher("api"))
    name = broker.topic_prefix + SCORES.name
    letters = [letter(SCORES, offset=n, record_value=b"\xc1 %d" % n) for n in range(3)]
    named = [each.model_copy(update={"topic": name}) for each in letters]
    publishing.publish(*(Outgoing(dead_letters(SCORES), each) for each in named))
    with collecting_on(broker, engine):
        wait_until(lambda: len(rows(engine)) == 3, 120)
    row = rows(engine)[1]
    assert (row["topic"], row["state"]) == (SCORES.name, "open")
    found = deeds.letter_of(broker, row)
    assert found == named[1]
    record = Verbatim(SCORES, found.record_key, found.record_value, {"mark": b"1"})
    publishing.publish_verbatim(record)
    reader, came = broker.reader(SCORES.name, "first"), list[Record]()
    wait_until(lambda: came.extend(reader.poll(10, 0.2)) or came, 60)
    reader.close()
    assert [(each.key, each.value, dict(each.headers)) for each in came] == [
        (record.key, record.value, {"mark": b"1"})
    ]
