"""Watch what is new on a topic, outside any consumer group: for tools, benchmarks and tests."""

import time
from collections.abc import Callable

from schemas.base import Message
from schemas.codec import DecodeError, decode
from schemas.topics import Topic
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.kafka import KafkaBroker


class Tail:
    """All messages of a topic from the moment this is made, in the order of their partitions."""

    def __init__(self, settings: KafkaSettings, topic: Topic) -> None:
        self._topic = topic
        self._reader = KafkaBroker(settings).reader(topic.name, "end")

    def until(self, found: Callable[[Message], bool], timeout_s: float) -> list[Message]:
        """All messages up to the first that is `found`. Raises TimeoutError when none comes."""
        messages: list[Message] = []
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            for record in self._reader.poll(1, 0.2):
                try:
                    messages.append(decode(self._topic, record.value))
                except DecodeError:
                    continue
                if found(messages[-1]):
                    return messages
        raise TimeoutError(f"nothing of that kind on {self._topic.name} for {timeout_s:g} s")

    def close(self) -> None:
        self._reader.close()
