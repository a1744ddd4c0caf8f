"""The grid that a camera is cut on now, and the clock by which its frames are placed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from schemas.clips import Grid
from schemas.sources import SourceConfigured
from services.chassis.clock import Clock
from services.chassis.telemetry import logs
from services.ingest.core import LiveClock
from services.ingest.core.live import STEP_S

log = logs.get("cameras")


@dataclass(frozen=True)
class Remembered:
    """What the next process of the camera has to know: the origin after a step of the clock, since
    when the camera is offline, and what else is wrong with it, by condition the seconds from the
    origin since which.
    """

    origin_at: datetime
    offline_since: datetime | None = None
    spells: Mapping[str, float] = field(default_factory=dict)


class Memory:
    """A small file a camera. What cannot be read is as if it were not there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, configured: SourceConfigured) -> Remembered:
        """Of this configuration's grid; another origin or spec is another life."""
        fresh = Remembered(configured.origin_at)
        try:
            kept = json.loads(self._path.read_text("utf-8"))
            if kept["of"] != _grid_of(configured):
                return fresh
            since = kept["offline_since"]
            return Remembered(
                datetime.fromisoformat(kept["origin_at"]),
                datetime.fromisoformat(since) if since else None,
                {str(name): float(start_s) for name, start_s in kept["spells"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return fresh

    def write(self, configured: SourceConfigured, remembered: Remembered) -> None:
        """Whole or not at all. A disk that is full costs the memory, not the camera."""
        since = remembered.offline_since
        kept = {
            "of": _grid_of(configured),
            "origin_at": remembered.origin_at.isoformat(),
            "offline_since": since.isoformat() if since else None,
            "spells": dict(remembered.spells),
        }
        draft = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(kept), "utf-8")
            draft.replace(self._path)
        except OSError as error:
            log.warning("the camera's state could not be written", error=str(error))


Memories = Callable[[SourceConfigured], Memory]
"""Of each camera its own."""


def memories_in(state_dir: Path) -> Memories:
    """Those of all cameras of this machine."""
    return lambda source: Memory(state_dir / "cameras" / f"{source.source_id}.json")


class Life:
    """One grid of the camera and the clock it is cut by. After a step of the wall clock: another.

    The clock follows the wall clock slowly where they differ a little, and never goes back.
    """

    def __init__(self, configured: SourceConfigured, origin_at: datetime, clock: Clock) -> None:
        self._clock, self._spec = clock, configured.spec
        self._live = LiveClock(clock.now(), clock.monotonic())
        self.grid = Grid(origin_at=origin_at, spec=self._spec)
        self.has_begun_anew = (origin_at - clock.now()).total_seconds() > STEP_S
        """The origin lay in the future: the clock was set back while nobody watched."""
        if self.has_begun_anew:
            self.grid = Grid.begun(configured.source_id, clock.now(), self._spec)

    @classmethod
    def begun(cls, configured: SourceConfigured, clock: Clock) -> Self:
        """A life that begins now."""
        grid = Grid.begun(configured.source_id, clock.now(), configured.spec)
        return cls(configured, grid.origin_at, clock)

    def now(self) -> datetime:
        return self.at(self._clock.monotonic())

    def at(self, monotonic_s: float) -> datetime:
        return self._live.at(monotonic_s)

    def seconds(self, moment: datetime) -> float:
        """Since the grid's origin; what lies before it counts as the origin."""
        return max(0.0, (moment - self.grid.origin_at).total_seconds())

    def has_stepped(self) -> bool:
        """Whether the wall clock was set far. Where it was not, its drift is followed."""
        wall, monotonic_s = self._clock.now(), self._clock.monotonic()
        if self._live.has_stepped(wall, monotonic_s):
            return True
        self._live.follow(wall, monotonic_s)
        return False

    def step_s(self) -> float:
        """By how much the wall clock is ahead."""
        return (self._clock.now() - self.now()).total_seconds()


def _grid_of(configured: SourceConfigured) -> str:
    return f"{configured.origin_at.isoformat()} {configured.spec.model_dump_json()}"
