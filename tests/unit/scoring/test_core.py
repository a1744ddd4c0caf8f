"""The persistence rule opens, extends, closes and cools down as it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from services.scoring.core import Alert, Rule, State, step
from tests.builders import scored, source

RULE = Rule(name="fight", label="fight", high=0.9, low=0.5, k=2, n=3, m=2, cooldown_s=0)
H, M, L = 0.95, 0.7, 0.1


def run(calibrated: list[float], rule: Rule = RULE, last: bool = False) -> list[Alert]:
    state, alerts = State(), []
    for index, value in enumerate(calibrated):
        is_last = last and index == len(calibrated) - 1
        state, told = step(state, rule, scored(index, value, is_last=is_last))
        alerts += told
    return alerts


def kinds(alerts: list[Alert]) -> list[str]:
    return [type(alert).__name__.removeprefix("Alert") for alert in alerts]


@pytest.mark.parametrize(
    ("calibrated", "expected"),
    [
        ([L, L, L, L], []),
        ([H, L, L, H, L], []),
        ([H, H], ["Opened"]),
        ([H, L, H], ["Opened"]),
        ([H, M, M, H], []),
        ([H, H, M, M, M], ["Opened"]),
        ([H, H, L, M, L, M], ["Opened"]),
        ([H, H, L, L], ["Opened", "Closed"]),
        ([H, H, 0.97, L, L], ["Opened", "Updated", "Closed"]),
        ([H, H, L, L, H, H], ["Opened", "Closed", "Opened"]),
        ([0.9, 0.9], ["Opened"]),
    ],
)
def test_marks_and_counts_decide(calibrated: list[float], expected: list[str]) -> None:
    assert kinds(run(calibrated)) == expected


@pytest.mark.parametrize(
    ("calibrated", "expected"),
    [
        ([L, 0.97, L, L], []),
        ([L, 0.98, L, L], ["Opened", "Closed"]),
        ([H, L, H], ["Opened"]),
        ([H, H, 0.99], ["Opened", "Updated"]),
    ],
)
def test_a_clip_that_stands_high_enough_speaks_alone(
    calibrated: list[float], expected: list[str]
) -> None:
    assert kinds(run(calibrated, RULE.model_copy(update={"alone": 0.98}))) == expected


def test_an_episode_starts_at_the_first_high_clip_and_ends_with_the_last_one_not_low() -> None:
    opened, closed = run([L, H, L, H, M, L, L])
    assert isinstance(opened, AlertOpened)
    assert isinstance(closed, AlertClosed)
    assert opened.start_s == closed.start_s == pytest.approx(16 / 15, abs=1e-6)
    assert closed.end_s == pytest.approx(5 * 16 / 15, abs=1e-6)
    assert opened.alert_id == closed.alert_id


def test_the_peak_only_grows_and_is_told() -> None:
    opened, updated = run([H, H, 0.94, 0.99])
    assert isinstance(updated, AlertUpdated)
    assert (opened.peak_score, updated.peak_score) == (H, 0.99)
    assert updated.peak_s == pytest.approx(3.5 * 16 / 15, abs=1e-6)


def test_the_end_of_the_source_closes_what_is_open() -> None:
    closed = run([L, H, H], last=True)[-1]
    assert isinstance(closed, AlertClosed)
    assert closed.reason == "source_ended"


def test_cooldown_keeps_quiet_after_a_close() -> None:
    rule = RULE.model_copy(update={"cooldown_s": 4.0})
    assert kinds(run([H, H, L, L, H, H, L, L, H, H], rule)) == ["Opened", "Closed", "Opened"]


def test_a_gap_in_time_forgets_what_was_before() -> None:
    state, _ = step(State(), RULE, scored(0, H))
    _, alerts = step(state, RULE, scored(50, H))
    assert alerts == []


def test_a_long_gap_closes_an_open_episode() -> None:
    state = State()
    for index in (0, 1):
        state, _ = step(state, RULE, scored(index, H))
    state, alerts = step(state, RULE, scored(50, H))
    assert kinds(alerts) == ["Closed"]
    assert state.episode is None


@pytest.mark.parametrize(
    "wrong", [{"k": 4, "n": 3}, {"high": 0.4, "low": 0.5}, {"m": 0}, {"alone": 0.8}]
)
def test_a_rule_that_cannot_work_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate(RULE.model_dump() | wrong)


levels = st.lists(st.sampled_from([L, M, H, 0.99]), max_size=60)


@given(levels)
def test_an_alert_never_opens_twice_without_closing(calibrated: list[float]) -> None:
    is_open = False
    for alert in run(calibrated, last=True):
        if isinstance(alert, AlertOpened):
            assert not is_open
        is_open = not isinstance(alert, AlertClosed)
    assert not is_open


@given(levels, st.integers(0, 60), st.integers(0, 60))
def test_a_replayed_stretch_changes_nothing(calibrated: list[float], start: int, stop: int) -> None:
    state, alerts = State(), []
    clips = [scored(index, value) for index, value in enumerate(calibrated)]
    for number in [*range(min(stop, len(clips))), *range(min(start, stop), len(clips))]:
        state, told = step(state, RULE, clips[number])
        alerts += told
    assert alerts == run(calibrated)


@given(levels, levels)
def test_sources_do_not_touch_each_other(one: list[float], other: list[float]) -> None:
    def ids(values: list[float], number: int) -> set[object]:
        state, found = State(), set()
        for index, value in enumerate(values):
            state, told = step(state, RULE, scored(index, value, source(number)))
            found |= {alert.alert_id for alert in told}
        return found

    assert ids(one, 1).isdisjoint(ids(other, 2))
