"""The persistence rule: from a stream of calibrated scores to episodes worth a person's time.

An episode opens when k of the latest n clips stand at or above the high mark, or one stands so high
that it speaks alone; it goes on while clips stay at or above the low mark, and closes after m clips
in a row below it (hysteresis). After a close nothing opens for `cooldown_s`. Looks only at the
past. `step` is deterministic, and clips it has seen before change nothing, so a replayed log leads
to the same episodes.
"""

from collections.abc import Sequence
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from schemas.base import Id, Unit
from schemas.ids import alert_id
from schemas.scores import ClipScored

Alert = AlertOpened | AlertUpdated | AlertClosed
A = TypeVar("A", AlertOpened, AlertUpdated, AlertClosed)
GAP_TOLERANCE_S = 0.5
"""Clips further apart than this are not consecutive."""


class Rule(BaseModel):
    """When to open and when to close. Marks are calibrated scores; k, n and m count clips."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    label: str
    high: Unit
    low: Unit
    k: Annotated[int, Field(ge=1)]
    n: Annotated[int, Field(ge=1)]
    m: Annotated[int, Field(ge=1)]
    alone: Unit | None = None
    """A clip at or above this opens an episode by itself; None: it always takes k of n."""
    cooldown_s: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.k > self.n:
            raise ValueError("k of n clips: k must not exceed n")
        if self.low > self.high:
            raise ValueError("the low mark must not stand above the high mark")
        if self.alone is not None and self.alone < self.high:
            raise ValueError("what speaks alone must not stand below the high mark")
        return self


class Moment(BaseModel):
    """What the rule remembers of a clip."""

    model_config = ConfigDict(frozen=True)

    clip_id: Id
    start_s: float
    end_s: float
    calibrated: float


class Episode(BaseModel):
    """An open alert: since which clip, its highest moment, how long it has been quiet."""

    model_config = ConfigDict(frozen=True)

    alert_id: Id
    start_s: float
    end_s: float
    peak: Moment
    below: int = 0


class State(BaseModel):
    """All that is known of one source under one model: a value of the stream's table."""

    model_config = ConfigDict(frozen=True)

    next_index: int = 0
    recent: tuple[Moment, ...] = ()
    episode: Episode | None = None
    quiet_until_s: float = 0.0
    alerts_opened: int = 0


def step(state: State, rule: Rule, clip: ClipScored) -> tuple[State, list[Alert]]:
    """Take the next scored clip of a source. One seen before returns the state unchanged."""
    if clip.index < state.next_index:
        return state, []
    now = Moment(
        clip_id=clip.clip_id, start_s=clip.start_s, end_s=clip.end_s, calibrated=clip.calibrated
    )
    state, alerts = _notice_gap(state, rule, clip, now)
    state = state.model_copy(
        update={"next_index": clip.index + 1, "recent": (*state.recent, now)[-rule.n :]}
    )
    state, moved = (_follow if state.episode else _watch)(state, rule, clip, now)
    alerts += moved
    if clip.is_last and state.episode:
        alerts.append(_told(AlertClosed, rule, clip, state.episode, reason="source_ended"))
        state = state.model_copy(update={"episode": None})
    return state, alerts


def _watch(state: State, rule: Rule, clip: ClipScored, now: Moment) -> tuple[State, list[Alert]]:
    """No episode is open: does one open?"""
    high = [moment for moment in state.recent if moment.calibrated >= rule.high]
    if now.start_s < state.quiet_until_s or not _enough(rule, high, now):
        return state, []
    episode = Episode(
        alert_id=alert_id(clip.source_id, rule.name, high[0].clip_id),
        start_s=high[0].start_s,
        end_s=now.end_s,
        peak=_highest(high),
    )
    opened = state.model_copy(update={"episode": episode, "alerts_opened": state.alerts_opened + 1})
    return opened, [_told(AlertOpened, rule, clip, episode)]


def _enough(rule: Rule, high: Sequence[Moment], now: Moment) -> bool:
    """Whether the latest clip is high, and enough others are, or it is high enough alone."""
    if rule.alone is not None and now.calibrated >= rule.alone:
        return True
    return now.calibrated >= rule.high and len(high) >= rule.k


def _follow(state: State, rule: Rule, clip: ClipScored, now: Moment) -> tuple[State, list[Alert]]:
    """An episode is open: it grows, or it counts towards its end."""
    episode = state.episode
    assert episode is not None
    if now.calibrated < rule.low:
        episode = episode.model_copy(update={"below": episode.below + 1})
        if episode.below >= rule.m:
            return _close(state, rule, clip, episode)
        return state.model_copy(update={"episode": episode}), []
    higher = now.calibrated > episode.peak.calibrated
    episode = episode.model_copy(
        update={"below": 0, "end_s": now.end_s, "peak": now if higher else episode.peak}
    )
    alerts: list[Alert] = [_told(AlertUpdated, rule, clip, episode)] if higher else []
    return state.model_copy(update={"episode": episode}), alerts


def _close(
    state: State, rule: Rule, clip: ClipScored, episode: Episode
) -> tuple[State, list[Alert]]:
    closed = state.model_copy(
        update={
            "episode": None,
            "recent": (),
            "quiet_until_s": episode.end_s + rule.cooldown_s,
        }
    )
    return closed, [_told(AlertClosed, rule, clip, episode)]


def _notice_gap(
    state: State, rule: Rule, clip: ClipScored, now: Moment
) -> tuple[State, list[Alert]]:
    """What lies before a gap in time says nothing of now; a long gap ends an open episode."""
    if not state.recent or now.start_s - state.recent[-1].end_s <= GAP_TOLERANCE_S:
        return state, []
    state = state.model_copy(update={"recent": ()})
    episode = state.episode
    if episode and now.start_s - episode.end_s > rule.m * (now.end_s - now.start_s):
        return _close(state, rule, clip, episode)
    return state, []


def _highest(moments: Sequence[Moment]) -> Moment:
    """The first of the highest: deterministic, and the moment a person wants to see."""
    return max(moments, key=lambda moment: (moment.calibrated, -moment.start_s))


def _told(kind: type[A], rule: Rule, clip: ClipScored, episode: Episode, **more: str) -> A:
    peak = episode.peak
    return kind.model_validate(
        {
            "alert_id": episode.alert_id,
            "source_id": clip.source_id,
            "source_kind": clip.source_kind,
            "rule": rule.name,
            "label": rule.label,
            "start_s": episode.start_s,
            "end_s": episode.end_s,
            "peak_s": (peak.start_s + peak.end_s) / 2,
            "peak_score": peak.calibrated,
            "peak_clip_id": peak.clip_id,
            "origin_at": clip.origin_at,
            "model_id": clip.model_id,
            **more,
        }
    )
