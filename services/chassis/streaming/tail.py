"""Watch what is new on a topic, outside any consumer group: for tools, benchmarks and tests."""

import time
from collections.abc import Callable

from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.base import Message
from schemas.codec import DecodeError, decode
from schemas.topics import Topic
from services.chassis.settings import ServiceSettings


class Tail:
    """All messages of a topic from the moment this is made, in the order of their partitions."""

    def __init__(self, settings: ServiceSettings, topic: Topic) -> None:
        name = settings.topic_prefix + topic.name
        self._topic = topic
        self._consumer = Consumer(
            {
                "bootstrap.servers": settings.kafka_bootstrap,
                "group.id": "tail",
                "enable.auto.commit": False,
                "log_level": 2,
            }
        )
        partitions = [TopicPartition(name, number) for number in range(topic.partitions)]
        for partition in partitions:
            partition.offset = self._end(partition)
        self._consumer.assign(partitions)

    def _end(self, partition: TopicPartition, wait_s: float = 30) -> int:
        """The offset of the next record. A topic just made has no leader for a moment."""
        deadline = time.monotonic() + wait_s
        while True:
            try:
                _, end = self._consumer.get_watermark_offsets(partition, timeout=wait_s)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
                self._consumer.poll(0.1)
            else:
                return int(end)

    def until(self, found: Callable[[Message], bool], timeout_s: float) -> list[Message]:
        """All messages up to the first that is `found`. Raises TimeoutError when none comes."""
        messages: list[Message] = []
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            record = self._consumer.poll(0.2)
            if record is None or record.error() is not None:
                continue
            try:
                messages.append(decode(self._topic, record.value()))
            except DecodeError:
                continue
            if found(messages[-1]):
                return messages
        raise TimeoutError(f"nothing of that kind on {self._topic.name} for {timeout_s:g} s")

    def close(self) -> None:
        self._consumer.close()
