"""What a replay worker holds: partitions of `replays.v1`, and a record of each run on them."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from schemas.codec import DecodeError, decode
from schemas.replays import ReplayRequested
from schemas.topics import REPLAYS
from services.chassis.streaming.records import Record
from services.chassis.telemetry import logs
from services.scoring.replay.children import Child

log = logs.get("replay")
SETTLED_S = 10.0


@dataclass
class Run:
    """What was asked for last of one run, and what became of it here."""

    request: ReplayRequested | None
    """None: it was removed."""
    child: Child | None = None
    has_ended: bool | None = None
    """Whether there is an end of what was asked for last. None: the store was not asked yet; it
    is asked once, however long a run waits.
    """
    is_queued: bool = False
    """That it waits was told."""
    deaths: int = 0
    """Of its children in a row."""
    not_before_s: float = 0.0
    """Monotonic: it is not begun again before."""

    def ask(self, request: ReplayRequested | None) -> None:
        if request != self.request:
            self.request, self.has_ended = request, None

    def kill(self) -> None:
        """Whatever is at work is gone when this returns."""
        if self.child is not None:
            self.child.kill()
            self.child = None


@dataclass
class Held:
    """A partition that this worker has: its runs by name, and how far it is read."""

    end: int
    next: int = 0
    heard_s: float = field(default_factory=time.monotonic)
    runs: dict[str, Run] = field(default_factory=dict)

    @property
    def is_read(self) -> bool:
        """All of it was heard; of what compaction left out at its end nothing comes."""
        return self.next >= self.end or time.monotonic() - self.heard_s > SETTLED_S

    def hear(self, record: Record) -> None:
        """A request, or a tombstone; what nobody can read is passed over."""
        self.next, self.heard_s = record.offset + 1, time.monotonic()
        name = (record.key or b"").decode(errors="replace")
        message = None
        if record.value is not None:
            try:
                message = decode(REPLAYS, record.value)
            except DecodeError as error:
                log.warning("a request that nobody can read is passed over", reason=str(error))
                return
        if message is None or isinstance(message, ReplayRequested):
            self.runs.setdefault(message.run if message else name, Run(message)).ask(message)


def in_turn(
    waiting: Iterable[Run], at_work: Iterable[UUID], begun_s: Mapping[UUID, float]
) -> list[tuple[Run, ReplayRequested]]:
    """Tenants take turns, and what one of them asked for first goes first. `at_work` are those of
    replays that are, `begun_s` is when the latest of each began.
    """
    ahead, ranked = Counter(at_work), []
    asked = [(run, run.request) for run in waiting if run.request is not None]
    for run, request in sorted(asked, key=lambda each: each[1].requested_at):
        tenant_id = request.tenant_id
        ranked.append(((ahead[tenant_id], begun_s.get(tenant_id, 0.0)), (run, request)))
        ahead[tenant_id] += 1
    return [each for _, each in sorted(ranked, key=lambda rank: rank[0])]
