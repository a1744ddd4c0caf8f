"""What the API tells of reviews, and what it is told of them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from schemas.alerts import AlertKind, Severity
from schemas.reviews import Verdict
from services.api.moments import Moment
from services.api.reviews.tables import COMMENT_CHARS, REASON_CHARS
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, View, example

MOST_AT_ONCE = 1000
"""Alerts that may be named in one request."""

Action = Literal[
    "acknowledged", "unacknowledged", "assigned", "unassigned", "judged", "unjudged", "undone"
]


def _printable(text: str) -> str:
    """Line breaks stay; control characters do not."""
    kept = "".join(letter for letter in text if letter.isprintable() or letter == "\n").strip()
    if not kept:
        raise ValueError("there is no text")
    return kept


Text = Annotated[str, Field(min_length=1, max_length=COMMENT_CHARS), AfterValidator(_printable)]
Reason = Annotated[str, Field(min_length=1, max_length=REASON_CHARS), AfterValidator(_printable)]


class ReviewView(View):
    """What people made of an alert. `version` is its ETag: show it as If-Match with a change, and
    nobody is overwritten unseen.
    """

    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = Field(default=None, description="a name, for people")
    assigned_to: UUID | None = Field(default=None, description="a user")
    assigned_by: str | None = None
    verdict: Verdict | None = Field(default=None, description="a true or a false alarm")
    reason: str | None = None
    judged_by: str | None = None
    version: int = Field(default=0, description="0: nobody has said anything")

    model_config = example(
        {
            "acknowledged_at": EXAMPLE_WHEN,
            "acknowledged_by": "minji@example.com",
            "assigned_to": None,
            "assigned_by": None,
            "verdict": "false",
            "reason": "the cleaner",
            "judged_by": "minji@example.com",
            "version": 2,
        }
    )

    @property
    def etag(self) -> str:
        return f'"{self.version}"'


class AssignmentEntry(BaseModel):
    """Who shall see to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    assigned_to: UUID


class VerdictEntry(BaseModel):
    """What it was."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"verdict": "false", "reason": "the cleaner"}]},
    )

    verdict: Verdict
    reason: Reason | None = None


class CommentEntry(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"text": "Called the shop."}]}
    )

    text: Text


class CommentView(View):
    comment_id: UUID
    person: str
    text: str
    written_at: datetime

    model_config = example(
        {
            "comment_id": EXAMPLE_ID,
            "person": "minji@example.com",
            "text": "Called the shop.",
            "written_at": EXAMPLE_WHEN,
        }
    )


class CommentsView(View):
    """All comments, in order of time."""

    items: list[CommentView]


class ChangeView(View):
    """One change of a review, with the state before and after it."""

    version: int
    action: Action
    person: str
    changed_at: datetime
    before: dict[str, Any]
    after: dict[str, Any]


class HistoryView(View):
    """All changes of a review, in order."""

    items: list[ChangeView]


class AlertSelection(BaseModel):
    """Which alerts, as the list of alerts is filtered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_id: UUID | None = None
    store_id: UUID | None = None
    severity: Severity | None = None
    state: Literal["open", "closed"] | None = None
    kind: AlertKind | None = None
    label: Annotated[str, Field(max_length=128)] | None = None
    incident_id: UUID | None = None
    since: Moment | None = None
    until: Moment | None = None


class AcknowledgementsEntry(BaseModel):
    """Alerts that were seen: those named, or all of the live run that the filter lets through."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"filter": {"until": EXAMPLE_WHEN}}]},
    )

    alert_ids: Annotated[list[UUID], Field(max_length=MOST_AT_ONCE)] | None = None
    filter: AlertSelection | None = None

    @model_validator(mode="after")
    def _either(self) -> "AcknowledgementsEntry":
        if (self.alert_ids is None) == (self.filter is None):
            raise ValueError("give either alert_ids or filter")
        return self


class BatchView(View):
    """What was done at once; `batch_id` undoes it."""

    batch_id: UUID
    changed: int = Field(description="alerts that nobody had acknowledged before")
    more: bool = Field(description="there are more than go at once: ask again")

    model_config = example({"batch_id": EXAMPLE_ID, "changed": 12, "more": False})


class UndoneView(View):
    changed: int = Field(description="what somebody changed meanwhile stays as it is")


class ClaimView(View):
    """Somebody is at it."""

    person: str
    until: datetime
    is_mine: bool


class IncidentView(View):
    """Alerts of a store that belong together: of neighbouring cameras, and repeated ones."""

    incident_id: UUID = Field(description="the id of its first alert")
    severity: Severity = Field(description="the gravest of its alerts'")
    store_id: UUID | None
    started_at: datetime
    ended_at: datetime
    alert_count: int
    source_count: int = Field(description="how many cameras or uploads saw it")
    unjudged: int = Field(description="alerts in it without a verdict")
    claim: ClaimView | None = Field(description="who is at it now, if anybody")

    model_config = example(
        {
            "incident_id": "7c9e6679-7425-50de-944b-e07fc1f90ae7",
            "severity": "warning",
            "store_id": EXAMPLE_ID,
            "started_at": EXAMPLE_WHEN,
            "ended_at": "2026-05-01T22:03:12Z",
            "alert_count": 3,
            "source_count": 2,
            "unjudged": 3,
            "claim": None,
        }
    )


class QueuePage(View):
    items: list[IncidentView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")
    waiting: int = Field(description="how many wait; 1000 means that many or more")
    claimed: int = Field(description="how many of them somebody is at; likewise")


class ClaimEntry(BaseModel):
    """For how long, and from which part of the queue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minutes: Annotated[float, Field(gt=0, le=60)] = 5.0
    store_id: UUID | None = None
    severity: Severity | None = None


class LeaseEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    minutes: Annotated[float, Field(gt=0, le=60)] = 5.0
