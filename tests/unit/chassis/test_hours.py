"""Hours hold by the wall clock of the store, whatever it does, against an oracle of minutes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.hours import DaySpan, Holiday, StoreHours, WeeklyHours
from services.chassis.hours import DAYS, EnteredHours, is_during, is_within, zone

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PLACES = {
    "spring in Berlin": ("Europe/Berlin", date(2026, 3, 29)),
    "autumn in Berlin": ("Europe/Berlin", date(2026, 10, 25)),
    "Seoul": ("Asia/Seoul", date(2026, 3, 29)),
    "autumn in Lord Howe, by half an hour": ("Australia/Lord_Howe", date(2026, 4, 5)),
}

times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 29, 30, 59]))
spans = st.lists(st.builds(DaySpan, start=times, end=times), max_size=2).map(tuple)
weeks = st.builds(WeeklyHours, **dict.fromkeys(DAYS, spans))


def span(start: str, end: str) -> DaySpan:
    return DaySpan(start=time.fromisoformat(start), end=time.fromisoformat(end))


def at(text: str, place: str = "Europe/Berlin", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(place), fold=fold)


def minutes(day: date, spans: tuple[DaySpan, ...]) -> Iterator[datetime]:
    """Every minute on the face of the clock that the spans of a day cover."""
    for one in spans:
        now = datetime.combine(day, one.start)
        end = datetime.combine(day, one.end)
        end += DAY if end <= now else timedelta()
        while now < end:
            yield now
            now += MINUTE


def oracle(
    week: WeeklyHours, holidays: dict[date, tuple[DaySpan, ...]], middle: date
) -> set[datetime]:
    covered = set[datetime]()
    for days in range(-3, 4):
        day = middle + days * DAY
        weekday = getattr(week, f"{day:%A}".lower())
        covered.update(minutes(day, holidays.get(day, weekday)))
    return covered


@pytest.mark.parametrize("place", PLACES)
@given(week=weeks, free=st.dictionaries(st.integers(-1, 1), spans, max_size=2))
@settings(max_examples=15)
def test_every_minute_around_a_change_of_the_clock_is_as_the_oracle_has_it(
    place: str, week: WeeklyHours, free: dict[int, tuple[DaySpan, ...]]
) -> None:
    name, middle = PLACES[place]
    holidays = {middle + days * DAY: day_spans for days, day_spans in free.items()}
    entries = tuple(Holiday(day=day, open=o, staffed=o) for day, o in holidays.items())
    hours = StoreHours(time_zone=name, open=week, staffed=week, holidays=entries)
    covered, weekly = oracle(week, holidays, middle), oracle(week, {}, middle)
    start = datetime.combine(middle, time(), UTC) - DAY
    for number in range(0, 2 * 24 * 60, 7):
        now = start + number * MINUTE + timedelta(seconds=number % 60)
        face = now.astimezone(ZoneInfo(name)).replace(tzinfo=None, second=0, fold=0)
        assert is_during(hours, "open", now) is (face in covered)
        assert is_during(hours, "closed", now) is (face not in covered)
        assert is_during(hours, "staffed", now) is (face in covered)
        assert is_during(hours, "unstaffed", now) is (face not in covered)
        assert is_during(hours, "always", now)
        assert is_within(week, name, now) is (face in weekly)


NIGHTS = StoreHours(
    time_zone="Europe/Berlin",
    open=WeeklyHours(saturday=(span("22:00", "02:30"),), monday=(span("08:00", "20:00"),)),
    staffed=WeeklyHours(monday=(span("09:00", "18:00"),)),
    holidays=(Holiday(day=date(2026, 12, 28), open=(span("10:00", "12:00"),)),),
)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (at("2026-10-24T21:59"), False),
        (at("2026-10-24T22:00"), True),
        (at("2026-10-25T02:29", fold=0), True),
        (at("2026-10-25T02:31", fold=0), False),
        (at("2026-10-25T02:29", fold=1), True),
        (at("2026-10-25T02:30", fold=1), False),
        (at("2026-03-29T01:59"), True),
        (at("2026-03-29T03:00"), False),
        (at("2026-12-28T09:00"), False),
        (at("2026-12-28T11:59"), True),
        (at("2026-12-21T09:00"), True),
    ],
)
def test_spans_go_on_into_the_next_day_and_holidays_replace_them(
    moment: datetime, is_open: bool
) -> None:
    assert is_during(NIGHTS, "open", moment.astimezone(UTC)) is is_open


def test_what_began_on_the_eve_of_a_holiday_goes_on() -> None:
    week = WeeklyHours(thursday=(span("18:00", "03:00"),), friday=(span("00:00", "00:00"),))
    hours = StoreHours(open=week, holidays=(Holiday(day=date(2026, 12, 25)),))
    assert is_during(hours, "open", at("2026-12-25T02:59", "UTC"))
    assert is_during(hours, "closed", at("2026-12-25T03:00", "UTC"))


def test_a_store_without_opening_hours_never_closes_not_on_holidays_either() -> None:
    hours = StoreHours(
        staffed=WeeklyHours(friday=(span("09:00", "17:00"),)),
        holidays=(Holiday(day=date(2026, 12, 25)),),
    )
    assert is_during(hours, "open", at("2026-12-25T12:00", "UTC"))
    assert is_during(hours, "unstaffed", at("2026-12-25T12:00", "UTC"))
    assert is_during(hours, "staffed", at("2026-12-18T12:00", "UTC"))


@pytest.mark.parametrize("name", ["Europe", "../etc/passwd", "", "Mars/Olympus", "europe/berlin"])
def test_a_time_zone_that_there_is_not_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a time zone"):
        zone(name)
    if name:
        with pytest.raises(ValidationError, match="such as Asia/Seoul"):
            TypeAdapter(EnteredHours).validate_python({"time_zone": name})
