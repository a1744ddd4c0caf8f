"""The messages that episodes put out: alerts of both kinds, and scores with the marks in force."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from schemas import ids
from schemas.alerts import Alert, AlertClosed, AlertOpened, AlertUpdated
from schemas.clips import ClipRef
from schemas.judgements import LIVE, ClipJudged, HeadJudgement
from schemas.policies import PRESENCE, PersistenceRule, PresenceRule
from schemas.scores import ClipScored
from services.rules.persistence import Change, Episode
from services.rules.presence import PresenceChange
from services.scoring.episodes.conditions import Ailment
from services.scoring.episodes.policy import Terms
from services.scoring.episodes.state import SourceState
from services.scoring.episodes.watched import WatchedSource

A = TypeVar("A", AlertOpened, AlertUpdated, AlertClosed)


def alerts(
    state: SourceState, model_id: str, rule: PersistenceRule, changes: Iterable[Change]
) -> list[Alert]:
    """What became of a model's episodes under that rule, in the life that the source is in."""
    return [_alert_of(state, model_id, rule, change) for change in changes]


def alert_id(state: SourceState, model_id: str, rule: str, episode: Episode) -> UUID:
    clip_id = ids.clip_id(state.source_id, state.life.origin_at, episode.first.clip_index)
    return ids.alert_id(state.run, model_id, rule, clip_id)


def health_alert(kind: type[A], ailment: Ailment, **more: str) -> A:
    """That of a condition of a source: `more` has the reason of its end."""
    first, latest = ailment.first, ailment.latest
    start_ms = round(first.start_s * 1000)
    return kind.model_validate(
        {
            **first.provenance(),
            "cut_at": latest.cut_at,
            "alert_id": ids.health_id(first.source_id, first.origin_at, first.condition, start_ms),
            "kind": "health",
            "rule": first.condition,
            "label": ailment.label,
            "detail": first.detail,
            "severity": ailment.severity,
            "start_s": first.start_s,
            "end_s": ailment.end_s,
            "peak_s": first.start_s,
            "peak_index": 0,
            "model_id": "health",
            **more,
        }
    )


def presence_alert(source: WatchedSource, rule: PresenceRule, change: PresenceChange) -> Alert:
    """That of a stay under a presence rule; its peak is when it opened."""
    stay, opened = change.stay, change.stay.opened or change.stay.last
    clip_id = ids.clip_id(source.source_id, source.life.origin_at, stay.first.clip_index)
    content = {
        "source_id": source.source_id,
        "source_kind": source.source_kind,
        "origin_at": source.life.origin_at,
        "is_wall_clock": source.is_wall_clock,
        "cut_at": source.cut_at,
        "is_late": source.is_late,
        "alert_id": ids.alert_id(LIVE, PRESENCE, rule.name, clip_id),
        "rule": rule.name,
        "label": rule.label,
        "severity": rule.severity,
        "start_s": stay.first.at_s,
        "end_s": stay.last.at_s,
        "peak_s": opened.at_s,
        "peak_index": opened.clip_index,
        "model_id": PRESENCE,
    }
    if change.kind == "opened":
        return AlertOpened.model_validate(content)
    return AlertClosed.model_validate(content | {"reason": change.reason})


def scored(
    judged: ClipJudged, clips: Sequence[ClipRef], terms: Mapping[str, Terms], state: SourceState
) -> ClipScored:
    """The judgement of these clips, calibrated; `is_last` is not said yet."""
    return ClipScored.model_validate(
        {
            **judged.provenance(),
            "run": judged.run,
            "detector": judged.detector,
            "backbone": judged.backbone,
            "spec": judged.spec,
            "clips": tuple(clips),
            "heads": [_head_score(head, terms[head.model_id]) for head in judged.heads],
            "alerts_opened": state.alerts_opened,
        }
    )


def _head_score(judged: HeadJudgement, terms: Terms) -> dict[str, object]:
    """A `HeadScore`, validated with the whole message: as an instance it would be twice."""
    return {
        "head": judged.head,
        "model_id": judged.model_id,
        "rule": terms.rule.name,
        "label": terms.rule.label,
        "score": judged.score,
        "calibrated": terms.knots.apply(judged.score),
        "high_mark": terms.high_mark,
    }


def _alert_of(state: SourceState, model_id: str, rule: PersistenceRule, change: Change) -> Alert:
    episode = change.episode
    if change.kind == "opened":
        return _alert(AlertOpened, state, model_id, rule, episode)
    if change.kind == "updated":
        return _alert(AlertUpdated, state, model_id, rule, episode)
    return _alert(AlertClosed, state, model_id, rule, episode, reason=change.reason)


def _alert(
    kind: type[A],
    state: SourceState,
    model_id: str,
    rule: PersistenceRule,
    episode: Episode,
    **more: str,
) -> A:
    peak = episode.peak
    return kind.model_validate(
        {
            "source_id": state.source_id,
            "source_kind": state.source_kind,
            "origin_at": state.life.origin_at,
            "is_wall_clock": state.is_wall_clock,
            "cut_at": state.cut_at,
            "is_late": state.is_late,
            "alert_id": alert_id(state, model_id, rule.name, episode),
            "run": state.run,
            "rule": rule.name,
            "label": rule.label,
            "severity": rule.severity,
            "start_s": episode.first.start_s,
            "end_s": episode.last.end_s,
            "peak_s": (peak.start_s + peak.end_s) / 2,
            "peak_score": peak.calibrated,
            "peak_index": peak.clip_index,
            "model_id": model_id,
            **more,
        }
    )
