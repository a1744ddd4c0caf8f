"""Hours of stores by the wall clock there: whether a moment lies within them. Pure but for the
time zones, which come with the machine or with `tzdata`.

A span belongs to the day on which it starts and may end on the next. A holiday replaces the spans
that start on its day; what the day before began goes on to its end. The wall clock counts: what it
skips in spring does not happen, what it shows twice in autumn counts twice.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator

from schemas.hours import DaySpan, Holiday, Period, StoreHours, WeeklyHours

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ONE_DAY = timedelta(days=1)


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises ValueError for a name that none has."""
    if name not in _names():
        raise ValueError(f"{name!r} is not the name of a time zone, such as Asia/Seoul")
    return ZoneInfo(name)


def in_known_zone(hours: StoreHours) -> StoreHours:
    """The hours themselves. Raises ValueError when their time zone has no known name."""
    zone(hours.time_zone)
    return hours


EnteredHours = Annotated[StoreHours, AfterValidator(in_known_zone)]
"""Hours of a store as somebody gives them: with a time zone that there is."""
EnteredZone = Annotated[str, AfterValidator(lambda name: zone(name).key)]


def is_during(hours: StoreHours, period: Period, at: datetime) -> bool:
    """Whether the moment, which knows its time zone, lies in the store's period.

    A store without `open` never closes, not on holidays either. Raises ValueError for a time zone
    that there is not.
    """
    if period == "always":
        return True
    if period in ("staffed", "unstaffed"):
        return _is_staffed(hours, at) == (period == "staffed")
    return _is_open(hours, at) == (period == "open")


def is_within(weekly: WeeklyHours, time_zone: str, at: datetime) -> bool:
    """Whether the moment lies in one of the week's spans, by the wall clock of the time zone.

    Raises ValueError for a time zone that there is not.
    """
    there = at.astimezone(zone(time_zone))
    day = there.date()
    return _covers(_spans(weekly, day), _spans(weekly, day - ONE_DAY), there.time())


def _is_open(hours: StoreHours, at: datetime) -> bool:
    if hours.open is None:
        return True
    there = at.astimezone(zone(hours.time_zone))
    today, before = (
        holiday.open if (holiday := _holiday(hours, day)) else _spans(hours.open, day)
        for day in (there.date(), there.date() - ONE_DAY)
    )
    return _covers(today, before, there.time())


def _is_staffed(hours: StoreHours, at: datetime) -> bool:
    there = at.astimezone(zone(hours.time_zone))
    today, before = (
        holiday.staffed if (holiday := _holiday(hours, day)) else _spans(hours.staffed, day)
        for day in (there.date(), there.date() - ONE_DAY)
    )
    return _covers(today, before, there.time())


def _covers(today: Sequence[DaySpan], before: Sequence[DaySpan], now: time) -> bool:
    """Whether a span of the day has begun and goes on, or one of the day before has not ended."""
    return any(
        span.start <= now and (now < span.end or _ends_next_day(span)) for span in today
    ) or any(_ends_next_day(span) and now < span.end for span in before)


def _ends_next_day(span: DaySpan) -> bool:
    return span.end <= span.start


def _spans(weekly: WeeklyHours, day: date) -> Sequence[DaySpan]:
    spans: Sequence[DaySpan] = getattr(weekly, DAYS[day.weekday()])
    return spans


def _holiday(hours: StoreHours, day: date) -> Holiday | None:
    """Of several entries for a day the last counts."""
    return next((one for one in reversed(hours.holidays) if one.day == day), None)


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones())
