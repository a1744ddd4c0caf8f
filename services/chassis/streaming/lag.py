"""How far a consumer group is behind on one topic: what a producer must know to hold back."""

from collections.abc import Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Protocol

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from schemas.topics import Topic
from services.chassis.errors import TransientError
from services.chassis.settings import ServiceSettings

TIMEOUT_S = 5.0


class Lag(Protocol):
    def unread(self) -> int:
        """Records on the topic that the group has not committed. Raises TransientError."""


class GroupLag:
    """The lag of a group on a topic of the registry. A group that never committed reads it all."""

    def __init__(self, settings: ServiceSettings, group: str, topic: Topic) -> None:
        self._group = settings.topic_prefix + group
        self._topic = settings.topic_prefix + topic.name
        self._config: dict[str, str | int | float | bool] = {
            "bootstrap.servers": settings.kafka_bootstrap,
            "log_level": 0,
        }
        self._admin = AdminClient(self._config)

    def unread(self) -> int:
        try:
            partitions = self._partitions()
            first = self._edges(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
            end = self._edges(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]
            committed = self._committed(partitions)
        except (KafkaException, FutureTimeout) as error:
            # A client that saw its broker killed never gets an answer again; a new one does.
            self._admin = AdminClient(self._config)
            raise TransientError(f"Kafka does not tell the lag: {error}") from error
        return sum(
            max(0, end[number] - max(first[number], committed.get(number, 0))) for number in end
        )

    def _partitions(self) -> list[TopicPartition]:
        listed = self._admin.list_topics(self._topic, timeout=TIMEOUT_S).topics[self._topic]
        if listed.error is not None:
            raise KafkaException(listed.error)
        return [TopicPartition(self._topic, number) for number in listed.partitions]

    def _edges(self, partitions: Iterable[TopicPartition], spec: OffsetSpec) -> dict[int, int]:
        asked = self._admin.list_offsets(dict.fromkeys(partitions, spec), request_timeout=TIMEOUT_S)
        return {one.partition: _result(future).offset for one, future in asked.items()}

    def _committed(self, partitions: list[TopicPartition]) -> dict[int, int]:
        asked = self._admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(self._group, partitions)], request_timeout=TIMEOUT_S
        )
        answer = _result(asked[self._group])
        return {one.partition: one.offset for one in answer.topic_partitions if one.offset >= 0}


def _result(future: "Future[Any]") -> Any:
    return future.result(TIMEOUT_S + 1)


class ScriptedLag:
    """The fake: gives its answers one after the other, the last one for ever."""

    def __init__(self, *answers: int | TransientError) -> None:
        self._answers = list(answers)
        self.asked = 0

    def unread(self) -> int:
        self.asked += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, TransientError):
            raise answer
        return answer
