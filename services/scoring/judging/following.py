"""What judging keeps of sources between their records, whoever judges them.

Its memory is the log: what is kept of a source is made again from the records it holds back from
the commit.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from schemas.clips import SequenceId
from schemas.judgements import ClipJudged
from schemas.topics import JUDGEMENTS
from services.chassis.clock import Awake
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.telemetry import logs, metrics
from services.scoring.judging import core
from services.scoring.judging.assigned import Assigned, Judge
from services.scoring.judging.core import Rows, Window, alone, follow
from services.scoring.judging.past import Past

log = logs.get("judging")
Followed = tuple[Incoming, Rows]
"""A record, and the rows that its window is judged by."""
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


class FollowingHandler(Handler):
    """Follows the windows of each source and puts aside deployed detectors that fail, until they
    are deployed anew. Where no head depends on more than the latest window it keeps and holds
    nothing. Who judges is said by those that derive from it.
    """

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._aside: set[Judge] = set()
        self._sources: dict[Partition, OrderedDict[SequenceId, _Source]] = {}
        """Of each partition, in the order of their latest records."""
        self._pending: dict[tuple[Partition, SequenceId], _Source] = {}
        self._awake = Awake()

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

    def fresh(self, batch: Sequence[Incoming]) -> list[Followed]:
        """The batch taken into what is kept, which counts once it is settled; of it what shows
        something new and was not handled in an earlier life.
        """
        self._pending = {}
        followed = [(item, rows) for item in batch if (rows := self._follow(item)) is not None]
        return [(item, rows) for item, rows in followed if not item.again]

    def is_aside(self, judge: Judge) -> bool:
        """Whether it failed since it was deployed."""
        return judge in self._aside

    def judged(self, judge: Judge, fresh: Sequence[Followed]) -> list[ClipJudged] | None:
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
        if before is None and not assigned.keeps:
            return alone(window)
        past, rows = follow(before.past if before else None, window, item.record.offset, assigned)
        if window.message.is_last:
            past = Past(past.life)  # nothing follows that could depend on it
        self._pending[partition, sequence] = _Source(past, item.record.offset, self._awake.seconds)
        return rows


def finite(batch: Sequence[Incoming]) -> Sequence[Incoming]:
    """Without embeddings that hold a NaN or an infinity. All are looked at together: at each
    vector numpy would let go of the interpreter, which costs more than the look.
    """
    windows = [item.prepared.window for item in batch if item.prepared is not None]
    if core.are_finite(windows):
        return batch
    return [
        item for item in batch if item.prepared is None or core.are_finite([item.prepared.window])
    ]


def outgoing(judged: Iterable[ClipJudged], followed: Iterable[Followed]) -> list[Outgoing]:
    """The judgement of each window, as a consequence of its record."""
    pairs = zip(judged, followed, strict=True)
    return [Outgoing(JUDGEMENTS, message, item.record.headers) for message, (item, _) in pairs]


def _let_go(kept: "OrderedDict[SequenceId, _Source]", latest: int) -> None:
    """Drop sources of which nothing came while many records of the partition passed, so that the
    lag grows with the number of sources and not with time.
    """
    while kept and latest - next(iter(kept.values())).offset > PASSED * len(kept) + PASSED_AT_LEAST:
        kept.popitem(last=False)
