"""The topics of the registry, for one test alone."""

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from services.chassis.settings import KafkaSettings
from services.chassis.streaming.topics import TopicAdmin, registry
from tests.waiting import wait_until


def fresh_topics(kafka: str, unique: str) -> str:
    """Makes all of them, empty, and gives the `topic_prefix` setting under which they exist."""
    prefix = f"{unique}."
    topics = TopicAdmin(KafkaSettings(kafka_bootstrap=kafka, topic_prefix=prefix))
    topics.apply(registry())
    latest = {
        TopicPartition(name, number): OffsetSpec.latest()
        for name, partitions in topics.partitions().items()
        if name.startswith(prefix)
        for number in range(partitions)
    }
    admin = AdminClient({"bootstrap.servers": kafka})
    # A busy broker shows a new topic a moment before it leads it.
    wait_until(lambda: not any(one.exception() for one in admin.list_offsets(latest).values()))
    return prefix
