"""Packets in their turn: what is live stays live, what is not is played at the speed of life."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from services.ingest.sources.pace import MOST_GAIN_S, Pace

STEP_S = 0.04
WORK_S = 0.006
"""What decoding a picture takes."""

Sent = Callable[[int], float]
"""When a packet can be had, by its number; in seconds, as everything here."""


def played(pace: Pace, sent: Sent, seconds: float) -> list[float]:
    """When each packet had its turn, for whoever asks for the next once it did its work."""
    turns, now_s = list[float](), 0.0
    for number in range(round(seconds / STEP_S)):
        arrived_s = max(now_s, sent(number))
        turns.append(pace.due(arrived_s, number * STEP_S))
        now_s = turns[-1] + WORK_S
    return turns


def live(cut_at_s: float = 0.0, cut_s: float = 0.0) -> Sent:
    """At the speed of life; once nothing comes for `cut_s`, and then all that was kept back."""

    def sent(number: int) -> float:
        at_s = number * STEP_S
        return cut_at_s + cut_s if cut_at_s <= at_s < cut_at_s + cut_s else at_s

    return sent


def latenesses(turns: list[float]) -> list[float]:
    return [turn_s - number * STEP_S for number, turn_s in enumerate(turns)]


@pytest.mark.parametrize("cut_s", [0.2, 1.0, 3.0])
def test_a_live_stream_that_was_late_once_is_not_late_for_ever(cut_s: float) -> None:
    late_s = latenesses(played(Pace(catches_up=True), live(10.0, cut_s), 120.0))
    assert max(late_s) == pytest.approx(cut_s, abs=2 * STEP_S)
    assert max(late_s[-500:]) < 2 * STEP_S


def test_catching_up_is_hardly_seen() -> None:
    turns = played(Pace(catches_up=True), live(10.0, 3.0), 120.0)
    caught_up = turns[round(13.0 / STEP_S) + 1 :]
    steps = [after - before for before, after in pairwise(caught_up)]
    assert min(steps) > 0.9 * STEP_S


def test_a_live_stream_in_time_is_left_as_it_is() -> None:
    assert latenesses(played(Pace(catches_up=True), live(), 60.0)) == pytest.approx([0.0] * 1500)


@pytest.mark.parametrize("catches_up", [False, True])
def test_what_comes_as_fast_as_can_be_is_played_at_the_speed_of_life(catches_up: bool) -> None:
    late_s = latenesses(played(Pace(catches_up), lambda _: 0.0, 600.0))
    assert min(late_s) >= -MOST_GAIN_S - STEP_S
    assert late_s[-1] == pytest.approx(late_s[-1000])


def test_what_comes_in_pieces_is_spread_over_their_time() -> None:
    """Four seconds at once, every four seconds: the stock is what keeps it even."""
    late_s = latenesses(played(Pace(), lambda number: number // 100 * 4.0 + 4.0, 120.0))
    assert late_s == pytest.approx([4.0] * len(late_s))


def test_times_that_go_back_or_leap_begin_anew() -> None:
    pace = Pace()
    assert [pace.due(5.0, 0.0), pace.due(5.0, 1.0)] == [5.0, 6.0]
    assert pace.due(6.5, 0.5) == 6.5
    assert pace.due(6.6, 500.0) == 6.6
    assert pace.due(6.7, 501.0) == pytest.approx(7.6)
    assert pace.due(7.7, None) == 7.7
