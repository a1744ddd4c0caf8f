"""How long a process that ended has to wait."""

from hypothesis import given
from hypothesis import strategies as st

from services.local.process import FIRST_PAUSE_S, HEALTHY_S, LONGEST_PAUSE_S, Backoff


def delays(uptimes: list[float]) -> list[float]:
    backoff, seen = Backoff(), []
    for uptime_s in uptimes:
        delay_s, backoff = backoff.after(uptime_s)
        seen.append(delay_s)
    return seen


def test_short_runs_double_the_delay_up_to_the_longest() -> None:
    assert delays([1.0] * 9) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_healthy_run_forgets_them() -> None:
    assert delays([1, 1, 1, HEALTHY_S, 1]) == [0.5, 1, 2, 0.5, 1]


@given(st.lists(st.floats(0, 1000), max_size=200))
def test_the_delay_stays_in_its_bounds(uptimes: list[float]) -> None:
    assert all(FIRST_PAUSE_S <= delay_s <= LONGEST_PAUSE_S for delay_s in delays(uptimes))
