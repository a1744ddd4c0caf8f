"""A chain with two cameras, and what was seen of them."""

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from threading import Event, Lock
from typing import Any
from uuid import UUID

import numpy as np

from schemas import ids
from schemas.base import Message
from schemas.clips import ClipSpec, Grid
from schemas.embeddings import EmbeddingExtracted
from schemas.poses import KEYPOINTS, Person, PoseFrame, PosesExtracted
from schemas.sources import SourceConfigured
from schemas.topics import EMBEDDINGS, POSES, SOURCES
from services.chassis.clock import ManualClock
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.scoring.archive.compaction import Compaction
from services.scoring.archive.core import Gathering
from services.scoring.archive.owned import Owned
from services.scoring.archive.reading import Archive
from services.scoring.archive.service import TOPICS, ArchiveHandler
from services.scoring.archive.wanted import Wanted
from tests import builders

TENANT, STORE, NEXT_STORE = UUID(int=1), UUID(int=11), UUID(int=12)
TILL, DOOR, GONE = (builders.source(number) for number in range(3))
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SPEC = ClipSpec()
HOP_S = SPEC.hop_s


def embedding(
    *indexes: int, source_id: UUID = TILL, origin: datetime = NOON, dim: int = 8, **more: Any
) -> EmbeddingExtracted:
    """Its vector follows from its place."""
    grid = Grid(origin_at=origin, spec=SPEC)
    random = np.random.default_rng([source_id.int % 2**32, indexes[0], dim])
    fields = {
        "source_kind": "camera",
        "origin_at": origin,
        "cut_at": grid.moment(grid.start_s(indexes[-1] + 1)),
        "vector": random.standard_normal(dim, np.float32).tobytes(),
        "dim": dim,
    }
    return builders.embedding(*indexes, source_id=source_id, **fields | more)


def poses(index: int, source_id: UUID = TILL, origin: datetime = NOON) -> PosesExtracted:
    person = Person(
        track_id=index % 3 or None,
        confidence=0.9123,
        box=(0.1, 0.2, 0.3, 0.4),
        keypoints=tuple((0.01 * k, 0.02 * k, 1 / 3) for k in range(KEYPOINTS)),
    )
    ref, clip = builders.clip_ref(index), ids.clip_id(source_id, origin, index)
    return PosesExtracted(
        **builders.of_source(source_id) | {"origin_at": origin, "source_kind": "camera"},
        poses_id=ids.poses_id(clip, "yolov8_pose"),
        clip=ref,
        backbone="yolov8_pose",
        width=640,
        height=360,
        frames=(PoseFrame(at_s=ref.start_s, people=(person,) * (index % 3)),),
    )


def camera(source_id: UUID, store_id: UUID = STORE) -> SourceConfigured:
    return SourceConfigured(
        source_id=source_id,
        source_kind="camera",
        tenant_id=TENANT,
        store_id=store_id,
        name="Till",
        origin_at=NOON,
        configured_at=NOON,
    )


class Line:
    """The archive's handler and what it stands on. Nothing runs by itself."""

    def __init__(self, store: MemoryObjects, most_bytes: int = 10**9, flush_s: float = 5.0) -> None:
        self.store, self.broker = store, MemoryBroker([*TOPICS, SOURCES], partitions=1)
        self.sources = CompactedView(self.broker, SOURCES)
        self._heard: Queue[str] = Queue()
        self.sources.subscribe(lambda key, _: self._heard.put(key))
        self.sources.start()
        self.sources.wait_ready()
        self.limits = most_bytes, flush_s
        self.clock = ManualClock(NOON)
        self.owned = Owned(Lock())
        self.handler = self.new_member()

    def new_member(self) -> ArchiveHandler:
        """One that has just started: it knows nothing."""
        topics = {topic.name: topic for topic in TOPICS}
        self.gathering = Gathering(*self.limits)
        return ArchiveHandler(self.store, self.sources, self.gathering, self.owned, topics)

    def configure(self, *messages: SourceConfigured, gone: Iterable[UUID] = ()) -> None:
        """The view knows when this returns."""
        publisher = self.broker.publisher("test")
        for message in messages:
            publisher.publish(Outgoing(SOURCES, message))
        for name in gone:
            publisher.publish(Outgoing(SOURCES, None, key=str(name)))
        waited = [*(str(one.source_id) for one in messages), *map(str, gone)]
        while waited:
            waited.remove(self._heard.get(timeout=30))

    def write(self, *messages: EmbeddingExtracted | PosesExtracted) -> list[Incoming]:
        """Onto the log; what the consume loop would hand over."""
        publisher, taken = self.broker.publisher("test"), []
        for message in messages:
            topic = POSES if isinstance(message, PosesExtracted) else EMBEDDINGS
            publisher.publish(Outgoing(topic, message))
            taken.append(Incoming(self.broker.records(topic)[-1], message))
        return taken

    def log(self, start: int = 0) -> list[Incoming]:
        """Embeddings from an offset on, as after a restart."""
        records = self.broker.records(EMBEDDINGS)[start:]
        messages = self.broker.messages(EMBEDDINGS)[start:]
        return [Incoming(*each) for each in zip(records, messages, strict=True)]

    def take(self, batch: Sequence[Incoming]) -> None:
        self.handler.handle(batch, Event())
        self.handler.settle()

    def pass_s(self, seconds: float) -> None:
        """Ticks of a second each."""
        for _ in range(round(seconds)):
            self.clock.step(1.0)
            self.handler.tick(self.clock.now())
            self.handler.settle()

    def put(self, key: str, content: bytes) -> None:
        self.store.put(key, io.BytesIO(content), "application/octet-stream")

    def compaction(self, folder: Path) -> Compaction:
        return Compaction(self.store, self.sources.values, self.owned, self.clock, folder)

    def close(self) -> None:
        self.sources.stop()


EMBEDDED = Partition(EMBEDDINGS.name, 0)


def wanted(**fields: Any) -> Wanted:
    """Everything of both cameras, unless it says otherwise."""
    content: dict[str, Any] = {
        "kind": "embeddings",
        "tenant_id": TENANT,
        "backbone": "i3d_k400",
        "sources": (TILL, DOOR),
        "since": NOON - 400 * DAY,
        "until": NOON + 400 * DAY,
    }
    return Wanted(**content | fields)


def archived(store: MemoryObjects, **fields: Any) -> list[Message]:
    rows = Archive(store).embeddings(wanted(**fields))
    return [message for batch in rows for message in batch.messages()]
