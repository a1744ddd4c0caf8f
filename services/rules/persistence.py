"""The persistence rule: from a stream of calibrated scores to episodes worth a person's time.

An episode opens when k of the latest n clips stand at or above the high mark, or one stands high
enough to open it alone; with `min_duration_s` it waits until a high clip ends so long after its
first. It goes on while clips stay at or above the low mark, and closes after m clips in a row below
it (hysteresis). After a close nothing opens for `cooldown_s`. Looks only at the past. Clips come in
the order of their indexes, each once; missing indexes are a gap. Pure.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from schemas.alerts import ClosedReason
from schemas.policies import PersistenceRule


class Moment(NamedTuple):
    """What the rule remembers of a clip. Seconds are from the origin of the source's grid."""

    clip_index: int
    start_s: float
    end_s: float
    calibrated: float


class Episode(NamedTuple):
    """An open alert: its first clip, its latest clip that was not low, its highest moment."""

    first: Moment
    last: Moment
    peak: Moment
    below: int = 0
    """How many clips in a row have been low since."""


class RuleState(NamedTuple):
    """All that a rule keeps of one source in one life. `waiting` is an episode that has not lasted
    long enough to open.
    """

    recent: tuple[Moment, ...] = ()
    episode: Episode | None = None
    quiet_until_s: float = 0.0
    waiting: Episode | None = None


class Change(NamedTuple):
    """What became of an episode."""

    kind: Literal["opened", "updated", "closed"]
    episode: Episode
    reason: ClosedReason = "subsided"


def advance(
    state: RuleState, rule: PersistenceRule, now: Moment, may_open: bool = True
) -> tuple[RuleState, list[Change]]:
    """Take the next clip. A rule that may not open now, being muted or out of its hours, lets what
    is open go on to its own end. `rule` is the one in force, or that under which the open episode
    opened.
    """
    state, changes = after_gap(state, rule, now)
    recent = (*state.recent, now)[-rule.n :]  # `_replace` costs four times the constructor
    state = RuleState(recent, state.episode, state.quiet_until_s, state.waiting)
    if state.episode is not None:
        state, more = _follow(state, state.episode, rule, now)
        return state, changes + more
    if not may_open:
        return state._replace(waiting=None) if state.waiting else state, changes
    state, more = _watch(state, rule, now)
    return state, changes + more


def close(
    state: RuleState, rule: PersistenceRule | None, reason: ClosedReason
) -> tuple[RuleState, list[Change]]:
    """End what is open, if anything is. Without a rule in force there is no cooldown."""
    if state.episode is None:
        return state, []
    cooldown_s = rule.cooldown_s if rule else 0.0
    closed = RuleState(quiet_until_s=state.episode.last.end_s + cooldown_s)
    return closed, [Change("closed", state.episode, reason)]


def opening_level(rule: PersistenceRule, recent: Sequence[Moment]) -> float:
    """The highest `high` at which these latest clips would open an episode, `alone` keeping its
    distance from it.
    """
    values = [moment.calibrated for moment in recent[-rule.n :]]
    level = sorted(values)[-rule.k] if len(values) >= rule.k else 0.0
    level = min(level, values[-1])
    if rule.alone is None:
        return level
    return max(level, values[-1] - (rule.alone - rule.high))


def _watch(state: RuleState, rule: PersistenceRule, now: Moment) -> tuple[RuleState, list[Change]]:
    """No episode is open: does one open, or begin to wait?"""
    if state.waiting is not None:
        return _wait(state, state.waiting, rule, now)
    if now.calibrated < rule.high or now.start_s < state.quiet_until_s:
        return state, []
    high = [moment for moment in state.recent if moment.calibrated >= rule.high]
    if not _enough(rule, high, now):
        return state, []
    return _open(state, Episode(first=high[0], last=now, peak=_highest(high)), rule, now)


def _open(
    state: RuleState, episode: Episode, rule: PersistenceRule, now: Moment
) -> tuple[RuleState, list[Change]]:
    """The episode opens once it is long enough, and waits till then."""
    if now.end_s - episode.first.start_s < rule.min_duration_s:
        return state._replace(waiting=episode), []
    return state._replace(episode=episode, waiting=None), [Change("opened", episode)]


def _wait(
    state: RuleState, waiting: Episode, rule: PersistenceRule, now: Moment
) -> tuple[RuleState, list[Change]]:
    """What waits goes on and ends as what is open does, and opens with a high clip."""
    waiting = _grown(waiting, rule, now)
    if waiting.below >= rule.m:
        return state._replace(waiting=None), []
    if now.calibrated < rule.high:
        return state._replace(waiting=waiting), []
    return _open(state, waiting, rule, now)


def _enough(rule: PersistenceRule, high: Sequence[Moment], now: Moment) -> bool:
    """Whether enough clips are high, or the latest is high enough alone."""
    is_alone = rule.alone is not None and now.calibrated >= rule.alone
    return is_alone or len(high) >= rule.k


def _follow(
    state: RuleState, episode: Episode, rule: PersistenceRule, now: Moment
) -> tuple[RuleState, list[Change]]:
    """An episode is open: it grows, or it counts towards its end."""
    grown = _grown(episode, rule, now)
    state = RuleState(state.recent, grown, state.quiet_until_s, state.waiting)
    if grown.below >= rule.m:
        return close(state, rule, "subsided")
    return state, [] if grown.peak is episode.peak else [Change("updated", grown)]


def _grown(episode: Episode, rule: PersistenceRule, now: Moment) -> Episode:
    if now.calibrated < rule.low:
        return Episode(episode.first, episode.last, episode.peak, episode.below + 1)
    peak = now if now.calibrated > episode.peak.calibrated else episode.peak
    return Episode(episode.first, now, peak)


def after_gap(
    state: RuleState, rule: PersistenceRule, now: Moment
) -> tuple[RuleState, list[Change]]:
    """What lies before a gap says nothing of now; a long gap ends what is open or waits. `advance`
    begins with it.
    """
    if not state.recent or now.clip_index == state.recent[-1].clip_index + 1:
        return state, []
    before = state.episode or state.waiting
    state = state._replace(recent=())
    if before is None or now.clip_index - before.last.clip_index - 1 <= rule.m:
        return state, []
    return close(state, rule, "subsided") if state.episode else (state._replace(waiting=None), [])


def _highest(moments: Sequence[Moment]) -> Moment:
    """The first of the highest: deterministic, and the moment a person wants to see."""
    return max(moments, key=lambda moment: (moment.calibrated, -moment.clip_index))
