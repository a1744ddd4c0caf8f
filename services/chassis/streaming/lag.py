"""How far a consumer group is behind on one topic: what a producer must know to hold back."""

from typing import NamedTuple, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.topics import Topic
from services.chassis.errors import TransientError
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.broker import Position
from services.chassis.streaming.clients import Complaints, client_config, unreachable
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
    """The lag of a group on a topic of the registry. Safe between threads.

    Asked by a consumer that never joins the group: the admin client's questions, answered with an
    error, ended the process (librdkafka 2.16, partitions that have no leader yet).
    """

    def __init__(self, settings: KafkaSettings, group: str, topic: Topic) -> None:
        self._settings = settings
        self._topic = settings.topic_prefix + topic.name
        self._complaints = Complaints("lag")
        self._consumer = Consumer(
            {
                **client_config(settings, "lag", self._complaints),
                "group.id": settings.topic_prefix + group,
                "enable.auto.commit": False,
            }
        )

    def unread(self) -> int:
        return self.backlog().unread

    def lost(self) -> int:
        return self.backlog().lost

    def backlog(self) -> Backlog:
        """Over all partitions, as many as the broker has."""
        try:
            self._consumer.poll(0)  # it tells what it complains of, and gets no records
            places = [self._place(one) for one in self._committed()]
        except KafkaException as error:
            raise unreachable(self._settings, error, self._complaints) from error
        return Backlog(sum(one.unread for one in places), sum(one.lost for one in places))

    def _committed(self) -> list[TopicPartition]:
        listed = self._consumer.list_topics(self._topic, timeout=TIMEOUT_S).topics[self._topic]
        if listed.error is not None:
            raise KafkaException(listed.error)
        asked = [TopicPartition(self._topic, number) for number in listed.partitions]
        answers: list[TopicPartition] = self._consumer.committed(asked, TIMEOUT_S)
        return answers

    def _place(self, committed: TopicPartition) -> Backlog:
        if committed.error is not None:
            raise KafkaException(committed.error)
        edges = self._consumer.get_watermark_offsets(committed, timeout=TIMEOUT_S)
        if edges is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        position = Position(committed.offset, committed.metadata or "")
        return backlog(*edges, position if committed.offset >= 0 else None)


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
