"""Judging on Kafka: embeddings or poses come in by batches, raw scores go out."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event

import torch

from schemas import groups
from schemas.base import Message
from schemas.clips import SequenceId
from schemas.embeddings import EmbeddingExtracted
from schemas.judgements import LIVE
from schemas.poses import PosesExtracted
from schemas.topics import JUDGEMENTS
from services.chassis.clock import Awake
from services.chassis.service import Runnable
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.streaming.worker import Limits
from services.chassis.telemetry import metrics
from services.scoring import runs
from services.scoring.judging.config import JudgingSettings
from services.scoring.judging.core import Rows, Window, follow, judge, window_of
from services.scoring.judging.detector import Detector, assemble
from services.scoring.judging.past import Past

LIMITS = Limits(batch_records=512, queue_records=4096, prepare_threads=0)
SHADOW_LIMITS = replace(LIMITS, start="end")
"""A new shadow judges from now on; replay judges what was before."""
IDLE_S = 600.0
PASSED, PASSED_AT_LEAST = 8, 512
"""A source that gave nothing for so long, or while so many records of its partition passed (for
each source kept there, and at least), is let go, so that it holds no partition."""


@dataclass
class _Source:
    """What is kept of an active source, and since when (seconds awake) nothing came of it."""

    past: Past
    offset: int
    """Of its latest record."""
    since_s: float


class JudgingHandler(Handler):
    """Lets the heads of one detector judge windows. Its memory is the log: what it keeps of a
    source is made again from the records it holds.

    A detector whose heads depend on the latest window alone keeps and holds nothing.
    """

    def __init__(self, detector: Detector, run: str = LIVE, idle_s: float = IDLE_S) -> None:
        self._detector, self._run, self._idle_s = detector, run, idle_s
        self._keeps = detector.context > 1 or detector.takes_persons
        self._sources: dict[Partition, OrderedDict[SequenceId, _Source]] = {}
        """Of each partition, in the order of their latest records."""
        self._pending: dict[tuple[Partition, SequenceId], _Source] = {}
        self._awake = Awake()

    def prepare(self, message: Message) -> Window | None:
        """None for what another network saw: several share the topic, each with its detector."""
        assert isinstance(message, EmbeddingExtracted | PosesExtracted)
        if message.backbone != self._detector.backbone:
            return None
        return window_of(self._detector, message)

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        """One judgement a window, in order."""
        self._pending = {}
        followed = [(item, rows) for item in batch if (rows := self._follow(item)) is not None]
        fresh = [(item, rows) for item, rows in followed if not item.again]
        windows = [(item.prepared, rows) for item, rows in fresh]
        judged = judge(self._detector, self._run, windows)
        metrics.count("windows_judged", self._detector.detector_id, len(judged))
        return [
            Outgoing(JUDGEMENTS, message, item.record.headers)
            for message, (item, _) in zip(judged, fresh, strict=True)
        ]

    def __len__(self) -> int:
        """Sources of which something is kept; what is live of one and what is late are two."""
        return sum(map(len, self._sources.values()))

    def settle(self) -> None:
        for (partition, sequence), source in self._pending.items():
            kept = self._sources.setdefault(partition, OrderedDict())
            kept.pop(sequence, None)
            if source.past.held is not None:
                kept[sequence] = source
            _let_go(kept, source.offset)
        self._pending = {}

    def tick(self, now: datetime) -> Iterable[Outgoing]:
        """Lets go of sources that have been idle for long."""
        awake_s = self._awake.tick(now)
        self._pending = {}
        for kept in self._sources.values():
            while kept and awake_s - next(iter(kept.values())).since_s > self._idle_s:
                kept.popitem(last=False)
        return ()

    def held(self) -> Mapping[Partition, int]:
        oldest: dict[Partition, int] = {}
        for partition, kept in self._sources.items():
            offsets = (source.past.held for source in kept.values())
            found = min((offset for offset in offsets if offset is not None), default=None)
            if found is not None:
                oldest[partition] = found
        return oldest

    def forget(self, partitions: Collection[Partition]) -> None:
        for partition in partitions:
            self._sources.pop(partition, None)

    def _follow(self, item: Incoming) -> Rows | None:
        window: Window | None = item.prepared
        if window is None:
            return None
        sequence = window.sequence
        partition = item.record.partition
        settled = self._sources.get(partition)
        before = self._pending.get((partition, sequence))
        if before is None and settled is not None:
            before = settled.get(sequence)
        past, rows = follow(
            before.past if before else None, window, item.record.offset, self._detector
        )
        if self._keeps:
            if window.message.is_last:
                past = Past(past.life)  # nothing follows that could depend on it
            kept = _Source(past, item.record.offset, self._awake.seconds)
            self._pending[partition, sequence] = kept
        return rows


def _let_go(kept: "OrderedDict[SequenceId, _Source]", latest: int) -> None:
    """Drop sources of which nothing came while many records of the partition passed, so that the
    lag grows with the number of sources and not with time.
    """
    while kept and latest - next(iter(kept.values())).offset > PASSED * len(kept) + PASSED_AT_LEAST:
        kept.popitem(last=False)


def build(settings: JudgingSettings) -> Runnable:
    """Raises ValueError when the heads' checkpoints cannot be used, or not together."""
    torch.set_num_threads(1)  # a window is little work, and the cores belong to features
    chosen = runs.chosen(settings)
    detector = assemble(chosen.folder)
    broker = KafkaBroker(settings)
    return ConsumeLoop(
        broker,
        groups.judging(chosen.backbone, chosen.run),
        [detector.topic],
        JudgingHandler(detector, chosen.run),
        broker.publisher("scoring"),
        LIMITS if chosen.run == LIVE else SHADOW_LIMITS,
    )
