"""Topics on the broker as the registry says: created when missing, mended when drifted."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from schemas.deadletters import DeadLetter
from schemas.topics import TOPICS, Topic, dead_letters
from services.chassis.errors import TransientError
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.clients import Complaints, client_config, unreachable

TIMEOUT_S = 30.0

Deed = Literal["created", "mended", "left alone", "as it should be"]


@dataclass(frozen=True)
class TopicReport:
    """What `apply` did to one topic, or what `survey` would have it do."""

    topic: str
    deed: Deed
    detail: str = ""


def registry() -> tuple[Topic, ...]:
    """All topics of the house, each followed by its dead-letter twin."""
    return tuple(one for topic in TOPICS for one in (topic, dead_letters(topic)))


class TopicAdmin:
    """Brings topics into line with the registry. Raises TransientError when Kafka is away."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings, self._prefix = settings, settings.topic_prefix
        self._complaints = Complaints("admin")
        self._client = AdminClient(client_config(settings, "admin", self._complaints))

    def apply(self, topics: Sequence[Topic]) -> list[TopicReport]:
        """Create and mend; idempotent, and safe beside another `apply`.

        Partitions are never added: that would send the keys of one source to two partitions.
        """
        reports = self.survey(topics)
        wanted = {self._prefix + topic.name: topic for topic in topics}
        created = [one.topic for one in reports if one.deed == "created"]
        self._create([wanted[name] for name in created])
        self._await(set(created))
        for one in reports:
            if one.deed == "mended":
                self._mend(one.topic, wanted[one.topic].config)
        return reports

    def survey(self, topics: Sequence[Topic]) -> list[TopicReport]:
        """What `apply` would do, without doing it."""
        partitions = self.partitions()
        present = [topic for topic in topics if self._prefix + topic.name in partitions]
        configs = self.configs([self._prefix + topic.name for topic in present])
        return [
            judge(Wanted(topic, self._prefix + topic.name, self._count(topic)), partitions, configs)
            for topic in topics
        ]

    def partitions(self) -> dict[str, int]:
        """The number of partitions of every topic on the broker."""
        try:
            listed = self._client.list_topics(timeout=self._settings.kafka_timeout_s).topics
        except KafkaException as error:
            self._client.poll(0)  # to hear why
            raise unreachable(self._settings, error, self._complaints) from error
        return {name: len(topic.partitions) for name, topic in listed.items()}

    def _count(self, topic: Topic) -> int:
        """Dead letters are few and need no order between keys: one partition."""
        is_twin = topic.messages == (DeadLetter,)
        return 1 if is_twin else self._settings.kafka_partitions

    def _create(self, topics: Sequence[Topic]) -> None:
        if not topics:
            return
        new = [
            NewTopic(
                self._prefix + topic.name,
                num_partitions=self._count(topic),
                replication_factor=-1,  # the broker's default: 1 here, 3 on a cluster
                config=topic.config,
            )
            for topic in topics
        ]
        settle(self._client.create_topics(new).values(), forgive=KafkaError.TOPIC_ALREADY_EXISTS)

    def _await(self, names: set[str]) -> None:
        """Return when clients can see the topics; the broker learns of them a little later."""
        deadline = time.monotonic() + TIMEOUT_S
        while not names <= self.partitions().keys():
            if time.monotonic() > deadline:
                raise TransientError(f"Kafka does not show the new topics in {TIMEOUT_S:g} s")
            time.sleep(0.05)

    def _mend(self, name: str, config: dict[str, str]) -> None:
        entries = [
            ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
            for key, value in config.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)
        settle(self._client.incremental_alter_configs([resource]).values())

    def configs(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        """The configuration of topics that are there, as the broker has it."""
        if not names:
            return {}
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        answers = self._client.describe_configs(resources)
        return {
            resource.name: {key: entry.value for key, entry in future.result(TIMEOUT_S).items()}
            for resource, future in answers.items()
        }


@dataclass(frozen=True)
class Wanted:
    """A topic as it shall be: its name on the broker, its partitions if it is created."""

    topic: Topic
    name: str
    partitions: int


def judge(
    wanted: Wanted, partitions: dict[str, int], configs: dict[str, dict[str, str]]
) -> TopicReport:
    """What one topic needs. `partitions` and `configs` are what the broker has, by name."""
    name = wanted.name
    if name not in partitions:
        return TopicReport(name, "created", f"{wanted.partitions} partitions")
    drifted = [
        f"{key}={configs[name].get(key)} -> {value}"
        for key, value in wanted.topic.config.items()
        if configs[name].get(key) != value
    ]
    if drifted:
        return TopicReport(name, "mended", ", ".join(drifted))
    if partitions[name] != wanted.partitions:
        detail = (
            f"{partitions[name]} partitions, NIGHTCLERK_KAFKA_PARTITIONS says {wanted.partitions}"
        )
        return TopicReport(name, "left alone", detail)
    return TopicReport(name, "as it should be")


def settle(futures: Iterable[Any], forgive: int | None = None) -> None:
    """Wait for admin operations; one error code may be forgiven, others are raised."""
    for future in futures:
        try:
            future.result(TIMEOUT_S)
        except KafkaException as error:
            if error.args[0].code() != forgive:
                raise TransientError(f"Kafka refused: {error}") from error
