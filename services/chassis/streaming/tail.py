"""Watch what is new on a topic, outside any consumer group: for tools, benchmarks and tests."""

import contextlib
import time
from collections.abc import Callable

from schemas.base import Message
from schemas.codec import DecodeError, decode
from schemas.topics import Topic
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.kafka import KafkaBroker

MOMENT_S = 0.2
MOST = 500


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
            for message in self._poll(1):
                messages.append(message)
                if found(message):
                    return messages
        raise TimeoutError(f"nothing of that kind on {self._topic.name} for {timeout_s:g} s")

    def drain(self) -> list[Message]:
        """What came since the last call; ends once nothing comes for a moment."""
        messages: list[Message] = []
        while some := self._poll(MOST):
            messages += some
        return messages

    def latest(self, within_s: float = MOMENT_S) -> list[Message]:
        """What came since the last call, after so long at most."""
        return self._poll(MOST, within_s)

    def _poll(self, most: int, within_s: float = MOMENT_S) -> list[Message]:
        """What can be decoded of the next records; empty after a moment without any."""
        messages = []
        for record in self._reader.poll(most, within_s):
            with contextlib.suppress(DecodeError):
                messages.append(decode(self._topic, record.value))
        return messages

    def close(self) -> None:
        self._reader.close()
