"""Which deliveries an alert causes, and when again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import AlertOpened
from services.alerts.core.deliveries import (
    Attempt,
    Receipt,
    RetryPolicy,
    Target,
    amendments_for,
    deliveries_for,
    judge,
    notifies,
    without_secrets,
)
from tests.builders import source
from tests.unit.alerts.room import GUARD, HOOK, NOON, OWNER, alert

POLICY = RetryPolicy(base_s=2, cap_s=60, window_s=600, jitter=0.25)
DAY = timedelta(hours=24)


def test_an_alert_goes_to_every_target_once() -> None:
    opened = deliveries_for(alert(), [OWNER, HOOK, OWNER], "door 2")
    assert [delivery.target for delivery in opened] == [OWNER, HOOK]
    assert len({delivery.delivery_id for delivery in opened}) == 2
    assert {delivery.source_name for delivery in opened} == {"door 2"}


def test_a_name_beside_the_address_makes_no_other_target() -> None:
    named = Target("email", "owner@example.org", "Shop, Owner")
    assert named == OWNER
    assert named.target_id == OWNER.target_id
    assert len(deliveries_for(alert(), [named, OWNER])) == 1


def test_the_same_alert_has_the_same_deliveries_again() -> None:
    again = alert(end_s=60.0, peak_score=0.99)
    first = [delivery.delivery_id for delivery in deliveries_for(alert(), [OWNER, HOOK])]
    assert [delivery.delivery_id for delivery in deliveries_for(again, [OWNER, HOOK])] == first


def test_another_alert_has_other_deliveries() -> None:
    other = deliveries_for(alert(source_id=source(2)), [OWNER])[0]
    assert deliveries_for(alert(), [OWNER])[0].delivery_id != other.delivery_id


def test_only_mails_that_went_without_their_picture_are_amended() -> None:
    alert_id = alert().alert_id
    bare = {OWNER.delivery_id(alert_id), HOOK.delivery_id(alert_id)}
    (second,) = amendments_for(alert(), [OWNER, GUARD, HOOK], "door 2", bare)
    assert second.target == OWNER
    assert second.amends == OWNER.delivery_id(alert_id)
    assert second.delivery_id == OWNER.amendment_id(alert_id) != second.amends


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (OWNER, "owner@example.org"),
        (HOOK, "https://example.org/…"),
        (Target("webhook", "http://127.0.0.1:9000/services/T0/B0/xyz"), "http://127.0.0.1:9000/…"),
        (Target("webhook", "https://example.org"), "https://example.org"),
        (Target("webhook", "https://example.org/"), "https://example.org"),
        (Target("webhook", "https://example.org?token=1"), "https://example.org/…"),
        (Target("webhook", "http://[::1"), "…"),
    ],
)
def test_what_is_shown_of_a_target_holds_no_secret(target: Target, shown: str) -> None:
    assert target.shown == shown


@pytest.mark.parametrize(
    "detail",
    [
        f"cannot connect to {HOOK.address}",
        "POST /hook/secret?token=hunter2 failed",
        "token=hunter2 was refused for user:pw",
        "/hook/secret is not there",
    ],
)
def test_what_a_library_says_is_cleaned_of_secrets(detail: str) -> None:
    cleaned = without_secrets(detail, HOOK.address)
    assert not [secret for secret in ("hunter2", "secret", "user:pw") if secret in cleaned]


@pytest.mark.parametrize(
    ("age", "expected"),
    [(timedelta(0), True), (DAY, True), (timedelta(2), False), (-timedelta(1), True)],
)
def test_what_was_cut_long_ago_is_no_news(age: timedelta, expected: bool) -> None:
    assert notifies(alert(cut_at=NOON - age), NOON, DAY) is expected


@pytest.mark.parametrize("run", ["shadows", "replay-7", "live.2"])
def test_runs_beside_the_live_one_notify_nobody(run: str) -> None:
    shadow: AlertOpened = alert(run=run, cut_at=NOON)
    assert not notifies(shadow, NOON, DAY)


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
