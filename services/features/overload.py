"""What the live lane leaves out when the machine cannot keep up, in a stated order (ADR 0029).

First windows are looked at less often, no less than is needed; then clips that have waited too long
are passed over, oldest first. Both are counted, by camera, and reported on health.v1. So what is
looked at is never older than a bound and one batch, and all of it is looked at again once the load
falls. Pure; one thread, but for `is_hopeless`.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from schemas.clips import ClipRecorded
from schemas.health import SourceHealth
from services.chassis.streaming.records import Incoming, Partition
from services.features.core import Window


@dataclass(frozen=True)
class Marks:
    """In seconds. Lag is what a clip waited beyond what others of its source wait when all that
    came is done.
    """

    bound_s: float = 8.0
    """What lags more is passed over. Beyond half of it fewer windows are looked at by and by, below
    a quarter more again; beyond three quarters it is one of four at once."""
    fewer_s: float = 2.0
    """So often one of eight windows fewer is looked at, while the lag is above half the bound."""
    more_s: float = 4.0
    """So often one of eight more, while it is below a quarter."""
    start_s: float = 20.0
    """The bound when the worker starts, or takes partitions over, from where it shrinks second by
    second. It is wider where clips had waited by then: `CATCHING_UP` times as long as the oldest
    had, so that what came while nobody was there is looked at, if there is power for it."""
    most_s: float = 300.0
    """No wider, however long they seem to have waited: it may be a clock that differs."""
    hold_s: float = 30.0
    """Nothing is left out for so long before a report says that it is over."""
    again_s: float = 60.0
    """A report is repeated while it goes on: one that is not, for long, is of a dead worker."""


ROUND = 8
"""So many windows are a round, of which all are looked at or fewer. After each a camera's turn
comes one later: else one that always comes when the machine is busy would never be looked at.
"""
FEWEST = 2
CATCHING_UP = 4.0
"""Enough for a machine that is a quarter faster than its cameras."""
IDLE_S = 0.1
"""A worker that took no batch for so long had none."""


@dataclass(frozen=True)
class Spell:
    """What was left out of one camera since it began. `latest` is its latest window left out."""

    latest: ClipRecorded
    start_s: float
    count: int
    left_out_at: datetime
    reported_at: datetime | None = None


class Overload:
    """Of the live lane of one process.

    The clocks of camera and worker may differ: when a batch comes after the worker had nothing to
    do, all that came before is done, and how old its clips are is no lag.
    """

    def __init__(self, stride: int, marks: Marks = Marks()) -> None:
        """A window begins every `stride` clips."""
        self._stride, self._marks = stride, marks
        self._usual_s: dict[UUID, float] = {}
        self._spells: dict[UUID, Spell] = {}
        self._pending: list[Window] = []
        self._kept = ROUND
        self._owned: set[Partition] = set()
        self._started_at: datetime | None = None
        self._wide_s = marks.most_s
        """The bound at that moment."""
        self._busy_since: datetime | None = None
        self._changed_at: datetime | None = None
        self._done_at: datetime | None = None
        """When the latest batch was done; None before the first, which may have waited long."""
        self._is_at_work = False

    @property
    def kept(self) -> int:
        """So many windows of a ROUND are looked at."""
        return self._kept

    def is_hopeless(self, clip: ClipRecorded, now: datetime) -> bool:
        """It would be passed over whenever it is handled: its frames need no decoding. What comes
        to a worker that had nothing to do has waited elsewhere, and is no lag of its.
        """
        if self._is_idle(now):
            return False
        return self._lag_s(clip, now) > self.bound_s(now)

    def bound_s(self, now: datetime) -> float:
        """What lags more is passed over."""
        since_s = (now - self._started_at).total_seconds() if self._started_at else 0.0
        return max(self._marks.bound_s, self._wide_s - max(0.0, since_s))

    def begin(self, batch: Sequence[Incoming], now: datetime) -> None:
        """This is the batch at work; what was chosen of one that was not settled does not count."""
        self._pending = []
        clips = [item.message for item in batch if isinstance(item.message, ClipRecorded)]
        partitions = {item.record.partition for item in batch}
        if not partitions <= self._owned:
            self._owned |= partitions
            self._widen(clips, now)
        if self._is_idle(now):
            self._learn(clips, now)
        self._is_at_work = True
        for clip in clips:
            self._narrow(clip, now)
        lag_s = max((self._lag_s(clip, now) for clip in clips), default=0.0)
        self._adapt(lag_s / self.bound_s(now), now)

    def forget(self, partitions: Collection[Partition]) -> None:
        """Those are another worker's now."""
        self._owned -= set(partitions)

    def chosen(self, windows: Sequence[Window], now: datetime) -> list[Window]:
        """Those that are looked at, in order. The others count once `settle` is called."""
        wanted = [self._is_wanted(window, now) for window in windows]
        pairs = list(zip(windows, wanted, strict=True))
        self._pending += [window for window, is_wanted in pairs if not is_wanted]
        return [window for window, is_wanted in pairs if is_wanted]

    def settle(self, now: datetime) -> None:
        """What was chosen is put out."""
        for window in self._pending:
            latest, first = window.clips[-1], window.clips[-window.fresh_count]
            before = self._spells.get(latest.source_id) or Spell(latest, first.start_s, 0, now)
            self._spells[latest.source_id] = replace(
                before, latest=latest, count=before.count + window.fresh_count, left_out_at=now
            )
        self._pending = []
        self._done_at, self._is_at_work = now, False

    def reports(self, now: datetime) -> Iterator[SourceHealth]:
        """What is to be reported now; called about once a second."""
        for source_id, spell in list(self._spells.items()):
            idle = now - spell.left_out_at
            reported_at = spell.reported_at
            if idle > self._hold:
                del self._spells[source_id]
                yield _report(spell, is_over=True)
            elif reported_at is None or now - reported_at >= timedelta(seconds=self._marks.again_s):
                self._spells[source_id] = replace(spell, reported_at=now)
                yield _report(spell, is_over=False)

    def _widen(self, clips: Sequence[ClipRecorded], now: datetime) -> None:
        """The first of these partitions' clips are here; before, nobody looked at them."""
        waited_s = max((_age_s(clip, now) for clip in clips), default=0.0)
        wide_s = min(max(self._marks.start_s, CATCHING_UP * waited_s), self._marks.most_s)
        before_s = self.bound_s(now) if self._started_at else 0.0
        self._wide_s, self._started_at = max(wide_s, before_s), now

    def _learn(self, clips: Sequence[ClipRecorded], now: datetime) -> None:
        """These came just now. What was thought before any had come so may have been a clock."""
        if self._busy_since is None:
            self._kept, self._changed_at = ROUND, None
        self._busy_since = now
        self._usual_s.update((clip.source_id, _age_s(clip, now)) for clip in clips)

    def _adapt(self, share: float, now: datetime) -> None:
        """By the lag's share of the bound. A step is given time to show what it does."""
        since_s = (now - self._changed_at).total_seconds() if self._changed_at else math.inf
        if share > 0.75:
            kept = min(self._kept, FEWEST)
        elif share > 0.5 and since_s >= self._marks.fewer_s:
            kept = max(self._kept - 1, FEWEST)
        elif share < 0.25 and since_s >= self._marks.more_s:
            kept = min(self._kept + 1, ROUND)
        else:
            return
        self._kept, self._changed_at = kept, now

    def _is_idle(self, now: datetime) -> bool:
        if self._done_at is None or self._is_at_work:
            return False
        return (now - self._done_at).total_seconds() >= IDLE_S

    @property
    def _hold(self) -> timedelta:
        return timedelta(seconds=self._marks.hold_s)

    def _is_wanted(self, window: Window, now: datetime) -> bool:
        clip = window.clips[-1]
        if any(part.content is None for part in window.parts):
            return False
        number = window.clips[0].index // self._stride
        turn = number + number // ROUND + clip.source_id.int
        is_its_turn = turn * self._kept % ROUND < self._kept  # spread over the round
        return is_its_turn and not self.is_hopeless(clip, now)

    def _narrow(self, clip: ClipRecorded, now: datetime) -> None:
        """A clip has waited between nothing and as long as the worker has been busy."""
        age_s, usual_s = _age_s(clip, now), self._usual_s.get(clip.source_id, 0.0)
        if self._busy_since is not None:
            usual_s = max(usual_s, age_s - (now - self._busy_since).total_seconds())
        self._usual_s[clip.source_id] = min(usual_s, age_s)

    def _lag_s(self, clip: ClipRecorded, now: datetime) -> float:
        """At most as long as the worker has been busy: before that it had done all that came."""
        lag_s = _age_s(clip, now) - self._usual_s.get(clip.source_id, 0.0)
        if self._busy_since is None:
            return lag_s
        return min(lag_s, (now - self._busy_since).total_seconds())


def _age_s(clip: ClipRecorded, now: datetime) -> float:
    return (now - clip.cut_at).total_seconds()


def _report(spell: Spell, is_over: bool) -> SourceHealth:
    return SourceHealth.model_validate(
        {
            **spell.latest.provenance(),
            "condition": "overloaded",
            "is_over": is_over,
            "start_s": spell.start_s,
            "at_s": max(spell.start_s, spell.latest.end_s),
            "detail": "" if is_over else "The machine cannot keep up with all cameras.",
            "count": spell.count,
        }
    )
