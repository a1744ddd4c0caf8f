"""Silence ends episodes; a backlog, an outage or somebody else's wrong clock is no silence."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.scoring.episodes.silence import Bounds, Silence
from services.scoring.episodes.state import SourceState
from tests.builders import ORIGIN
from tests.unit.scoring.episodes.builders import H, judgements, run

BOUNDS = Bounds(camera_s=30.0, upload_s=600.0, window=2)
BOUND_S = 33
"""With two clips of 16 frames at 15 a second."""


def camera(partition: int = 0, cut_at: datetime = ORIGIN) -> SourceState:
    state, _ = run(judgements([H, H], source_kind="camera", cut_at=cut_at))
    return replace(state, partition=partition)


def upload(is_last: bool = False) -> SourceState:
    return run(judgements([H, H], is_last=is_last))[0]


class Station:
    """A process whose wall clock is moved by hand, a second a tick."""

    def __init__(self, now: datetime = ORIGIN) -> None:
        self.silence = Silence(BOUNDS)
        self.now = now
        self.silence.tick(now)

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.now += timedelta(seconds=1)
            self.silence.tick(self.now)

    def jump(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.silence.tick(self.now)

    def hear(self, key: str, cut_at: datetime, is_live: bool = True) -> None:
        self.silence.heard(key, 0, cut_at, is_live)


@pytest.mark.parametrize(("seconds", "silent"), [(BOUND_S - 1, False), (BOUND_S + 1, True)])
def test_a_camera_that_gives_nothing_falls_silent(seconds: int, silent: bool) -> None:
    station = Station()
    station.hear("a", station.now)
    station.wait(seconds)
    assert station.silence.is_silent("a", camera()) == silent


def test_one_that_dies_among_others_falls_silent_too() -> None:
    station = Station()
    station.hear("a", station.now)
    for _ in range(BOUND_S + 2):
        station.wait(1)
        station.hear("b", station.now)
    assert station.silence.is_silent("a", camera())
    assert not station.silence.is_silent("b", camera())


def test_a_camera_known_from_the_table_alone_is_waited_for_from_the_start() -> None:
    station = Station()
    assert not station.silence.is_silent("a", camera(cut_at=ORIGIN - timedelta(hours=3)))
    station.wait(BOUND_S + 1)
    assert station.silence.is_silent("a", camera(cut_at=ORIGIN - timedelta(hours=3)))


def test_a_backlog_is_no_silence() -> None:
    """An hour of records is taken at once; those of one camera come a minute apart."""
    station = Station()
    cut = ORIGIN - timedelta(hours=1)
    station.hear("a", cut)
    for _ in range(60):
        station.wait(1)
        station.hear("b", cut + timedelta(seconds=5))
    assert not station.silence.is_silent("a", camera(cut_at=cut))


def test_a_camera_whose_clock_is_late_is_not_silent_while_it_gives_clips() -> None:
    station = Station()
    for _ in range(100):
        station.wait(1)
        station.hear("late", station.now - timedelta(hours=2))
        station.hear("right", station.now)
    assert not station.silence.is_silent("late", camera())


def test_a_clock_ahead_silences_no_other_camera() -> None:
    station = Station()
    station.hear("a", station.now)
    station.hear("ahead", station.now + timedelta(days=1))
    station.wait(BOUND_S - 2)
    station.hear("a", station.now)
    station.wait(5)
    assert not station.silence.is_silent("a", camera())


@pytest.mark.parametrize("seconds", [3600, -3600, 86400])
def test_an_outage_or_a_step_of_the_clock_is_no_silence(seconds: int) -> None:
    station = Station()
    station.hear("a", station.now)
    station.jump(seconds)
    assert not station.silence.is_silent("a", camera())


def test_every_camera_is_silent_in_the_end_whatever_others_clocks_say() -> None:
    station = Station()
    station.hear("a", station.now)
    for _ in range(601):
        station.wait(1)
        station.hear("late", ORIGIN - timedelta(hours=2))
    assert station.silence.is_silent("a", camera())


def test_an_upload_may_wait_for_long() -> None:
    station = Station()
    station.hear("v", station.now, is_live=False)
    station.wait(590)
    assert not station.silence.is_silent("v", upload())
    station.wait(20)
    assert station.silence.is_silent("v", upload())


@pytest.mark.parametrize(
    ("state", "hours", "forgotten"),
    [
        (upload(is_last=True), 0.9, False),
        (upload(is_last=True), 1.1, True),
        (upload(), 1.1, False),
        (camera(), 23, False),
        (camera(), 25, True),
    ],
)
def test_states_are_kept_for_a_day_and_of_what_ended_for_an_hour(
    state: SourceState, hours: float, forgotten: bool
) -> None:
    station = Station()
    station.hear("a", station.now, is_live=False)
    station.wait(hours * 3600)
    assert station.silence.is_forgotten("a", state, station.now) == forgotten


def test_a_state_that_a_backlog_just_made_is_not_forgotten_at_once() -> None:
    station = Station(ORIGIN + timedelta(days=3))
    station.hear("a", ORIGIN)
    station.wait(60)
    assert not station.silence.is_forgotten("a", camera(), station.now)


def test_a_late_stretch_that_ends_is_no_silent_camera_and_ends_after_ten_minutes() -> None:
    station, late = Station(), replace(camera(), is_late=True)
    station.hear("late", ORIGIN, is_live=False)
    station.wait(BOUNDS.late_s - 1)
    assert not station.silence.is_silent("late", late)
    station.wait(2)
    assert station.silence.is_silent("late", late)


def test_what_comes_late_keeps_no_dead_camera_alive() -> None:
    station = Station()
    station.hear("dead", ORIGIN)
    for _ in range(BOUND_S + 1):
        station.wait(1)
        station.hear("late", ORIGIN - timedelta(hours=1), is_live=False)
    assert station.silence.is_silent("dead", camera())


def test_a_shadow_that_is_behind_is_not_silent_until_others_of_its_run_have_passed() -> None:
    station, shadow = Station(), replace(camera(), run="shadow-a")
    station.silence.heard("a", 0, ORIGIN, True, "shadow-a")
    for _ in range(BOUND_S + 2):
        station.wait(1)
        station.hear("b", station.now)
    assert not station.silence.is_silent("a", shadow)
    station.silence.heard("b", 0, station.now, True, "shadow-a")
    assert station.silence.is_silent("a", shadow)


def test_a_shadow_that_gives_nothing_any_more_is_silent_in_the_end() -> None:
    station, shadow = Station(), replace(camera(), run="shadow-a")
    station.silence.heard("a", 0, ORIGIN, True, "shadow-a")
    station.wait(BOUNDS.upload_s)
    assert not station.silence.is_silent("a", shadow)
    station.wait(1)
    assert station.silence.is_silent("a", shadow)
