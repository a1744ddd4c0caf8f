"""What rules on presence would have made of the poses that lie on the log: the live stream's own
rules over them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from schemas.codec import DecodeError, decode
from schemas.hours import StoreHours
from schemas.policies import PresenceRule
from schemas.poses import PoseFrame, PosesExtracted
from schemas.sources import Zone
from schemas.topics import POSES
from services.api.policies.replaying import Allowance, Fired
from services.api.scores.reading import Span
from services.chassis.hours import is_during
from services.chassis.streaming.broker import Broker
from services.rules.posture import holds
from services.rules.presence import Frame, PresenceChange, WatchState, advance, close

AT_ONCE = 2000
POLL_S = 0.5


def poses_of(
    broker: Broker,
    source_id: UUID,
    span: Span,
    allowance: Allowance,
    written_since: datetime | None = None,
) -> Iterator[PosesExtracted]:
    """The poses of a source within a span, as far as they lie there and the allowance lasts; what
    came late is left out. They were written after they were seen, so reading begins at `since`, or
    when an upload was handed in.
    """
    key = str(source_id).encode()
    reader = broker.reader(POSES.name, written_since or span.since, key=key)
    try:
        while allowance.records > 0 and not reader.is_caught_up():
            records = reader.poll(AT_ONCE, POLL_S)
            allowance.records -= len(records)
            for record in records:
                if record.key != key:
                    continue
                try:
                    poses = decode(POSES, record.value)
                except DecodeError:
                    continue
                assert isinstance(poses, PosesExtracted)
                at = poses.moment(poses.clip.start_s)
                if poses.is_late or at < span.since:
                    continue
                if at >= span.until:
                    return
                yield poses
    finally:
        reader.close()


@dataclass
class Watched:
    """Rules on presence over the poses of one source, taken in order. `joined` are the spans in
    which score rules had an episode open, by name.
    """

    rules: Sequence[PresenceRule]
    zones: Sequence[Zone]
    hours: StoreHours
    joined: Mapping[str, Sequence[tuple[datetime, datetime]]]
    first_at: datetime | None = None
    last_at: datetime | None = None
    """Between them there were poses."""
    _states: dict[str, WatchState] = field(default_factory=dict)
    _life: tuple[object, ...] | None = None
    _next_index: int = 0
    _latest: PosesExtracted | None = None

    def take(self, poses: PosesExtracted) -> Iterator[Fired]:
        """What ends by them. Those that come again change nothing."""
        life = (poses.origin_at, poses.spec)
        if life != self._life:
            yield from self.end()
            self._life, self._next_index, self._states = life, 0, {}
        if poses.clip.index < self._next_index:
            return
        self._latest, self._next_index = poses, poses.clip.index + 1
        self.first_at = self.first_at or poses.moment(poses.clip.start_s)
        self.last_at = poses.moment(poses.clip.end_s)
        for rule in self.rules:
            for frame in poses.frames:
                yield from self._advance(rule, poses, frame)

    def end(self) -> Iterator[Fired]:
        """What is open yet."""
        if self._latest is None:
            return
        for rule in self.rules:
            state = self._states.get(rule.name, WatchState())
            self._states[rule.name], changes = close(state, rule, "source_ended")
            yield from _fired(rule, self._latest, changes)

    def _advance(
        self, rule: PresenceRule, poses: PosesExtracted, frame: PoseFrame
    ) -> Iterator[Fired]:
        at = poses.moment(frame.at_s)
        ratio = poses.width / poses.height
        is_so = self._is_joined(rule, at) and holds(rule, self.zones, frame.people, ratio)
        may_open = is_so and (not poses.is_wall_clock or is_during(self.hours, rule.during, at))
        now = Frame(poses.clip.index, frame.at_s)
        state = self._states.get(rule.name, WatchState())
        self._states[rule.name], changes = advance(state, rule, now, is_so, may_open)
        yield from _fired(rule, poses, changes)

    def _is_joined(self, rule: PresenceRule, at: datetime) -> bool:
        if rule.joined is None:
            return True
        return any(since <= at < until for since, until in self.joined.get(rule.joined, ()))


def _fired(
    rule: PresenceRule, poses: PosesExtracted, changes: Sequence[PresenceChange]
) -> Iterator[Fired]:
    for change in changes:
        if change.kind == "closed":
            first, last = (poses.moment(at.at_s) for at in (change.stay.first, change.stay.last))
            yield Fired(rule, first, last, None)
