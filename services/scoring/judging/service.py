"""Judging on Kafka: embeddings or poses come in by batches, raw scores go out."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Event
from typing import NamedTuple
from uuid import UUID

import torch

from schemas import groups
from schemas.base import Message
from schemas.clips import SequenceId
from schemas.embeddings import EmbeddingExtracted
from schemas.judgements import ClipJudged
from schemas.poses import PosesExtracted
from schemas.topics import JUDGEMENTS
from services.chassis.clock import Awake
from services.chassis.errors import InvalidMessage
from services.chassis.service import Runnable
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.streaming.worker import Limits
from services.chassis.telemetry import logs, metrics
from services.scoring import runs
from services.scoring.cards import MismatchError
from services.scoring.judging import core
from services.scoring.judging.assigned import Assigned, Judge
from services.scoring.judging.config import JudgingSettings
from services.scoring.judging.core import Rows, Window, follow, window
from services.scoring.judging.deployed import DeployedDetectors
from services.scoring.judging.detector import assemble
from services.scoring.judging.past import Past

log = logs.get("judging")
Followed = tuple[Incoming, Rows]
"""A record, and the rows that its window is judged by."""
LIMITS = Limits(batch_records=512, queue_records=4096, prepare_threads=0)
PACKAGES = "packages"
"""Below the state folder: detectors that are deployed."""
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


class Prepared(NamedTuple):
    """A window, and who judges it."""

    window: Window
    assigned: Assigned


class JudgingHandler(Handler):
    """Lets detectors judge the windows of one backbone: of each source those that `assigned` names.
    Its memory is the log: what it keeps of a source is made again from the records it holds.

    Where no head depends on more than the latest window it keeps and holds nothing. A deployed
    detector that fails is put aside until it is deployed anew: the next in line judges live, and a
    shadow is missed by nobody.
    """

    def __init__(
        self, backbone: str, assigned: Callable[[UUID], Assigned], idle_s: float = IDLE_S
    ) -> None:
        self._backbone, self._assigned, self._idle_s = backbone, assigned, idle_s
        self._aside: set[Judge] = set()
        self._sources: dict[Partition, OrderedDict[SequenceId, _Source]] = {}
        """Of each partition, in the order of their latest records."""
        self._pending: dict[tuple[Partition, SequenceId], _Source] = {}
        self._awake = Awake()

    def prepare(self, message: Message) -> Prepared | None:
        """None for what another network saw: several share the topic, each with its detectors. And
        for what was embedded anew for a replay: the live run has judged that footage.
        """
        assert isinstance(message, EmbeddingExtracted | PosesExtracted)
        if message.backbone != self._backbone:
            return None
        if isinstance(message, EmbeddingExtracted) and message.made_for:
            return None
        try:
            assigned = self._assigned(message.source_id).fitting(message)
        except MismatchError as error:
            raise InvalidMessage(str(error)) from error
        return Prepared(window(message), assigned)

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        """One live judgement a window, in order, then those of each shadow."""
        self._pending = {}
        followed = [(item, rows) for item in batch if (rows := self._follow(item)) is not None]
        fresh = [(item, rows) for item, rows in followed if not item.again]
        outputs = [*zip(self._live(fresh), fresh, strict=True), *self._shadows(fresh)]
        return [
            Outgoing(JUDGEMENTS, message, item.record.headers) for message, (item, _) in outputs
        ]

    def _live(self, fresh: Sequence[Followed]) -> list[ClipJudged]:
        """Of each window by the first of its live detectors that does not fail."""
        found: dict[int, ClipJudged] = {}
        while len(found) < len(fresh):
            by_judge: dict[Judge, list[int]] = {}
            for place, (item, _) in enumerate(fresh):
                if place not in found:
                    by_judge.setdefault(self._first(item.prepared.assigned), []).append(place)
            for judge, places in by_judge.items():
                judged = self._judged(judge, [fresh[place] for place in places])
                found.update(zip(places, judged, strict=True) if judged else ())
        return [found[place] for place in range(len(fresh))]

    def _shadows(self, fresh: Sequence[Followed]) -> Iterator[tuple[ClipJudged, Followed]]:
        by_judge: dict[Judge, list[Followed]] = {}
        for each in fresh:
            for judge in each[0].prepared.assigned.shadows:
                if judge not in self._aside:
                    by_judge.setdefault(judge, []).append(each)
        for judge, windows in by_judge.items():
            yield from zip(self._judged(judge, windows) or (), windows, strict=False)

    def _first(self, assigned: Assigned) -> Judge:
        """The last one is that of the settings, which is never put aside."""
        return next(judge for judge in assigned.live if judge not in self._aside)

    def _judged(self, judge: Judge, fresh: Sequence[Followed]) -> list[ClipJudged] | None:
        """None where a deployed detector failed, whatever it was: it was handed in by somebody."""
        windows = [(item.prepared.window, rows) for item, rows in fresh]
        try:
            judged = core.judge(judge.detector, judge.run, windows)
        except Exception as error:
            if judge.since is None:
                raise
            self._aside.add(judge)
            detector = judge.detector.detector_id
            metrics.count("detectors_put_aside", detector)
            log.exception(
                "a detector is put aside", run=judge.run, detector=detector, why=str(error)
            )
            return None
        metrics.count("windows_judged", judge.detector.detector_id, len(judged))
        return judged

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
        if item.prepared is None:
            return None
        window, assigned = item.prepared
        sequence = window.sequence
        partition = item.record.partition
        settled = self._sources.get(partition)
        before = self._pending.get((partition, sequence))
        if before is None and settled is not None:
            before = settled.get(sequence)
        past, rows = follow(before.past if before else None, window, item.record.offset, assigned)
        if assigned.keeps or before is not None:
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


class JudgingService:
    """A Runnable: the stream, and the detectors that are deployed while it runs."""

    def __init__(self, loop: ConsumeLoop, deployed: DeployedDetectors) -> None:
        self._loop, self._deployed = loop, deployed

    @property
    def ready(self) -> bool:
        return self._loop.ready

    def stop(self) -> None:
        self._loop.stop()

    def run(self) -> None:
        """No record is judged before it is known what is deployed."""
        try:
            self._deployed.start(self._loop.stop)
            self._loop.run()
            self._deployed.raise_failure()
        finally:
            self._deployed.stop()


def build(settings: JudgingSettings) -> Runnable:
    """Raises ValueError when the heads' checkpoints cannot be used, or not together."""
    torch.set_num_threads(1)  # a window is little work, and the cores belong to features
    chosen = runs.chosen(settings)
    detector = assemble(chosen.folder)
    broker = KafkaBroker(settings)
    store = partial(S3Objects.connect, settings)
    deployed = DeployedDetectors(broker, detector, store, settings.state_dir / PACKAGES)
    loop = ConsumeLoop(
        broker,
        groups.judging(chosen.backbone),
        [detector.topic],
        JudgingHandler(chosen.backbone, deployed.of),
        broker.publisher("scoring"),
        LIMITS,
    )
    return JudgingService(loop, deployed)
