"""Presence rules over poses of a source, live or late: who is where becomes alerts (ADR 0034).

`watch` takes the next poses. Clips that were seen before change nothing; another grid is another
life, in which everything begins anew; poses that were cut before what was seen last do not enter
the life they are of again. Pure.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from schemas.alerts import ClosedReason
from schemas.policies import PolicySet, PresenceRule
from schemas.poses import PoseFrame, PosesExtracted
from services.chassis.hours import is_during
from services.rules.posture import holds
from services.rules.presence import Frame, advance, close
from services.scoring.episodes.messages import Alert, presence_alert
from services.scoring.episodes.state import Life
from services.scoring.episodes.watched import NEW, Watch, WatchedSource

Seen = tuple[WatchedSource, tuple[Alert, ...]]
"""The state that follows, and what is to be put out."""


def watch(
    source: WatchedSource | None,
    poses: PosesExtracted,
    policy: PolicySet | None,
    open_rules: Collection[str],
    partition: int = 0,
) -> Seen:
    """Take the poses of a clip. `open_rules` are the score rules that have an episode open."""
    closed: tuple[Alert, ...] = ()
    life = Life(poses.origin_at, poses.spec)
    if source is None:
        source = _born(poses, life, partition)
    elif source.life != life:
        if poses.cut_at <= source.cut_at:
            return source, ()
        closed = end_all(source, "new_life")[1]
        source = _born(poses, life, partition)
    if poses.clip.index < source.next_index:
        return source, closed
    source = replace(
        source, cut_at=max(source.cut_at, poses.cut_at), next_index=poses.clip.index + 1
    )
    source, found = _take(source, poses, policy, open_rules)
    if poses.is_last:
        source, ended = end_all(source, "source_ended")
        source, found = replace(source, is_ended=True), (*found, *ended)
    return source, (*closed, *found)


def end_all(source: WatchedSource, reason: ClosedReason) -> Seen:
    """End every open stay, and forget what is not open yet."""
    found: list[Alert] = []
    watches: dict[str, Watch] = {}
    for name, kept in source.watches.items():
        if kept.opened_by is None:
            continue
        state, changes = close(kept.state, kept.opened_by, reason)
        found += (presence_alert(source, kept.opened_by, change) for change in changes)
        watches[name] = Watch(state)
    return replace(source, watches=watches), tuple(found)


def _born(poses: PosesExtracted, life: Life, partition: int) -> WatchedSource:
    return WatchedSource(
        source_id=poses.source_id,
        source_kind=poses.source_kind,
        is_wall_clock=poses.is_wall_clock,
        life=life,
        cut_at=poses.cut_at,
        partition=partition,
        is_late=poses.is_late,
    )


def _take(
    source: WatchedSource,
    poses: PosesExtracted,
    policy: PolicySet | None,
    open_rules: Collection[str],
) -> Seen:
    """Every rule in force takes the frames; one that is no more follows its open stay to its end,
    and is forgotten then.
    """
    in_force = {rule.name: rule for rule in policy.presence} if policy else {}
    found: list[Alert] = []
    watches: dict[str, Watch] = {}
    for name in [*in_force, *(set(source.watches) - set(in_force))]:
        kept, rule = source.watches.get(name, NEW), in_force.get(name)
        if rule is None and kept.opened_by is None:
            continue
        for frame in poses.frames:
            is_so = Moment(poses, frame, policy, open_rules)
            kept, more = _advance(source, kept, rule, is_so)
            found += more
        if kept != NEW:
            watches[name] = kept
    return replace(source, watches=watches), tuple(found)


@dataclass(frozen=True)
class Moment:
    """A frame, and what rules ask of it."""

    poses: PosesExtracted
    frame: PoseFrame
    policy: PolicySet | None
    open_rules: Collection[str]

    def is_so(self, rule: PresenceRule) -> bool:
        zones = self.policy.zones if self.policy else ()
        is_joined = rule.joined is None or rule.joined in self.open_rules
        ratio = self.poses.width / self.poses.height
        return is_joined and holds(rule, zones, self.frame.people, ratio)

    def may_open(self, rule: PresenceRule) -> bool:
        """Footage of which nobody knows the time is always within hours."""
        if self.policy is None or not self.poses.is_wall_clock or rule.during == "always":
            return True
        return is_during(self.policy.hours, rule.during, self.poses.moment(self.frame.at_s))


def _advance(
    source: WatchedSource, kept: Watch, rule: PresenceRule | None, moment: Moment
) -> tuple[Watch, list[Alert]]:
    by = kept.opened_by or rule
    if by is None:
        return kept, []
    is_so = moment.is_so(by)
    may_open = rule is not None and is_so and moment.may_open(by)
    now = Frame(moment.poses.clip.index, moment.frame.at_s)
    state, changes = advance(kept.state, by, now, is_so, may_open)
    is_open = state.stay is not None and state.stay.opened is not None
    alerts = [presence_alert(source, by, change) for change in changes]
    return Watch(state, by if is_open else None), alerts
