"""Whether the services between ingest and the projector have read all there is for them."""

from concurrent.futures import TimeoutError as FutureTimeout
from typing import Protocol

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from schemas import groups
from schemas.judgements import LIVE
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.clients import client_config, unreachable

TIMEOUT_S = 10.0


class Pipeline(Protocol):
    def unread(self) -> int:
        """Records that wait on the way from clips to rows. Raises TransientError."""


def is_on_the_way(group: str) -> bool:
    """Whether a consumer group works on what becomes the scores of the live run."""
    name = group.split(".")
    return (
        (name[0] == "features" and name[-1] == "bulk")
        or name[:2] == ["judging", LIVE]
        or group in (groups.episodes(LIVE), groups.PROJECTOR)
    )


class PipelineLag:
    """The lag of all those groups that there are, on whatever they have committed."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    def unread(self) -> int:
        # A client a look: one that saw its broker killed never gets an answer again.
        admin = AdminClient(client_config(self._settings, "pipeline"))
        try:
            return sum(self._unread(admin, group) for group in self._groups(admin))
        except (KafkaException, FutureTimeout) as error:
            raise unreachable(self._settings, error) from error

    def _groups(self, admin: AdminClient) -> list[str]:
        listed = admin.list_consumer_groups(request_timeout=TIMEOUT_S).result(TIMEOUT_S + 1)
        names = [one.group_id for one in listed.valid]
        prefix = self._settings.topic_prefix
        mine = [name for name in names if name.startswith(prefix)]
        return [name for name in mine if is_on_the_way(name[len(prefix) :])]

    def _unread(self, admin: AdminClient, group: str) -> int:
        asked = admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], request_timeout=TIMEOUT_S
        )
        committed = asked[group].result(TIMEOUT_S + 1).topic_partitions
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
