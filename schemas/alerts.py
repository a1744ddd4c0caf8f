"""Alerts: an episode opened, grew, closed. One alert id through its whole life."""

from typing import ClassVar, Literal

from schemas.base import Id, Message, Seconds, Unit, UtcTime
from schemas.clips import SourceKind


class _Alert(Message):
    KEY: ClassVar[str] = "source_id"

    alert_id: Id
    source_id: Id
    source_kind: SourceKind = "upload"
    rule: str
    label: str
    start_s: Seconds
    end_s: Seconds
    peak_s: Seconds
    peak_score: Unit
    peak_clip_id: Id
    origin_at: UtcTime | None = None
    model_id: str


class AlertOpened(_Alert):
    """The persistence rule opened an episode. `end_s` and the peak are as known so far."""

    type: Literal["nightclerk.alert.opened.v1"] = "nightclerk.alert.opened.v1"


class AlertUpdated(_Alert):
    """The open episode has a higher peak than told before."""

    type: Literal["nightclerk.alert.updated.v1"] = "nightclerk.alert.updated.v1"


class AlertClosed(_Alert):
    """The episode is over: the score fell below the low mark, or the source ended."""

    type: Literal["nightclerk.alert.closed.v1"] = "nightclerk.alert.closed.v1"
    reason: Literal["subsided", "source_ended"] = "subsided"
