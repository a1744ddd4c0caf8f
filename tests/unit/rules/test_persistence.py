"""The persistence rule opens, extends, closes and cools down as it says."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.policies import PersistenceRule
from services.rules.persistence import (
    Change,
    Episode,
    Moment,
    RuleState,
    advance,
    close,
    opening_level,
)
from tests.builders import clip_ref

RULE = PersistenceRule(name="fight", label="fight", high=0.9, low=0.5, k=2, n=3, m=2)
H, M, L = 0.95, 0.7, 0.1


def moment(index: int, calibrated: float) -> Moment:
    return Moment(*clip_ref(index).model_dump().values(), calibrated)


def run(
    calibrated: Sequence[float], rule: PersistenceRule = RULE, last: bool = False
) -> list[Change]:
    state, changes = RuleState(), list[Change]()
    for index, value in enumerate(calibrated):
        state, more = advance(state, rule, moment(index, value))
        changes += more
    return changes + (close(state, rule, "source_ended")[1] if last else [])


def kinds(changes: list[Change]) -> list[str]:
    return [change.kind for change in changes]


@pytest.mark.parametrize(
    ("calibrated", "expected"),
    [
        ([L, L, L, L], []),
        ([H, L, L, H, L], []),
        ([H, H], ["opened"]),
        ([H, L, H], ["opened"]),
        ([H, M, M, H], []),
        ([H, H, M, M, M], ["opened"]),
        ([H, H, L, M, L, M], ["opened"]),
        ([H, H, L, L], ["opened", "closed"]),
        ([H, H, 0.97, L, L], ["opened", "updated", "closed"]),
        ([H, H, L, L, H, H], ["opened", "closed", "opened"]),
        ([0.9, 0.9], ["opened"]),
    ],
)
def test_marks_and_counts_decide(calibrated: list[float], expected: list[str]) -> None:
    assert kinds(run(calibrated)) == expected


@pytest.mark.parametrize(
    ("calibrated", "expected"),
    [
        ([L, 0.97, L, L], []),
        ([L, 0.98, L, L], ["opened", "closed"]),
        ([H, L, H], ["opened"]),
        ([H, H, 0.99], ["opened", "updated"]),
    ],
)
def test_a_clip_that_stands_high_enough_opens_alone(
    calibrated: list[float], expected: list[str]
) -> None:
    assert kinds(run(calibrated, RULE.model_copy(update={"alone": 0.98}))) == expected


def test_an_episode_starts_at_the_first_high_clip_and_ends_with_the_last_one_not_low() -> None:
    opened, closed = run([L, H, L, H, M, L, L])
    assert opened.episode.first.clip_index == closed.episode.first.clip_index == 1
    assert closed.episode.last.clip_index == 4


def test_the_peak_only_grows() -> None:
    opened, updated = run([H, H, 0.94, 0.99])
    assert (opened.episode.peak.calibrated, updated.episode.peak.calibrated) == (H, 0.99)
    assert updated.episode.peak.clip_index == 3


def test_cooldown_keeps_quiet_after_a_close() -> None:
    rule = RULE.model_copy(update={"cooldown_s": 4.0})
    assert kinds(run([H, H, L, L, H, H, L, L, H, H], rule)) == ["opened", "closed", "opened"]


def test_what_lies_before_a_gap_counts_no_more() -> None:
    state, _ = advance(RuleState(), RULE, moment(0, H))
    assert advance(state, RULE, moment(2, H))[1] == []


@pytest.mark.parametrize(("missing", "expected"), [(2, []), (3, ["closed"]), (50, ["closed"])])
def test_an_episode_outlives_as_many_missing_clips_as_low_ones(
    missing: int, expected: list[str]
) -> None:
    state = RuleState()
    for index in (0, 1):
        state, _ = advance(state, RULE, moment(index, H))
    assert kinds(advance(state, RULE, moment(2 + missing, M))[1]) == expected


def test_a_muted_rule_opens_nothing_and_what_is_open_goes_on() -> None:
    state, changes = RuleState(), list[Change]()
    for index, muted in enumerate([True, True, False, True, True, True]):
        value = H if index < 4 else L
        state, more = advance(state, RULE, moment(index, value), may_open=not muted)
        changes += more
    assert kinds(changes) == ["opened", "closed"]


@pytest.mark.parametrize(
    "wrong", [{"k": 4, "n": 3}, {"high": 0.4, "low": 0.5}, {"m": 0}, {"alone": 0.8}]
)
def test_a_rule_that_cannot_work_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        PersistenceRule.model_validate(RULE.model_dump() | wrong)


@given(st.lists(st.sampled_from([L, M, H, 0.99]), max_size=60))
def test_an_episode_never_opens_twice_without_closing(calibrated: list[float]) -> None:
    is_open = False
    for change in run(calibrated, last=True):
        assert is_open != (change.kind == "opened")
        is_open = change.kind != "closed"
    assert not is_open


LONG = RULE.model_copy(update={"min_duration_s": 4.0})
"""A clip lasts 1.07 s: the fourth in a row is long enough."""


@pytest.mark.parametrize(
    ("calibrated", "expected"),
    [
        ([H, H, H], []),
        ([H, H, H, H], ["opened"]),
        ([H, H, L, H], ["opened"]),
        ([H, H, M, M, M, H], ["opened"]),
        ([H, H, M, M, M, M], []),
        ([H, H, L, L, H, H], []),
        ([H, H, L, L, H, H, H, H], ["opened"]),
    ],
)
def test_what_does_not_last_opens_nothing(calibrated: list[float], expected: list[str]) -> None:
    assert kinds(run(calibrated, LONG)) == expected


def test_what_waited_starts_at_its_first_high_clip_with_the_highest_of_all() -> None:
    (opened,) = run([H, 0.99, M, H], LONG)
    assert (opened.episode.first.clip_index, opened.episode.peak.clip_index) == (0, 1)


@pytest.mark.parametrize(("missing", "expected"), [(2, ["opened"]), (3, [])])
def test_what_waits_outlives_as_many_missing_clips_as_an_open_one(
    missing: int, expected: list[str]
) -> None:
    state = RuleState()
    for index in (0, 1):
        state, _ = advance(state, LONG, moment(index, H))
    assert kinds(advance(state, LONG, moment(2 + missing, H))[1]) == expected


def test_out_of_its_hours_nothing_waits() -> None:
    state = RuleState()
    for index, may_open in enumerate([True, True, False, True]):
        state, changes = advance(state, LONG, moment(index, H), may_open)
        assert changes == []
    assert state.waiting == Episode(moment(1, H), moment(3, H), moment(1, H))


rules = st.builds(
    lambda k, extra, alone, m: RULE.model_copy(
        update={"k": k, "n": k + extra, "alone": alone, "m": m}
    ),
    st.integers(1, 3),
    st.integers(0, 3),
    st.sampled_from([None, 0.93, 0.98]),
    st.integers(1, 3),
)
levels = st.lists(st.sampled_from([L, M, 0.92, H, 0.99]), max_size=20)


@given(rules, levels)
def test_the_level_says_at_which_mark_an_episode_opens(
    rule: PersistenceRule, calibrated: list[float]
) -> None:
    """`high` raised up to it opens, above it does not; `alone` goes along."""
    state = RuleState()
    for index, value in enumerate(calibrated):
        now = moment(index, value)
        before, state = state, advance(state, rule, now, may_open=False)[0]
        level = opening_level(rule, state.recent)
        for high in (0.9, 0.92, H, 0.99, 1.0):
            alone = None if rule.alone is None else high + (rule.alone - rule.high)
            raised = rule.model_copy(update={"high": high, "alone": alone})
            opens = bool(advance(before, raised, now)[1])
            assert opens == (level >= high)
