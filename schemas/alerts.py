"""Alerts: an episode opened, grew, closed. One alert id through its whole life."""

from typing import Literal

from pydantic import Field

from schemas.base import Id, Seconds, Unit
from schemas.clips import Index, OfSource
from schemas.judgements import LIVE, Run

AlertKind = Literal["incident", "health"]
Severity = Literal["info", "warning", "critical"]
ClosedReason = Literal[
    "subsided", "source_ended", "source_silent", "new_life", "replaced", "recovered"
]


class _Alert(OfSource):
    """Of an alert of kind `health` the rule is the condition, `model_id` says `health` as well, and
    the peak is its beginning, with index 0.
    """

    alert_id: Id
    run: Run = LIVE
    kind: AlertKind = "incident"
    rule: str
    label: str
    detail: str = Field(
        default="",
        max_length=500,
        description="one sentence for people, of kind health",
    )
    severity: Severity = "warning"
    start_s: Seconds
    end_s: Seconds
    peak_s: Seconds
    peak_score: Unit | None = Field(
        default=None,
        description="null where no head gave one: of kind health, and of people by a presence rule",
    )
    peak_index: Index
    model_id: str


class AlertOpened(_Alert):
    """The persistence rule opened an episode. `end_s` and the peak are as known so far."""

    type: Literal["nightclerk.alert.opened.v1"] = "nightclerk.alert.opened.v1"


class AlertUpdated(_Alert):
    """The open episode has a higher peak than told before."""

    type: Literal["nightclerk.alert.updated.v1"] = "nightclerk.alert.updated.v1"


class AlertClosed(_Alert):
    """The episode is over.

    `subsided`: the score fell below the low mark, or a gap followed; `source_ended`: the upload is
    over; `source_silent`: nothing came for long; `new_life`: the source began again on another
    grid; `replaced`: another model took the place of the one that opened it; `recovered`: the
    condition that an alert of kind `health` told of is over.
    """

    type: Literal["nightclerk.alert.closed.v1"] = "nightclerk.alert.closed.v1"
    reason: ClosedReason = "subsided"


Alert = AlertOpened | AlertUpdated | AlertClosed
