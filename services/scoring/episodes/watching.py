"""Presence rules over poses of a source, live or late: who is where becomes alerts (ADR 0034).

`watch` takes the next poses, `settle` what judgements let go on. Clips that were seen before change
nothing; another grid is another life, in which everything begins anew; poses that were cut before
what was seen last do not enter the life they are of again. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf

from schemas.alerts import Alert, ClosedReason
from schemas.policies import PolicySet, PresenceRule
from schemas.poses import PoseFrame, PosesExtracted
from services.chassis.hours import is_during
from services.rules.posture import holds
from services.rules.presence import Frame, advance, close
from services.scoring.episodes.joining import HeldFrame, Opening, due, is_open
from services.scoring.episodes.messages import presence_alert
from services.scoring.episodes.state import Life, SourceState
from services.scoring.episodes.watched import NEW, Watch, WatchedSource

Seen = tuple[WatchedSource, tuple[Alert, ...]]
"""The state that follows, and what is to be put out."""


def watch(
    source: WatchedSource | None,
    poses: PosesExtracted,
    policy: PolicySet | None,
    scored: SourceState | None,
    partition: int = 0,
) -> Seen:
    """Take the poses of a clip. `scored` is what scores made of the source, for joined rules."""
    closed: tuple[Alert, ...] = ()
    life = Life(poses.origin_at, poses.spec)
    if source is None:
        source = _born(poses, life, partition)
    elif source.life != life:
        if poses.cut_at <= source.cut_at:
            return source, ()
        closed = end_all(source, "new_life", policy, scored)[1]
        source = _born(poses, life, partition)
    if poses.clip.index < source.next_index:
        return source, closed
    source = replace(
        source, cut_at=max(source.cut_at, poses.cut_at), next_index=poses.clip.index + 1
    )
    source, found = _take(source, poses, policy)
    if poses.is_last:
        source, ended = _end(replace(source, is_ended=True), "source_ended", bool(source.held))
        found = (*found, *ended)
    source, more = settle(source, policy, scored)
    return source, (*closed, *found, *more)


def settle(source: WatchedSource, policy: PolicySet | None, scored: SourceState | None) -> Seen:
    """Joined rules take the frames whose moment is judged, or that were held for long enough."""
    if not source.held:
        return source, ()
    through_s, openings = _judged(source, scored)
    return _let_go(source, policy, due(source.held, through_s), openings)


def end_all(
    source: WatchedSource,
    reason: ClosedReason,
    policy: PolicySet | None,
    scored: SourceState | None,
) -> Seen:
    """End every open stay, after what is held yet, and forget what is not open."""
    openings = _judged(source, scored)[1]
    source, found = _let_go(source, policy, len(source.held), openings)
    source, ended = _end(source, reason)
    return source, (*found, *ended)


def _end(source: WatchedSource, reason: ClosedReason, but_joined: bool = False) -> Seen:
    found: list[Alert] = []
    watches: dict[str, Watch] = {}
    for name, kept in source.watches.items():
        if kept.opened_by is None:
            continue
        if but_joined and kept.opened_by.joined is not None:
            watches[name] = kept
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


def _take(source: WatchedSource, poses: PosesExtracted, policy: PolicySet | None) -> Seen:
    """Every rule in force takes the frames; one that is no more follows its open stay to its end,
    and is forgotten then. For joined rules the frames are held.
    """
    in_force = _in_force(policy)
    found: list[Alert] = []
    watches: dict[str, Watch] = {}
    joined: dict[str, PresenceRule] = {}
    for name in [*in_force, *(set(source.watches) - set(in_force))]:
        kept = source.watches.get(name, NEW)
        rule = kept.opened_by or in_force.get(name)
        if rule is None:
            continue
        if rule.joined is not None:
            joined[name] = rule
        else:
            for frame in poses.frames:
                now = Moment(poses, frame, policy)
                kept, more = _advance(source, kept, rule, now.asked([rule], in_force))
                found += more
        if kept != NEW:
            watches[name] = kept
    held = source.held
    if joined:
        held += tuple(
            Moment(poses, frame, policy).asked(list(joined.values()), in_force)
            for frame in poses.frames
        )
    return replace(source, watches=watches, held=held), tuple(found)


@dataclass(frozen=True)
class Moment:
    """A frame, and what rules ask of it."""

    poses: PosesExtracted
    frame: PoseFrame
    policy: PolicySet | None

    def asked(self, rules: Sequence[PresenceRule], in_force: dict[str, PresenceRule]) -> HeldFrame:
        """What of these rules is so, whatever the scores are."""
        so = [rule for rule in rules if self._is_so(rule)]
        return HeldFrame(
            self.poses.clip.index,
            self.frame.at_s,
            self.poses.cut_at.timestamp(),
            tuple(rule.name for rule in so),
            tuple(rule.name for rule in so if rule.name in in_force and self._may_open(rule)),
        )

    def _is_so(self, rule: PresenceRule) -> bool:
        zones = self.policy.zones if self.policy else ()
        return holds(rule, zones, self.frame.people, self.poses.width / self.poses.height)

    def _may_open(self, rule: PresenceRule) -> bool:
        """Footage of which nobody knows the time is always within hours."""
        if self.policy is None or not self.poses.is_wall_clock or rule.during == "always":
            return True
        return is_during(self.policy.hours, rule.during, self.poses.moment(self.frame.at_s))


def _let_go(
    source: WatchedSource,
    policy: PolicySet | None,
    count: int,
    openings: Sequence[Opening],
) -> Seen:
    """Joined rules take the first frames that are held; with the last of an ended source all
    stays end.
    """
    if not count:
        return source, ()
    in_force = _in_force(policy)
    found: list[Alert] = []
    watches = dict(source.watches)
    for frame in source.held[:count]:
        then = replace(source, cut_at=datetime.fromtimestamp(frame.cut_at, UTC))
        for name in [*in_force, *(set(watches) - set(in_force))]:
            kept = watches.get(name, NEW)
            rule = kept.opened_by or in_force.get(name)
            if rule is None or rule.joined is None:
                continue
            now = frame if is_open(openings, rule.joined, frame.at_s) else _nothing(frame)
            watches[name], more = _advance(then, kept, rule, now)
            found += more
    watches = {name: kept for name, kept in watches.items() if kept != NEW}
    source = replace(source, watches=watches, held=source.held[count:])
    if source.is_ended and not source.held:
        source, ended = _end(source, "source_ended")
        found += ended
    return source, tuple(found)


def _advance(
    source: WatchedSource, kept: Watch, rule: PresenceRule, frame: HeldFrame
) -> tuple[Watch, list[Alert]]:
    is_so = rule.name in frame.holds
    may_open = rule.name in frame.may_open
    now = Frame(frame.clip_index, frame.at_s)
    state, changes = advance(kept.state, rule, now, is_so, may_open)
    is_opened = state.stay is not None and state.stay.opened is not None
    alerts = [presence_alert(source, rule, change) for change in changes]
    return Watch(state, rule if is_opened else None), alerts


def _judged(source: WatchedSource, scored: SourceState | None) -> tuple[float, Sequence[Opening]]:
    """Through which second scores are judged, and when rules had episodes open; of another life
    neither says anything.
    """
    if scored is None or scored.life != source.life:
        return -inf, ()
    return inf if scored.is_ended else scored.through_s, scored.openings


def _in_force(policy: PolicySet | None) -> dict[str, PresenceRule]:
    return {rule.name: rule for rule in policy.presence} if policy else {}


def _nothing(frame: HeldFrame) -> HeldFrame:
    return frame._replace(holds=(), may_open=())
