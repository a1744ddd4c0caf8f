"""Episodes of one source in one run: every clip once, lives apart, models apart."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.alerts import AlertOpened
from schemas.clips import ClipSpec
from schemas.hours import StoreHours, WeeklyHours
from services.scoring.episodes.core import close_all
from services.scoring.episodes.state import LIVES_KEPT
from tests.builders import ORIGIN, SOURCE, judged, source
from tests.unit.scoring.episodes.builders import (
    BACKBONE,
    H,
    L,
    alerts,
    cut_at,
    judgement,
    judgements,
    kinds,
    run,
    scores,
    terms,
)

HOUR = timedelta(hours=1)
POSE = "yolov8_pose"


def test_a_score_has_every_head_calibrated_beside_the_mark_in_force() -> None:
    in_force = terms("fight", "fall")
    _, (outcome,) = run([judgement(0, {"fight": 0.25, "fall": 0.5})], in_force=in_force)
    assert outcome.score is not None
    heads = outcome.score.heads
    assert [(head.rule, head.calibrated, head.high_mark) for head in heads] == [
        ("fight", 0.25, 0.9),
        ("fall", 0.5, 0.9),
    ]
    assert outcome.score.top.rule == "fall"


def test_clips_of_one_window_count_each() -> None:
    _, outcomes = run([judged(0, 1, score=H), judged(2, 3, score=L), judged(4, 5, score=L)])
    assert kinds(outcomes) == ["AlertOpened", "subsided"]
    assert [[ref.index for ref in score.clips] for score in scores(outcomes)] == [
        [0, 1],
        [2, 3],
        [4, 5],
    ]


def test_an_alert_is_named_by_run_model_rule_and_opening_clip() -> None:
    opened = alerts(run(judgements([L, H, H]))[1])[0]
    clip_id = ids.clip_id(SOURCE, ORIGIN, 1)
    assert opened.alert_id == ids.alert_id("live", "test", "test", clip_id)
    others = [
        alerts(run(judgements([L, H, H], run="shadow"))[1])[0],
        alerts(run(judgements([L, H, H], model="other"), in_force=terms("other"))[1])[0],
        alerts(run(judgements([L, H, H], origin_at=ORIGIN + HOUR))[1])[0],
        alerts(run(judgements([L, H, H], source_id=source(1)))[1])[0],
    ]
    assert len({opened.alert_id, *(other.alert_id for other in others)}) == 5


def test_a_log_read_again_changes_nothing() -> None:
    messages = judgements([H, H, L, L, H, H])
    state, first = run(messages)
    again, second = run(messages, state)
    assert again == state
    assert (kinds(second), scores(second)) == ([], [])
    assert len(scores(first)) == 6


def test_only_new_clips_of_a_window_are_scored() -> None:
    _, outcomes = run([judged(0, score=L), judged(0, 1, score=L)])
    assert [[ref.index for ref in score.clips] for score in scores(outcomes)] == [[0], [1]]


@pytest.mark.parametrize("step", [-HOUR, HOUR, timedelta(days=400)])
def test_after_a_step_of_the_clock_the_source_is_heard_at_once(step: timedelta) -> None:
    """Fifty high windows under indexes that begin again, an hour back or forth: an alert."""
    state, _ = run(judgements([L] * 3000))
    new = judgements([H] * 50, origin_at=ORIGIN + step, cut_at=ORIGIN + step)
    _, outcomes = run(new, state)
    assert kinds(outcomes) == ["AlertOpened"]
    assert len(scores(outcomes)) == 50


@pytest.mark.parametrize("other", [{"origin_at": ORIGIN - HOUR}, {"spec": ClipSpec(frame_rate=8)}])
def test_an_episode_ends_with_its_life(other: dict[str, object]) -> None:
    state, before = run(judgements([H, H]))
    _, after = run(judgements([L], **other), state)
    assert kinds(before + after) == ["AlertOpened", "new_life"]
    opened, closed = alerts(before + after)
    assert (opened.alert_id, opened.origin_at) == (closed.alert_id, closed.origin_at)


def test_cooldown_ends_with_the_life() -> None:
    in_force = terms(cooldown_s=1000.0)
    state, _ = run(judgements([H, H, L, L]), in_force=in_force)
    _, outcomes = run(judgements([H, H], origin_at=ORIGIN - HOUR), state, in_force)
    assert kinds(outcomes) == ["AlertOpened"]


def test_what_comes_late_of_a_life_that_was_left_does_not_enter_it_again() -> None:
    messages = judgements([H, H, L, L, L])
    state, _ = run(messages[:3])
    state, _ = run(judgements([L, L], origin_at=ORIGIN - HOUR, cut_at=cut_at(10)), state)
    late, outcomes = run(messages, state)
    assert late == state
    assert scores(outcomes) == []


def test_a_grid_that_is_configured_again_is_entered_again_where_it_was_left() -> None:
    other = ClipSpec(frame_rate=8)
    state, _ = run(judgements([L] * 5))
    state, _ = run(judgements([L] * 5, start=3, spec=other, cut_at=cut_at(10)), state)
    _, outcomes = run(judgements([L] * 5, start=20), state)
    assert [score.clips[0].index for score in scores(outcomes)] == [20, 21, 22, 23, 24]


def test_lives_that_were_left_do_not_pile_up() -> None:
    state = None
    for number in range(3 * LIVES_KEPT):
        state, _ = run(judgements([L], origin_at=ORIGIN + number * HOUR), state)
    assert state is not None
    assert len(state.left) == LIVES_KEPT


def test_another_model_ends_the_episodes_of_the_one_it_replaces_and_no_others() -> None:
    in_force = terms("old", "kept", "new")
    state, before = run([judgement(n, {"old": H, "kept": H}) for n in range(2)], in_force=in_force)
    _, after = run([judgement(2, {"new": L, "kept": H})], state, in_force)
    assert kinds(before) == ["AlertOpened", "AlertOpened"]
    assert kinds(after) == ["replaced"]
    assert alerts(after)[0].model_id == "old"


def test_detectors_of_one_run_go_on_side_by_side() -> None:
    in_force = terms("test", "pose")
    poses = judgements([H, H], model="pose", backbone=POSE, detector="pose")
    _, outcomes = run([*judgements([L] * 5), *poses], in_force=in_force, backbones=(BACKBONE, POSE))
    assert kinds(outcomes) == ["AlertOpened"]
    assert len(scores(outcomes)) == 7


@pytest.mark.parametrize("first", [BACKBONE, POSE])
def test_a_run_is_through_with_a_source_when_all_its_detectors_are(first: str) -> None:
    in_force, second = terms("test", "pose"), POSE if first == BACKBONE else BACKBONE
    models = {BACKBONE: "test", POSE: "pose"}
    messages = [
        judgement(n, {models[backbone]: H}, backbone=backbone, is_last=n == 3)
        for backbone in (first, second)
        for n in range(4)
    ]
    state, outcomes = run(messages, in_force=in_force, backbones=(BACKBONE, POSE))
    assert [score.is_last for score in scores(outcomes)] == [False] * 7 + [True]
    assert scores(outcomes)[-1].alerts_opened == 2
    assert state.is_ended


def test_the_end_of_the_source_closes_what_is_open() -> None:
    _, outcomes = run(judgements([H, H], is_last=False) + judgements([H], start=2, is_last=True))
    assert kinds(outcomes) == ["AlertOpened", "source_ended"]


def test_alerts_go_before_the_score_that_counts_them() -> None:
    _, outcomes = run(judgements([H, H]))
    assert [score.alerts_opened for score in scores(outcomes)] == [0, 1]


def test_closing_all_leaves_nothing_open() -> None:
    state, _ = run(judgements([H, H]))
    assert state.has_open
    outcome = close_all(state, "source_silent")
    assert kinds([outcome]) == ["source_silent"]
    assert not outcome.state.has_open
    assert kinds([close_all(outcome.state, "source_silent")]) == []


levels = st.lists(st.sampled_from([L, 0.7, H, 0.99]), min_size=1, max_size=40)


@given(levels, st.data())
def test_a_stretch_that_comes_again_changes_nothing(
    values: list[float], data: st.DataObject
) -> None:
    messages = judgements(values)
    stop = data.draw(st.integers(0, len(values)))
    back = data.draw(st.integers(0, stop))
    _, whole = run(messages)
    _, parts = run(messages[:stop] + messages[back:])
    assert alerts(parts) == alerts(whole)
    assert scores(parts) == scores(whole)


@given(levels, levels)
def test_sources_do_not_touch_each_other(one: list[float], other: list[float]) -> None:
    found = [
        {a.alert_id for a in alerts(run(judgements(values, source_id=source(n)))[1])}
        for n, values in enumerate([one, other])
    ]
    assert found[0].isdisjoint(found[1])


def test_the_moment_of_an_alert_is_the_one_of_its_life() -> None:
    (opened,) = alerts(run(judgements([H, H], origin_at=ORIGIN + HOUR))[1])
    assert isinstance(opened, AlertOpened)
    assert opened.moment(opened.start_s) == ORIGIN + HOUR


DAYTIME = StoreHours(
    time_zone="Asia/Seoul",
    open=WeeklyHours.model_validate(
        {day: [{"start": "00:00", "end": "12:00"}] for day in WeeklyHours.model_fields}
    ),
)
NOON = datetime(2026, 5, 1, 3, tzinfo=UTC)
"""In Seoul."""


@pytest.mark.parametrize(
    ("during", "begins", "more", "expected"),
    [
        ("open", NOON - HOUR, {}, ["AlertOpened"]),
        ("open", NOON, {}, []),
        ("closed", NOON, {}, ["AlertOpened"]),
        ("closed", NOON - HOUR, {}, []),
        ("unstaffed", NOON, {}, ["AlertOpened"]),
        ("staffed", NOON, {}, []),
        ("closed", NOON - HOUR, {"is_wall_clock": False}, ["AlertOpened"]),
        ("closed", NOON - timedelta(seconds=3), {}, ["AlertOpened"]),
        ("open", NOON - timedelta(seconds=3), {}, ["AlertOpened"]),
    ],
)
def test_nothing_opens_outside_the_hours_of_a_rule(
    during: str, begins: datetime, more: dict[str, Any], expected: list[str]
) -> None:
    """By the wall time of the clip; footage of which nobody knows the time is always within."""
    in_force = {
        name: replace(one, hours=DAYTIME) for name, one in terms("test", during=during).items()
    }
    messages = judgements([H] * 6, origin_at=begins, cut_at=begins, **more)
    assert kinds(run(messages, in_force=in_force)[1]) == expected


def test_what_is_open_goes_on_past_the_hours() -> None:
    in_force = {
        name: replace(one, hours=DAYTIME) for name, one in terms("test", during="open").items()
    }
    begins = NOON - timedelta(seconds=4)
    messages = judgements([H] * 20 + [L] * 2, origin_at=begins, cut_at=begins)
    state, outcomes = run(messages, in_force=in_force)
    opened, closed = alerts(outcomes)
    assert (opened.start_s, closed.end_s) == (0, pytest.approx(20 * 16 / 15))
    assert not state.has_open


def test_an_open_episode_goes_on_under_the_rule_that_opened_it() -> None:
    state, before = run(judgements([H, H]))
    stricter = terms(high=0.99, low=0.98, m=1, label="Other", severity="critical")
    state, after = run(judgements([H, L, H, L, L], start=2), state, stricter)
    assert kinds(before + after) == ["AlertOpened", "subsided"]
    assert {(a.label, a.severity) for a in alerts(before + after)} == {
        ("Possible fight", "warning")
    }
    _, again = run(judgements([0.99, 0.99, L], start=7), state, stricter)
    assert [(a.label, a.severity) for a in alerts(again)] == [("Other", "critical")] * 2


def test_after_a_gap_the_rule_in_force_opens_the_next() -> None:
    state, _ = run(judgements([H, H]))
    _, after = run(judgements([0.99], start=50), state, terms(alone=0.97, label="Other"))
    assert [(type(a).__name__, a.label) for a in alerts(after)] == [
        ("AlertClosed", "Possible fight"),
        ("AlertOpened", "Other"),
    ]
