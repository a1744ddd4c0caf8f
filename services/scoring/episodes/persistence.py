"""The persistence rule: from a stream of calibrated scores to episodes worth a person's time.

An episode opens when k of the latest n clips stand at or above the high mark, or one stands high
enough to open it alone; it goes on while clips stay at or above the low mark, and closes after m
clips in a row below it (hysteresis). After a close nothing opens for `cooldown_s`. Looks only at
the past. Clips come in the order of their indexes, each once; missing indexes are a gap. Pure.
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
    """All that a rule keeps of one source in one life."""

    recent: tuple[Moment, ...] = ()
    episode: Episode | None = None
    quiet_until_s: float = 0.0


class Change(NamedTuple):
    """What became of an episode."""

    kind: Literal["opened", "updated", "closed"]
    episode: Episode
    reason: ClosedReason = "subsided"


def advance(
    state: RuleState, rule: PersistenceRule, now: Moment, is_muted: bool = False
) -> tuple[RuleState, list[Change]]:
    """Take the next clip. A muted rule opens nothing; what is open goes on to its own end."""
    state, changes = _notice_gap(state, rule, now)
    recent = (*state.recent, now)[-rule.n :]
    state = RuleState(recent, state.episode, state.quiet_until_s)  # `_replace` costs four times it
    if state.episode is not None:
        state, more = _follow(state, state.episode, rule, now)
        return state, changes + more
    if is_muted:
        return state, changes
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


def _watch(state: RuleState, rule: PersistenceRule, now: Moment) -> tuple[RuleState, list[Change]]:
    """No episode is open: does one open?"""
    if now.calibrated < rule.high or now.start_s < state.quiet_until_s:
        return state, []
    high = [moment for moment in state.recent if moment.calibrated >= rule.high]
    if not _enough(rule, high, now):
        return state, []
    episode = Episode(first=high[0], last=now, peak=_highest(high))
    return state._replace(episode=episode), [Change("opened", episode)]


def _enough(rule: PersistenceRule, high: Sequence[Moment], now: Moment) -> bool:
    """Whether enough clips are high, or the latest is high enough alone."""
    is_alone = rule.alone is not None and now.calibrated >= rule.alone
    return is_alone or len(high) >= rule.k


def _follow(
    state: RuleState, episode: Episode, rule: PersistenceRule, now: Moment
) -> tuple[RuleState, list[Change]]:
    """An episode is open: it grows, or it counts towards its end."""
    if now.calibrated < rule.low:
        episode = episode._replace(below=episode.below + 1)
        state = state._replace(episode=episode)
        return close(state, rule, "subsided") if episode.below >= rule.m else (state, [])
    is_higher = now.calibrated > episode.peak.calibrated
    episode = episode._replace(below=0, last=now, peak=now if is_higher else episode.peak)
    return state._replace(episode=episode), [Change("updated", episode)] if is_higher else []


def _notice_gap(
    state: RuleState, rule: PersistenceRule, now: Moment
) -> tuple[RuleState, list[Change]]:
    """What lies before a gap says nothing of now; a long gap ends an open episode."""
    if not state.recent or now.clip_index == state.recent[-1].clip_index + 1:
        return state, []
    state = state._replace(recent=())
    if state.episode and now.clip_index - state.episode.last.clip_index - 1 > rule.m:
        return close(state, rule, "subsided")
    return state, []


def _highest(moments: Sequence[Moment]) -> Moment:
    """The first of the highest: deterministic, and the moment a person wants to see."""
    return max(moments, key=lambda moment: (moment.calibrated, -moment.clip_index))
