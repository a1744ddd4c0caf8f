"""How far a consumer group is behind on one topic: what a producer must know to hold back."""

from collections.abc import Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, NamedTuple, Protocol

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from schemas.topics import Topic
from services.chassis.errors import TransientError
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.broker import Position
from services.chassis.streaming.clients import client_config, unreachable
from services.chassis.streaming.positions import Note

TIMEOUT_S = 5.0


class Backlog(NamedTuple):
    """Records that the group has not handled, and how many Kafka deleted before it committed."""

    unread: int
    lost: int


class Lag(Protocol):
    """Both raise TransientError when Kafka is away."""

    def unread(self) -> int:
        """Records that the group has not handled. Those that a handler holds back from the commit
        are handled: what they wait for must not wait for them. What Kafka deleted before it was
        read counts until the group has noticed it: deletion is no progress.
        """

    def lost(self) -> int:
        """Records that Kafka deleted before the group read them, and the group has not noticed."""


def backlog(first: int, end: int, committed: Position | None) -> Backlog:
    """Of one partition. To a group that never committed everything that was ever written is
    unread; what was deleted before its time is nothing it lost.
    """
    if committed is None:
        return Backlog(end, 0)
    done = max(committed.offset, Note.unpack(committed.note).done)
    return Backlog(max(0, end - done), max(0, first - done))


class GroupLag:
    """The lag of a group on a topic of the registry."""

    def __init__(self, settings: KafkaSettings, group: str, topic: Topic) -> None:
        self._settings = settings
        self._group = settings.topic_prefix + group
        self._topic = settings.topic_prefix + topic.name
        self._admin = self._connect()
        self._silent: AdminClient | None = None

    def _connect(self) -> AdminClient:
        return AdminClient(client_config(self._settings, "lag"))

    def unread(self) -> int:
        return self.backlog().unread

    def lost(self) -> int:
        return self.backlog().lost

    def backlog(self) -> Backlog:
        """Over all partitions, as many as the broker has."""
        try:
            partitions = self._partitions()
            first = self._edges(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
            end = self._edges(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]
            committed = self._committed(partitions)
        except (KafkaException, FutureTimeout) as error:
            # A client that saw its broker killed never gets an answer again; a new one does. The
            # old one is kept a while: destroyed with questions open, librdkafka was seen to crash.
            self._silent, self._admin = self._admin, self._connect()
            raise unreachable(self._settings, error) from error
        places = [backlog(first[one], end[one], committed.get(one)) for one in end]
        return Backlog(sum(one.unread for one in places), sum(one.lost for one in places))

    def _partitions(self) -> list[TopicPartition]:
        listed = self._admin.list_topics(self._topic, timeout=TIMEOUT_S).topics[self._topic]
        if listed.error is not None:
            raise KafkaException(listed.error)
        return [TopicPartition(self._topic, number) for number in listed.partitions]

    def _edges(self, partitions: Iterable[TopicPartition], spec: OffsetSpec) -> dict[int, int]:
        asked = self._admin.list_offsets(dict.fromkeys(partitions, spec), request_timeout=TIMEOUT_S)
        return {one.partition: _result(future).offset for one, future in asked.items()}

    def _committed(self, partitions: list[TopicPartition]) -> dict[int, Position]:
        asked = self._admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(self._group, partitions)], request_timeout=TIMEOUT_S
        )
        answer = _result(asked[self._group])
        return {
            one.partition: Position(one.offset, one.metadata or "")
            for one in answer.topic_partitions
            if one.offset >= 0
        }


def _result(future: "Future[Any]") -> Any:
    return future.result(TIMEOUT_S + 1)


class ScriptedLag:
    """The fake: gives its answers one after the other, the last one for ever."""

    def __init__(self, *answers: int | TransientError) -> None:
        self._answers = list(answers)
        self.asked = 0

    def lost(self) -> int:
        return 0

    def unread(self) -> int:
        self.asked += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, TransientError):
            raise answer
        return answer
