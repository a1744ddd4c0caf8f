"""Every client of Kafka against a broker that asks for SASL_SSL and for a certificate."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from threading import Event
from typing import Any, get_args

import pytest

from schemas import groups
from schemas.base import Message
from schemas.topics import EMBEDDINGS, JUDGEMENTS, SCORES, SOURCES, dead_letters
from services.chassis.errors import TransientError
from services.chassis.settings import SaslMechanism, ServiceSettings
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.lag import GroupLag
from services.chassis.streaming.records import Incoming, Outgoing, Record, Tombstone
from services.chassis.streaming.stateful import StatefulStream
from services.chassis.streaming.tail import Tail
from services.chassis.streaming.topics import TopicAdmin
from tests.builders import embedding, judged, scored
from tests.integration.chassis.secured import SecuredKafka, running_secured_kafka

pytestmark = pytest.mark.integration
TOPICS = [
    one
    for topic in (EMBEDDINGS, JUDGEMENTS, SCORES, SOURCES)
    for one in (topic, dead_letters(topic))
]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    with running_secured_kafka(tmp_path_factory.mktemp("secured")) as kafka:
        yield kafka


@pytest.fixture(params=get_args(SaslMechanism))
def settings(request: pytest.FixtureRequest, secured: SecuredKafka, unique: str) -> ServiceSettings:
    """Each mechanism in turn; the topics are there."""
    found = secured.settings(request.param, topic_prefix=f"{unique}.")
    TopicAdmin(found).apply(TOPICS)
    return found


class Answering(Handler):
    """Scores each embedding."""

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        return [Outgoing(SCORES, scored(item.record.offset, calibrated=0.5)) for item in batch]


class Stateless:
    """A step that answers and keeps how often."""

    def unpack(self, packed: bytes) -> int:
        return int(packed)

    def pack(self, state: int) -> bytes:
        return str(state).encode()

    def __call__(
        self, state: int | None, record: Record, message: Message | Tombstone
    ) -> tuple[int, Iterable[Outgoing]]:
        return (state or 0) + 1, [Outgoing(SCORES, scored(7, calibrated=0.5))]

    def tick(self, state: int, now: Any) -> tuple[int, Iterable[Outgoing]]:
        return state, ()


def test_consumer_producer_tail_lag_and_view(settings: ServiceSettings) -> None:
    broker = KafkaBroker(settings)
    tail, group = Tail(settings, SCORES), groups.judging("i3d_k400")
    loop = ConsumeLoop(broker, group, [EMBEDDINGS], Answering(), broker.publisher("scoring"))
    thread = threading.Thread(target=loop.run)
    thread.start()
    publisher = broker.publisher("features")
    publisher.publish(Outgoing(EMBEDDINGS, embedding(0)))
    publisher.flush()
    tail.until(lambda _: True, 60)
    loop.stop()
    thread.join(60)
    assert GroupLag(settings, group, EMBEDDINGS).unread() == 0
    view = CompactedView(broker, SOURCES)
    view.start()
    view.wait_ready()
    view.stop()
    tail.close()


def test_faust(settings: ServiceSettings) -> None:
    broker = KafkaBroker(settings)
    tail = Tail(settings, SCORES)
    stream = StatefulStream(
        settings, groups.episodes(), [JUDGEMENTS], Stateless(), broker.publisher("scoring")
    )
    publisher = broker.publisher("scoring")
    publisher.publish(Outgoing(JUDGEMENTS, judged(0, 1)))
    publisher.flush()
    thread = threading.Thread(target=stream.run)
    thread.start()
    tail.until(lambda _: True, 120)
    stream.stop()
    thread.join(60)
    tail.close()
    changelog = f"{settings.topic_prefix}{groups.episodes()}-state-changelog"
    assert TopicAdmin(settings).partitions()[changelog] == 4


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"kafka_password": "wrong"}, "(?i)authentication"),
        ({"kafka_ca_file": None}, "(?i)certificate|ssl"),
    ],
)
def test_who_is_refused_is_told_in_one_sentence_with_address_and_setting(
    secured: SecuredKafka, wrong: dict[str, Any], reason: str
) -> None:
    settings = secured.settings(kafka_timeout_s=5, **wrong)
    broker = KafkaBroker(settings)
    loop = ConsumeLoop(broker, "g", [EMBEDDINGS], Answering(), broker.publisher("x"))
    with pytest.raises(TransientError, match=reason) as caught:
        loop.run()
    assert f"at {secured.bootstrap} (NIGHTCLERK_KAFKA_BOOTSTRAP, security sasl_ssl)" in str(
        caught.value
    )
    assert "wrong" not in str(caught.value)
