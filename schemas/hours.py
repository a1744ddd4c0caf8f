"""Hours of a week at a place, with holidays, by the wall clock there."""

from datetime import date, time
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)


def _to_the_minute(moment: time) -> time:
    if moment.tzinfo is not None or moment.second or moment.microsecond:
        raise ValueError("a time of the day is HH:MM, by the store's clock")
    return moment


TimeOfDay = Annotated[
    time,
    AfterValidator(_to_the_minute),
    PlainSerializer(lambda moment: f"{moment:%H:%M}", return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["22:00"]}
    ),
]
Day = Annotated[date, PlainSerializer(lambda day: day.isoformat(), return_type=str)]
Period = Literal["always", "open", "closed", "staffed", "unstaffed"]
"""Whether the store is open, and whether somebody of the staff is there. An unmanned store is
mostly open and unstaffed."""


class DaySpan(BaseModel):
    """From one time of the day up to and without another; one that does not end after it starts
    ends on the next day. From 00:00 to 00:00 is the whole day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: TimeOfDay = Field(description="HH:MM by the store's clock")
    end: TimeOfDay


DaySpans = Annotated[tuple[DaySpan, ...], Field(max_length=12)]


class WeeklyHours(BaseModel):
    """Spans belong to the day on which they start."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    monday: DaySpans = ()
    tuesday: DaySpans = ()
    wednesday: DaySpans = ()
    thursday: DaySpans = ()
    friday: DaySpans = ()
    saturday: DaySpans = ()
    sunday: DaySpans = ()


class Holiday(BaseModel):
    """A day on which other spans than the weekday's count; with none it is closed all day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: Day
    open: DaySpans = ()
    staffed: DaySpans = ()


class StoreHours(BaseModel):
    """When a store is open, and when it is staffed. Without `open` it never closes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time_zone: Annotated[str, Field(min_length=1, max_length=64, description="IANA name")] = "UTC"
    open: WeeklyHours | None = None
    staffed: WeeklyHours = WeeklyHours()
    holidays: Annotated[tuple[Holiday, ...], Field(max_length=400)] = ()
