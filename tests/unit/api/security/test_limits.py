"""Buckets of requests: nobody gets more than their quota, and whoever waits gets on."""

from hypothesis import given
from hypothesis import strategies as st

from services.api import limits
from services.api.limits import WINDOW_S, Limits


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_quota_is_used_up_and_fills_again() -> None:
    time = Time()
    buckets = Limits(time)
    standings = [buckets.take("a", 60) for _ in range(61)]
    assert [one.remaining for one in standings] == [*range(59, -1, -1), 0]
    assert [one.retry_s for one in standings] == [0] * 60 + [1]
    assert standings[-1].reset_s == WINDOW_S
    assert buckets.take("b", 60).retry_s == 0
    time.now = 1.0
    assert buckets.take("a", 60).retry_s == 0
    assert standings[0].headers == {
        "RateLimit-Policy": '"principal";q=60;w=60',
        "RateLimit": '"principal";r=59;t=1',
    }


@given(
    quota=st.integers(1, 500),
    pauses=st.lists(st.floats(0, 10, allow_nan=False), min_size=1, max_size=300),
)
def test_no_window_has_more_than_two_quotas(quota: int, pauses: list[float]) -> None:
    """One that was saved, and one that filled meanwhile."""
    time, allowed = Time(), []
    buckets = Limits(time)
    for pause in pauses:
        time.now += pause
        standing = buckets.take("a", quota)
        assert 0 <= standing.remaining <= quota
        if not standing.retry_s:
            allowed.append(time.now)
    for since in allowed:
        assert sum(since <= at < since + WINDOW_S for at in allowed) <= 2 * quota


@given(quota=st.integers(1, 10_000), asked=st.integers(1, 30))
def test_whoever_waits_as_long_as_is_said_gets_on(quota: int, asked: int) -> None:
    time = Time()
    buckets = Limits(time)
    for _ in range(quota * 2 if quota < 50 else asked):
        standing = buckets.take("a", quota)
        if standing.retry_s:
            time.now += standing.retry_s
            assert buckets.take("a", quota).retry_s == 0


def test_memory_is_bounded_and_the_busy_are_remembered() -> None:
    buckets = Limits(Time())
    for _ in range(5):
        buckets.take("busy", 5)
    for number in range(limits.MOST + 10):
        buckets.take(number, 5)
        if number % 1000 == 0:
            assert buckets.take("busy", 5).retry_s > 0
