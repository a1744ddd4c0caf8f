"""What time alone brings: sources that fell silent, and states that nobody needs any more.

A record that waits on the log is not silence. A camera counts as silent when nothing of it was
handled for a while, and it is not just that everything is late: either no camera gave anything on
its partition meanwhile, or what others gave was cut so much later, or the while was very long.
Durations are counted while this process was awake; moments of cutting are compared only among one
another, and never believed to lie ahead of the present, so that one host's wrong clock silences
nobody else's cameras. What comes late says nothing of who is silent now, and where it ends the
camera itself goes on: an episode that is open then has subsided. A run is compared with itself:
shadows are behind the live run, and one that gives nothing for long is slow rather than silent.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.judgements import LIVE
from services.chassis.clock import Awake
from services.scoring.episodes.state import SourceState
from services.scoring.episodes.watched import WatchedSource

Followed = SourceState | WatchedSource
"""What is waited for: judgements of a source in a run, or its poses."""


class Bounds(NamedTuple):
    """How long a source may give nothing before what it has open is closed, in seconds; of a
    camera beyond the clips that are judged together. `late_s` is of what came late of a camera:
    features wait five minutes for its next clip, behind all that is live. Then how long a state is
    kept.
    """

    camera_s: float = 30.0
    upload_s: float = 1800.0
    late_s: float = 600.0
    window: int = 2
    keep_source_s: float = 86400.0
    keep_ended_s: float = 3600.0
    keep_awake_s: float = 3600.0


@dataclass
class _Heard:
    """Of a source, or of all cameras of a partition in a run: when, in seconds awake, the latest
    record was handled, and when that was cut.
    """

    at_s: float
    cut_at: datetime


class Silence:
    """Which sources are silent. Keys are those of the stream's table."""

    def __init__(self, bounds: Bounds = Bounds()) -> None:
        self._bounds = bounds
        self._awake = Awake()
        self._now: datetime | None = None
        self._sources: dict[Hashable, _Heard] = {}
        self._partitions: dict[tuple[int, str], _Heard] = {}

    def heard(
        self, key: Hashable, partition: int, cut_at: datetime, is_live: bool, run: str = LIVE
    ) -> None:
        """A record of a source was handled; `is_live`: of a camera, and not late."""
        at_s = self._awake.seconds
        cut_at = min(cut_at, self._now) if self._now else cut_at
        self._sources[key] = _Heard(at_s, cut_at)
        if is_live:
            before = self._partitions.get((partition, run))
            latest = max(before.cut_at, cut_at) if before else cut_at
            self._partitions[partition, run] = _Heard(at_s, latest)

    def tick(self, now: datetime) -> None:
        """Let time pass; called about once a second, before the questions below are asked."""
        self._awake.tick(now)
        self._now = now

    def is_silent(self, key: Hashable, state: Followed) -> bool:
        """Whether the source gave nothing for longer than its bound."""
        source = self._source(key, state)
        idle_s = self._awake.seconds - source.at_s
        if state.is_late:
            return idle_s > self._bounds.late_s
        if state.source_kind == "upload" or idle_s > self._bounds.upload_s:
            return idle_s > self._bounds.upload_s
        bound_s = self._bounds.camera_s + self._bounds.window * state.life.spec.duration_s
        return idle_s > bound_s and self._is_left_behind(state, source, bound_s)

    def is_forgotten(self, key: Hashable, state: Followed, now: datetime) -> bool:
        """Whether the state may go: unseen for a day, or for an hour where an upload ended."""
        idle_s = self._awake.seconds - self._source(key, state).at_s
        is_ended = state.source_kind == "upload" and state.is_ended
        keep_s = self._bounds.keep_ended_s if is_ended else self._bounds.keep_source_s
        is_old = now - state.cut_at > timedelta(seconds=keep_s)
        return is_old and idle_s > min(keep_s, self._bounds.keep_awake_s)

    def forget(self, key: Hashable) -> None:
        """The state is gone."""
        self._sources.pop(key, None)

    def _is_left_behind(self, state: Followed, source: _Heard, bound_s: float) -> bool:
        run = state.run if isinstance(state, SourceState) else LIVE
        partition = self._partitions.get((state.partition, run))
        if partition is None or self._awake.seconds - partition.at_s > bound_s:
            return run == LIVE
        return partition.cut_at - source.cut_at > timedelta(seconds=bound_s)

    def _source(self, key: Hashable, state: Followed) -> _Heard:
        """A source known from the table alone begins to be waited for when it is first met."""
        return self._sources.setdefault(key, _Heard(self._awake.seconds, state.cut_at))
