"""The presence rule: from frames in which something is so, or not, to episodes.

A stay begins with the first frame in which it is so, opens once it was so for `longer_than_s`, and
closes after `clear_s` without. People are lost for a frame or two by any network, so what has not
opened yet outlives a moment without as well. Frames come in order of time. Pure (ADR 0034).
"""

from typing import Literal, NamedTuple

from schemas.alerts import ClosedReason
from schemas.policies import PresenceRule

LOST_FOR_S = 2.5
"""What has not opened yet begins anew after so long without, or after `clear_s` if that is less."""


class Frame(NamedTuple):
    """When a frame was, in seconds from the grid's origin, and of which clip it is."""

    clip_index: int
    at_s: float


class Stay(NamedTuple):
    """From its first frame to the latest in which it was so. `opened` is the frame that opened it;
    None: it is not long enough yet.
    """

    first: Frame
    last: Frame
    opened: Frame | None = None


class WatchState(NamedTuple):
    """All that a rule keeps of one source in one life."""

    stay: Stay | None = None
    quiet_until_s: float = 0.0
    closed_index: int = -1
    """The clip in which the latest closed stay began: no other begins there, since their alerts
    would have one id."""


class PresenceChange(NamedTuple):
    """What became of a stay."""

    kind: Literal["opened", "closed"]
    stay: Stay
    reason: ClosedReason = "subsided"


def advance(
    state: WatchState, rule: PresenceRule, now: Frame, is_so: bool, may_open: bool = True
) -> tuple[WatchState, list[PresenceChange]]:
    """Take the next frame. While it may not open nothing counts as so, but for what is open: that
    goes on to its own end.
    """
    state, changes = _lapse(state, rule, now, is_so)
    stay = state.stay
    if stay is not None and stay.opened is not None:
        return (state._replace(stay=stay._replace(last=now)) if is_so else state), changes
    if not (is_so and may_open) or now.at_s < state.quiet_until_s:
        return state, changes
    if stay is None and now.clip_index <= state.closed_index:
        return state, changes
    stay = Stay(now, now) if stay is None else stay._replace(last=now)
    if now.at_s - stay.first.at_s >= rule.longer_than_s:
        stay = stay._replace(opened=now)
        changes.append(PresenceChange("opened", stay))
    return state._replace(stay=stay), changes


def close(
    state: WatchState, rule: PresenceRule, reason: ClosedReason
) -> tuple[WatchState, list[PresenceChange]]:
    """End what is open, and forget what is not yet."""
    stay = state.stay
    if stay is None or stay.opened is None:
        return state._replace(stay=None), []
    quiet_until_s = stay.last.at_s + rule.cooldown_s
    closed = WatchState(None, quiet_until_s, stay.first.clip_index)
    return closed, [PresenceChange("closed", stay, reason)]


def _lapse(
    state: WatchState, rule: PresenceRule, now: Frame, is_so: bool
) -> tuple[WatchState, list[PresenceChange]]:
    """What was not so for too long ends, also where no frame was seen meanwhile: between two frames
    in which it is so nothing is known, and for a moment that does not matter.
    """
    if state.stay is None:
        return state, []
    without_s = now.at_s - state.stay.last.at_s
    if state.stay.opened is None:
        bound_s = LOST_FOR_S if is_so else min(rule.clear_s, LOST_FOR_S)
        return (state._replace(stay=None) if without_s > bound_s else state), []
    is_over = without_s > max(rule.clear_s, LOST_FOR_S) if is_so else without_s >= rule.clear_s
    return close(state, rule, "subsided") if is_over else (state, [])
