"""The archive on Kafka: embeddings and poses come in, Parquet parts go to the object store."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from threading import Event, Lock

from schemas import groups
from schemas.archive import ArchiveKind, PartOf
from schemas.codec import decode
from schemas.embeddings import EmbeddingExtracted
from schemas.poses import PosesExtracted
from schemas.sources import SourceConfigured
from schemas.topics import EMBEDDINGS, POSES, SOURCES, Topic
from services.chassis.clock import Awake, SystemClock
from services.chassis.duties import Duty
from services.chassis.storage.objects import ObjectStore
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.streaming.worker import Limits
from services.chassis.telemetry import metrics
from services.scoring.archive import parts
from services.scoring.archive.columns import Seen, clips_of, id_of, table_of
from services.scoring.archive.compaction import Compaction
from services.scoring.archive.config import ArchiveSettings
from services.scoring.archive.core import Gathering, Group, Waiting, part
from services.scoring.archive.owned import Owned

TOPICS = (EMBEDDINGS, POSES)
LIMITS = Limits(batch_records=512, queue_records=1024, prepare_threads=0, max_retries=10)
MB = 10**6


class ArchiveHandler(Handler):
    """Gathers records by partition and writes those that waited long, or the largest lot where all
    are too much. Of a source that there is not (any more) nothing is written.
    """

    def __init__(
        self,
        store: ObjectStore,
        sources: CompactedView,
        gathering: Gathering,
        owned: Owned,
        topics: Mapping[str, Topic],
    ) -> None:
        self._store, self._sources, self._gathering = store, sources, gathering
        self._owned, self._topics = owned, topics
        self._taken: dict[Partition, int] = {}
        """The latest offset of each partition since `settle`: a batch that is handled again after
        an outage is not gathered twice."""
        self._awake = Awake()

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        for item in batch:
            self._take(item)
        while (full := self._gathering.too_much()) is not None:
            self._write(Partition(*full))
        return ()

    def tick(self, now: datetime) -> Iterable[Outgoing]:
        for partition in self._gathering.due(self._awake.tick(now)):
            self._write(Partition(*partition))
        return ()

    def settle(self) -> None:
        self._taken.clear()

    def held(self) -> Mapping[Partition, int]:
        return {Partition(*one): offset for one, offset in self._gathering.held().items()}

    def forget(self, partitions: Collection[Partition]) -> None:
        self._gathering.let_go(partitions)
        for partition in partitions:
            self._taken.pop(partition, None)
        self._owned.leave(self._kind(one) + f"/{one.number}" for one in partitions)

    def _take(self, item: Incoming) -> None:
        record, message = item.record, item.message
        assert isinstance(message, EmbeddingExtracted | PosesExtracted)
        if record.offset <= self._taken.get(record.partition, -1):
            return
        self._taken[record.partition] = record.offset
        kind = self._kind(record.partition)
        self._owned.enter(f"{kind}/{record.partition.number}")
        if isinstance(message, EmbeddingExtracted) and message.made_for:
            return  # of a replay; the archive is what the live line saw
        day = message.moment(clips_of(message)[0].start_s).date()
        dim = message.dim if isinstance(message, EmbeddingExtracted) else 0
        group = Group(kind, message.source_id, message.backbone, day, dim)
        waiting = Waiting(record.offset, record.value or b"", id_of(message))
        self._gathering.add(record.partition, group, waiting, self._awake.seconds)

    def _write(self, partition: Partition) -> None:
        """All that waits of the partition. Broken off in the middle it is done again: the same
        objects. Raises TransientError.
        """
        for group, records in self._gathering.of(partition).items():
            source = self._sources.get(str(group.source_id))
            if isinstance(source, SourceConfigured):
                whose = group.part_of(source.tenant_id, source.store_id)
                self._put(partition, whose, records)
            else:
                metrics.count("rows_not_archived", group.kind, len(records))
        self._gathering.let_go([partition])

    def _put(self, partition: Partition, whose: PartOf, records: Sequence[Waiting]) -> None:
        topic = self._topics[partition.topic]
        messages = [_seen(decode(topic, one.value)) for one in records]
        places = [(partition.number, one.offset) for one in records]
        table = table_of(whose.kind, messages, places)
        parts.put(self._store, part(whose, partition.number, records), table)
        metrics.count("rows_archived", whose.kind, len(records))

    def _kind(self, partition: Partition) -> ArchiveKind:
        return "poses" if self._topics[partition.topic] == POSES else "embeddings"


def _seen(message: object) -> Seen:
    assert isinstance(message, EmbeddingExtracted | PosesExtracted)
    return message


class ArchiveService:
    """The consume loop, the view of sources it asks, and the duty that merges small parts."""

    def __init__(self, loop: ConsumeLoop, sources: CompactedView, merging: Duty) -> None:
        self._loop, self._sources, self._merging = loop, sources, merging

    @property
    def ready(self) -> bool:
        return self._loop.ready

    def stop(self) -> None:
        self._loop.stop()

    def run(self) -> None:
        """Raises what ended any of the three."""
        self._sources.start(self.stop)
        try:
            self._sources.wait_ready()
            self._merging.start(self.stop)
            self._loop.run()
        finally:
            self._merging.stop()
            self._sources.stop()
        self._sources.raise_failure()
        self._merging.raise_failure()


def build(settings: ArchiveSettings) -> ArchiveService:
    """Raises TransientError when the object store is away."""
    broker, store, clock = KafkaBroker(settings), S3Objects.connect(settings), SystemClock()
    sources, owned = CompactedView(broker, SOURCES), Owned(Lock())
    topics = {broker.topic_prefix + topic.name: topic for topic in TOPICS}
    gathering = Gathering(round(settings.archive_memory_mb * MB), settings.archive_flush_s)
    handler = ArchiveHandler(store, sources, gathering, owned, topics)
    publisher = broker.publisher("archive")
    loop = ConsumeLoop(broker, groups.ARCHIVE, TOPICS, handler, publisher, LIMITS)
    folder = settings.state_dir / "archive"
    compaction = Compaction(store, sources.values, owned, clock, folder)
    return ArchiveService(loop, sources, Duty("archive-merging", compaction.turn, clock))
