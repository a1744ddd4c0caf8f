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
