"""Whether the services between ingest and the projector have read all there is for them."""

from collections.abc import Collection
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Protocol

from confluent_kafka import (
    ConsumerGroupState,
    ConsumerGroupTopicPartitions,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from schemas import groups
from schemas.judgements import LIVE
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.clients import client_config, unreachable

TIMEOUT_S = 10.0
STEPS = ("features", "judging", "episodes", "api")


class Pipeline(Protocol):
    def unread(self) -> int:
        """Records that wait on the way from clips to rows. Raises TransientError."""


def step_of(group: str) -> str | None:
    """Which of STEPS a consumer group does for uploads in the live run, if any."""
    name = group.split(".")
    does = (
        (name[0] == "features" and name[-1] == "bulk")
        or name[:2] == ["judging", LIVE]
        or group in (groups.episodes(LIVE), groups.PROJECTOR)
    )
    return name[0] if does else None


def idle_steps(at_work: Collection[str]) -> int:
    """For how many steps there is no group at work: whatever waits for them, waits."""
    return len(set(STEPS) - {step_of(group) for group in at_work})


class PipelineLag:
    """The lag of all groups that have members. A group of a backbone or detector that is no longer
    in use has none, and nobody will ever read what it left.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    def unread(self) -> int:
        # A client a look: one that saw its broker killed never gets an answer again.
        admin = AdminClient(client_config(self._settings, "pipeline"))
        try:
            at_work = self._groups_at_work(admin)
            return idle_steps(at_work) + sum(self._unread(admin, group) for group in at_work)
        except (KafkaException, FutureTimeout) as error:
            raise unreachable(self._settings, error) from error

    def _groups_at_work(self, admin: AdminClient) -> list[str]:
        """Their names without the prefix."""
        listed = admin.list_consumer_groups(request_timeout=TIMEOUT_S).result(TIMEOUT_S + 1)
        prefix = self._settings.topic_prefix
        names = [
            one.group_id.removeprefix(prefix)
            for one in listed.valid
            if one.group_id.startswith(prefix) and one.state != ConsumerGroupState.EMPTY
        ]
        return [name for name in names if step_of(name)]

    def _unread(self, admin: AdminClient, group: str) -> int:
        name = self._settings.topic_prefix + group
        asked = admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(name)], request_timeout=TIMEOUT_S
        )
        committed = asked[name].result(TIMEOUT_S + 1).topic_partitions
        places = [TopicPartition(one.topic, one.partition) for one in committed]
        if not places:
            return 0
        latest_spec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        ends = admin.list_offsets(dict.fromkeys(places, latest_spec), request_timeout=TIMEOUT_S)
        latest = {
            (place.topic, place.partition): future.result(TIMEOUT_S + 1).offset
            for place, future in ends.items()
        }
        return sum(max(0, latest[one.topic, one.partition] - one.offset) for one in committed)
