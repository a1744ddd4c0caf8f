"""What the API takes and gives of learning."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.api.learning.tables import LABEL_CHARS
from services.api.moments import Moment
from services.api.reviews.views import Text
from services.api.view import EXAMPLE_ID, STORE_EXAMPLE, OfStore, View, example

NORMAL = "normal"
LONGEST = timedelta(hours=1)
EXAMPLE_EVENT = "7c9e6679-7425-50de-944b-e07fc1f90ae7"
_SPAN = {"since": "2026-05-01T22:00:00Z", "until": "2026-05-01T22:00:08Z"}


def _word(label: str) -> str:
    kept = label.strip()
    if not kept or not kept.isprintable():
        raise ValueError("name what happened, as the rule of a head does: theft")
    return kept


Label = Annotated[str, Field(min_length=1, max_length=LABEL_CHARS), AfterValidator(_word)]


class MissedEventEntry(BaseModel):
    """What happened and raised no alert; or, of an alert, what it showed in truth and when."""

    source_id: UUID
    since: Moment
    until: Moment
    label: Label = Field(
        description="the name of a head's rule (theft), or normal: somebody looked, and nothing "
        "happened",
        examples=["theft"],
    )
    note: Text | None = None
    alert_id: UUID | None = Field(
        default=None, description="the alert whose span or label this puts right"
    )

    model_config = example(
        {"source_id": EXAMPLE_ID, **_SPAN, "label": "theft", "note": "two bars into the bag"}
    )

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if not timedelta(0) < self.until - self.since <= LONGEST:
            raise ValueError("until must be later than since, by an hour at most")
        return self


class MissedEventView(OfStore):
    event_id: UUID
    source_id: UUID
    source_name: str
    since: datetime
    until: datetime
    label: str
    note: str
    alert_id: UUID | None
    reported_by: str
    reported_at: datetime

    model_config = example(
        {
            **STORE_EXAMPLE,
            "event_id": EXAMPLE_EVENT,
            "source_id": EXAMPLE_ID,
            "source_name": "Till 1",
            **_SPAN,
            "label": "theft",
            "note": "two bars into the bag",
            "alert_id": None,
            "reported_by": "owner@shop.example",
            "reported_at": "2026-05-02T08:00:00Z",
        }
    )


class MissedEventPage(View):
    items: list[MissedEventView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class NeededView(View):
    """How many marked events it takes until a head of the store's own finds half of those that it
    has not seen, at one false alarm a camera and day; as far as acted thefts in one room tell.
    """

    about: int | None = Field(default=None, description="null: that footage does not tell")
    at_least: int = Field(description="so many were not enough")
    at_most: int | None = Field(default=None, description="null: that footage sets no bound")

    model_config = example({"about": None, "at_least": 24, "at_most": None})


class LabelProgressView(View):
    """How far the marks of a place go towards a head of its own for one kind of event."""

    label: str
    true_marked: int = Field(description="alerts that were true, of those that are still kept")
    missed_marked: int
    false_marked: int
    normal_marked: int = Field(description="moments that somebody looked at, of all labels")
    marked: int = Field(description="events in all: true alerts and missed events")
    days: int = Field(description="on which events were marked; two at least are needed")
    cameras: int = Field(description="at which events were marked")
    needed: NeededView
    model_id: str | None = Field(description="of the head that looks for it now")

    model_config = example(
        {
            "label": "theft",
            "true_marked": 3,
            "missed_marked": 6,
            "false_marked": 11,
            "normal_marked": 20,
            "marked": 9,
            "days": 5,
            "cameras": 2,
            "needed": {"about": None, "at_least": 24, "at_most": None},
            "model_id": "linear-1a2b3c4d",
        }
    )


class SuggestionView(OfStore):
    """A moment worth a look: whatever it is marked as teaches more than one drawn by chance."""

    kind: Literal["alert", "moment"]
    source_id: UUID
    source_name: str
    alert_id: UUID | None = Field(description="of an alert, which takes a verdict")
    label: str
    since: datetime
    until: datetime
    score: float = Field(description="the highest within, calibrated")
    mark: float = Field(description="from which on the rule counts it")
    player: str = Field(description="path of the dashboard that plays it")

    model_config = example(
        {
            **STORE_EXAMPLE,
            "kind": "moment",
            "source_id": EXAMPLE_ID,
            "source_name": "Till 1",
            "alert_id": None,
            "label": "theft",
            "since": "2026-05-01T22:00:00Z",
            "until": "2026-05-01T22:01:00Z",
            "score": 0.84,
            "mark": 0.9,
            "player": f"/cameras/{EXAMPLE_ID}?at=2026-05-01T22:00:00Z",
        }
    )


class LearningView(View):
    """How far a store, or all that one sees, is with heads of its own."""

    labels: list[LabelProgressView]
    quiet_hours: float = Field(description="scored without an alert, within the days looked at")
    since: datetime = Field(description="where suggestions and quiet hours begin")
    suggestions: list[SuggestionView] = Field(
        description="what to mark next, over cameras and days"
    )
