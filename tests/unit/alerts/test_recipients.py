"""Who hears of which alert."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from schemas.hours import DaySpan, WeeklyHours
from schemas.ids import DEFAULT_TENANT, default_store
from schemas.targets import AlertFilter
from services.alerts.core.deliveries import Target
from services.alerts.core.recipients import Place, recipients
from tests.builders import SOURCE, source
from tests.unit.alerts.room import OWNER, alert

STORE, OTHER = default_store(DEFAULT_TENANT), source(77)
PLACE = Place(DEFAULT_TENANT, STORE)
MONDAY_NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)
MORNINGS = WeeklyHours(monday=(DaySpan(start=time(9), end=time(12, 30)),))


def target(after_s: float = 0.0, **wants: Any) -> Target:
    return Target(
        "webhook",
        "https://hooks.example/",
        identity=source(50),
        tenant_id=DEFAULT_TENANT,
        wants=AlertFilter(**wants),
        after_s=after_s,
    )


@pytest.mark.parametrize(
    ("wants", "hears"),
    [
        ({}, True),
        ({"store_ids": (STORE,)}, True),
        ({"store_ids": (OTHER,)}, False),
        ({"source_ids": (SOURCE,)}, True),
        ({"source_ids": (OTHER,)}, False),
        ({"kinds": ("health",)}, False),
        ({"severities": ("warning",)}, True),
        ({"severities": ("critical",)}, False),
        ({"labels": ("fight", "fall")}, True),
        ({"labels": ("fall",)}, False),
        ({"hours": MORNINGS}, True),
        ({"hours": MORNINGS, "time_zone": "Asia/Seoul"}, False),
    ],
)
def test_a_target_hears_of_what_it_wants(wants: dict[str, Any], hears: bool) -> None:
    found = recipients(alert(), PLACE, [target(**wants)], MONDAY_NOON)
    assert bool(found) == hears


SATURDAY_NIGHTS = WeeklyHours(saturday=(DaySpan(start=time(22), end=time(2, 30)),))
BERLIN = Place(DEFAULT_TENANT, STORE, time_zone="Europe/Berlin")
SEOUL = Place(DEFAULT_TENANT, STORE, time_zone="Asia/Seoul")


@pytest.mark.parametrize(
    ("utc", "place", "hears"),
    [
        # Spring: at 01:00 UTC the clock goes from 02:00 to 03:00, past the end at 02:30.
        ("2026-03-28T20:59", BERLIN, False),
        ("2026-03-28T21:00", BERLIN, True),
        ("2026-03-29T00:59", BERLIN, True),
        ("2026-03-29T01:00", BERLIN, False),
        # Autumn: at 01:00 UTC it goes from 03:00 back to 02:00, so 02:00 to 02:30 comes twice.
        ("2026-10-24T19:59", BERLIN, False),
        ("2026-10-24T20:00", BERLIN, True),
        ("2026-10-25T00:29", BERLIN, True),
        ("2026-10-25T00:30", BERLIN, False),
        ("2026-10-25T01:00", BERLIN, True),
        ("2026-10-25T01:30", BERLIN, False),
        # A store without clock changes, on the same nights.
        ("2026-03-28T12:59", SEOUL, False),
        ("2026-03-28T13:00", SEOUL, True),
        ("2026-10-24T17:29", SEOUL, True),
        ("2026-10-24T17:30", SEOUL, False),
        ("2026-10-24T22:00", PLACE, True),
    ],
)
def test_hours_are_by_the_clock_of_the_store_where_the_filter_names_none(
    utc: str, place: Place, hears: bool
) -> None:
    now = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    night = target(hours=SATURDAY_NIGHTS)
    assert bool(recipients(alert(), place, [night], now)) == hears
    fixed = target(hours=SATURDAY_NIGHTS, time_zone=place.time_zone)
    elsewhere = Place(DEFAULT_TENANT, STORE, time_zone="America/New_York")
    assert bool(recipients(alert(), elsewhere, [fixed], now)) == hears


def test_of_an_escalation_the_hours_count_when_it_is_due() -> None:
    step = target(after_s=3600.0, hours=MORNINGS)
    assert recipients(alert(), PLACE, [step], MONDAY_NOON) == ()
    earlier = MONDAY_NOON - timedelta(hours=4)
    assert recipients(alert(), PLACE, [step], earlier) == (step,)


@pytest.mark.parametrize("place", [Place(OTHER, STORE), Place()])
def test_another_tenants_alerts_are_heard_by_the_environment_alone(place: Place) -> None:
    assert recipients(alert(), place, [target(), OWNER], MONDAY_NOON) == (OWNER,)


def test_nobody_hears_of_what_begins_while_its_source_is_snoozed() -> None:
    about = alert()
    began = about.moment(about.start_s)
    for until, hears in ((began + timedelta(seconds=1), False), (began, True)):
        place = Place(DEFAULT_TENANT, STORE, until)
        assert bool(recipients(about, place, [OWNER], MONDAY_NOON)) == hears
