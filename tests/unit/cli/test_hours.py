"""Opening hours as people type them, and as they read them."""

import pytest

from services.cli.hours import HoursUnreadable, holiday, holiday_words, weekly, words

DAY = {"start": "06:00", "end": "23:00"}


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["mon-wed 6:00-23:00"], ["monday", "tuesday", "wednesday"]),
        (["Sat,sun 06:00 - 23:00"], ["saturday", "sunday"]),
        (["fri-mon 06:00-23:00"], ["friday", "saturday", "sunday", "monday"]),
        (["tue 06:00-23:00", "wednesday 06:00-23:00"], ["tuesday", "wednesday"]),
    ],
)
def test_days_and_ranges_of_days(texts: list[str], days: list[str]) -> None:
    assert weekly(texts) == {day: [DAY] for day in days}


def test_several_spans_of_a_day() -> None:
    expected = [{"start": "08:00", "end": "12:00"}, {"start": "22:00", "end": "02:00"}]
    assert weekly(["mon 08:00-12:00, 22:00-02:00"])["monday"] == expected
    assert weekly(["mon 08:00-12:00", "mon 22:00-02:00"])["monday"] == expected
    assert len(weekly(["daily 00:00-00:00"])) == 7


@pytest.mark.parametrize(
    "text", ["", "mon", "06:00-23:00", "mon 6-23", "x 06:00-23:00", "m 06:00-23:00", "mon-x 1:00-2"]
)
def test_what_cannot_be_read_is_said_so(text: str) -> None:
    with pytest.raises(HoursUnreadable):
        weekly([text])


def test_holidays() -> None:
    closed = {"day": "2026-12-25", "open": [], "staffed": []}
    assert holiday("2026-12-25 closed") == closed
    assert holiday("2026-12-24 06:00-23:00") == {"day": "2026-12-24", "open": [DAY], "staffed": []}
    staffed = [{"start": "08:00", "end": "12:00"}, {"start": "22:00", "end": "02:00"}]
    assert holiday("2026-12-25 closed staffed 8:00-12:00, 22:00-02:00") == closed | {
        "staffed": staffed
    }
    assert holiday("2026-12-25 06:00-23:00 staffed 06:00-23:00")["staffed"] == [DAY]
    for text in ("christmas closed", "2026-12-25 closed staffed", "2026-12-25 staffed all day"):
        with pytest.raises(HoursUnreadable):
            holiday(text)


@pytest.mark.parametrize(
    ("text", "is_always_open", "shown"),
    [
        ("2026-12-25 closed", False, "2026-12-25 closed, nobody there"),
        ("2026-12-25 closed", True, "2026-12-25 nobody there"),
        (
            "2026-12-24 06:00-23:00 staffed 06:00-23:00",
            False,
            "2026-12-24 open 06:00-23:00, staffed 06:00-23:00",
        ),
    ],
)
def test_holidays_for_people(text: str, is_always_open: bool, shown: str) -> None:
    assert holiday_words(holiday(text), is_always_open) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (None, "always"),
        ({}, "never"),
        (
            weekly(["mon-fri 06:00-23:00", "sat 08:00-12:00"]),
            "mon-fri 06:00-23:00; sat 08:00-12:00",
        ),
        (weekly(["daily 06:00-23:00"]), "mon-sun 06:00-23:00"),
    ],
)
def test_for_people(given: dict[str, list[dict[str, str]]] | None, shown: str) -> None:
    assert words(given) == shown
