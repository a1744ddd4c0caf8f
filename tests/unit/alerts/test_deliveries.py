"""Which deliveries an alert causes, and when again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.core.deliveries import (
    Attempt,
    Receipt,
    RetryPolicy,
    Target,
    deliveries_for,
    is_stale,
    judge,
)
from tests.builders import source
from tests.unit.alerts.room import NOON, alert

MAIL = Target("email", "owner@example.org")
HOOK = Target("webhook", "https://user:pw@example.org/hook?token=secret")
POLICY = RetryPolicy(base_s=2, cap_s=60, window_s=600, jitter=0.25)


def test_an_alert_goes_to_every_target_once() -> None:
    made = deliveries_for(alert(), [MAIL, HOOK, MAIL])
    assert [one.target for one in made] == [MAIL, HOOK]
    assert len({one.delivery_id for one in made}) == 2


def test_the_same_alert_has_the_same_deliveries_again() -> None:
    again = alert(end_s=60.0, peak_score=0.99)
    first = [one.delivery_id for one in deliveries_for(alert(), [MAIL, HOOK])]
    assert [one.delivery_id for one in deliveries_for(again, [MAIL, HOOK])] == first


def test_another_alert_has_other_deliveries() -> None:
    other = deliveries_for(alert(source_id=source(2)), [MAIL])[0]
    assert deliveries_for(alert(), [MAIL])[0].delivery_id != other.delivery_id


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (MAIL, "owner@example.org"),
        (HOOK, "https://example.org/hook"),
        (Target("webhook", "http://127.0.0.1:9000/a/b"), "http://127.0.0.1:9000/a/b"),
    ],
)
def test_what_is_shown_of_a_target_holds_no_secret(target: Target, shown: str) -> None:
    assert target.shown == shown


@pytest.mark.parametrize(
    ("age", "stale"), [(timedelta(0), False), (timedelta(hours=24), False), (timedelta(2), True)]
)
def test_an_old_alert_is_stale(age: timedelta, stale: bool) -> None:
    assert is_stale(NOON - age, NOON, timedelta(hours=24)) is stale


def test_an_alert_of_unknown_age_is_not_stale() -> None:
    assert not is_stale(None, NOON, timedelta(hours=24))


OK = Receipt(True, "250")
NO = Receipt(False, "550 unknown")
LATER = Receipt(False, "451 busy", again=True)


@pytest.mark.parametrize(
    ("receipt", "number", "ended_at", "outcome", "due_at"),
    [
        (OK, 1, 1000.0, "delivered", None),
        (NO, 1, 1000.0, "failed", None),
        (LATER, 1, 1000.0, "retrying", 1002.0),
        (LATER, 2, 1000.0, "retrying", 1004.0),
        (LATER, 5, 1000.0, "retrying", 1032.0),
        (LATER, 9, 1000.0, "retrying", 1060.0),
        (LATER, 20, 1599.0, "failed", None),
        (Receipt(False, "503", again=True, retry_after_s=90), 1, 1000.0, "retrying", 1090.0),
        (Receipt(False, "503", again=True, retry_after_s=1), 1, 1000.0, "retrying", 1002.0),
        (Receipt(False, "503", again=True, retry_after_s=3600), 1, 1000.0, "failed", None),
        (OK, 40, 99_999.0, "delivered", None),
    ],
)
def test_what_follows_from_an_attempt(
    receipt: Receipt, number: int, ended_at: float, outcome: str, due_at: float | None
) -> None:
    verdict = judge(receipt, Attempt(number, 1000.0, ended_at), POLICY, chance=0.5)
    assert (verdict.outcome, verdict.due_at) == (outcome, due_at)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_the_delay_stays_within_its_bounds(attempt: int, chance: float) -> None:
    assert 1.5 <= POLICY.delay_s(attempt, chance) <= 75


@given(st.floats(0, 1, exclude_max=True))
def test_a_delivery_that_never_works_ends(chance: float) -> None:
    now = 1000.0
    for number in range(1, 100):
        verdict = judge(LATER, Attempt(number, 1000.0, now), POLICY, chance)
        if verdict.due_at is None:
            assert verdict.outcome == "failed"
            return
        assert verdict.due_at > now
        now = verdict.due_at
    pytest.fail("it goes on for ever")
