"""How many records a second one worker of a service puts out, end to end on Kafka.

What it reads lies there before it starts, so neither whoever writes it nor the start is measured:
the time is taken from the timestamps of what it writes.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from schemas import ids
from schemas.base import Message
from schemas.clips import ClipRef, ClipSpec, Grid
from schemas.embeddings import EmbeddingExtracted
from schemas.topics import EMBEDDINGS, JUDGEMENTS, SCORES, Topic
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.clients import reader_config
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.topics import TopicAdmin, registry
from services.local import LocalRuntimeError
from services.local.stack import LocalStack

SOURCES, WINDOWS = 200, 250
PATIENCE_S = 600.0
DIM = 1024
"""Of the backbone that the default detector is made for."""


@dataclass(frozen=True)
class Bench:
    """Kafka and a store that run, and a folder for what comes and goes."""

    servers: LocalStack
    folder: Path

    def kafka(self, prefix: str) -> KafkaSettings:
        return KafkaSettings(kafka_bootstrap=self.servers.bootstrap, topic_prefix=prefix)

    def environment(self, prefix: str) -> dict[str, str]:
        """What tells services of these servers, and of topics of their own."""
        return {
            "NIGHTCLERK_KAFKA_BOOTSTRAP": self.servers.bootstrap,
            "NIGHTCLERK_TOPIC_PREFIX": prefix,
            "NIGHTCLERK_S3_ENDPOINT": self.servers.s3_endpoint,
            "NIGHTCLERK_S3_ACCESS_KEY": self.servers.s3_access_key,
            "NIGHTCLERK_S3_SECRET_KEY": self.servers.s3_secret_key,
        }


def scoring_rates(bench: Bench) -> Mapping[str, float]:
    """Windows a second of judging and of episodes, 200 sources interleaved, one worker each."""
    kafka = bench.kafka("rates.")
    TopicAdmin(kafka).apply(registry())
    put(kafka, EMBEDDINGS, random_embeddings())
    return {
        "judging_windows_per_s": rate(bench, kafka, "judging", JUDGEMENTS),
        "episodes_windows_per_s": rate(bench, kafka, "episodes", SCORES),
    }


def rate(bench: Bench, kafka: KafkaSettings, service: str, answers: Topic) -> float:
    """Answers a second, from the first to the last. Raises LocalRuntimeError when some are lost."""
    environment = bench.environment(kafka.topic_prefix)
    with LocalStack(bench.folder / service, (service,), environment=environment):
        moments = moments_of(kafka, answers, SOURCES * WINDOWS)
    return (len(moments) - 1) / (max(moments) - min(moments))


def moments_of(kafka: KafkaSettings, topic: Topic, count: int) -> list[float]:
    """When the first `count` records of a topic were written, in seconds."""
    name, moments = kafka.topic_prefix + topic.name, list[float]()
    deadline = time.monotonic() + PATIENCE_S
    with closing(Consumer(reader_config(kafka))) as consumer:
        numbers = consumer.list_topics(name, timeout=30).topics[name].partitions
        consumer.assign([TopicPartition(name, number, OFFSET_BEGINNING) for number in numbers])
        while len(moments) < count:
            if time.monotonic() > deadline:
                raise LocalRuntimeError(f"{len(moments)} of {count} records came on {name}")
            records = consumer.consume(1000, 0.5)
            moments += [one.timestamp()[1] / 1000 for one in records if one.error() is None]
    return moments


def put(kafka: KafkaSettings, topic: Topic, messages: Iterable[Message]) -> None:
    publisher = KafkaPublisher(kafka, "bench")
    for message in messages:
        publisher.publish(Outgoing(topic, message))
    publisher.flush()


def random_embeddings(sources: int = SOURCES, windows: int = WINDOWS) -> Iterator[Message]:
    """Windows of two clips of so many sources, interleaved as cameras would be."""
    now = datetime.now(UTC)
    grid = Grid(origin_at=now - timedelta(seconds=2 * windows * ClipSpec().hop_s))
    vectors_ND = np.random.default_rng(0).random((256, DIM), np.float32)
    for number in range(windows):
        for source in range(sources):
            vector_D = vectors_ND[(number + source) % len(vectors_ND)]
            yield _embedding(UUID(int=source), grid, number, vector_D.astype("<f4").tobytes(), now)


def _embedding(
    source_id: UUID, grid: Grid, number: int, vector: bytes, now: datetime
) -> EmbeddingExtracted:
    clips = tuple(
        ClipRef(index=index, start_s=grid.start_s(index), end_s=grid.start_s(index + 1))
        for index in (2 * number, 2 * number + 1)
    )
    first = ids.clip_id(source_id, grid.origin_at, clips[0].index)
    return EmbeddingExtracted(
        embedding_id=ids.embedding_id(first, "i3d_k400"),
        source_id=source_id,
        source_kind="camera",
        origin_at=grid.origin_at,
        cut_at=now,
        clips=clips,
        fresh_count=2,
        backbone="i3d_k400",
        window=2,
        dim=DIM,
        vector=vector,
    )
