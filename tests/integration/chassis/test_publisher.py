"""The publisher on a real broker: what is acknowledged counts, what is not is told by `flush`."""

import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from prometheus_client import generate_latest

from schemas.topics import SCORES
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.chassis.telemetry.metrics import REGISTRY
from services.local.ports import free_ports
from tests.builders import scored

pytestmark = pytest.mark.integration
MOST_BYTES = 2000


@pytest.fixture
def settings(kafka: str, unique: str) -> KafkaSettings:
    """Of a broker that takes less on this topic than it is told to in the registry."""
    topic = NewTopic(f"{unique}.{SCORES.name}", 1, 1, config={"max.message.bytes": str(MOST_BYTES)})
    client = AdminClient({"bootstrap.servers": kafka})
    for created in client.create_topics([topic]).values():
        created.result(30)
    return KafkaSettings(kafka_bootstrap=kafka, topic_prefix=f"{unique}.")


def outgoing(detector: str = "d") -> Outgoing:
    return Outgoing(SCORES, scored(1, calibrated=0.5, detector=detector))


def counted(settings: KafkaSettings) -> bool:
    name = f'nightclerk_records_produced_total{{of="{settings.topic_prefix}{SCORES.name}"}} 2.0'
    return name in generate_latest(REGISTRY).decode()


def test_what_the_broker_refuses_is_told_and_what_comes_after_it_arrives(
    settings: KafkaSettings,
) -> None:
    publisher = KafkaPublisher(settings, "test")
    publisher.publish(outgoing("x" * MOST_BYTES))
    with pytest.raises(InvalidMessage, match="refuses a message of"):
        publisher.flush()
    publisher.publish(outgoing(), outgoing())
    publisher.flush()
    assert counted(settings)


def test_what_nobody_acknowledges_is_told(settings: KafkaSettings) -> None:
    nobody = settings.model_copy(update={"kafka_bootstrap": f"127.0.0.1:{free_ports(1)[0]}"})
    publisher = KafkaPublisher(nobody, "test", within_s=1.5)
    publisher.publish(outgoing())
    with pytest.raises(TransientError):
        publisher.flush()
