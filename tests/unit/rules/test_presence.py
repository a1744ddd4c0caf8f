"""The presence rule opens, goes on and closes as it says; who counts stands there or lies."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.policies import PresenceRule
from schemas.poses import Person
from schemas.sources import Zone
from services.rules.posture import contains, holds, is_lying, lean_deg
from services.rules.presence import Frame, PresenceChange, WatchState, advance, close

RULE = PresenceRule(name="night", label="Somebody", longer_than_s=3.0, clear_s=4.0, cooldown_s=0.0)
TILL = Zone(name="till", polygon=((0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0)))


def frames(text: str, step_s: float = 1.0) -> list[tuple[Frame, bool]]:
    """A frame a letter, a clip each: `#` it is so, `.` it is not; a space is a lost frame."""
    return [
        (Frame(index, index * step_s), letter == "#")
        for index, letter in enumerate(text)
        if letter != " "
    ]


def run(text: str, rule: PresenceRule = RULE) -> list[PresenceChange]:
    state, changes = WatchState(), list[PresenceChange]()
    for now, is_so in frames(text):
        state, more = advance(state, rule, now, is_so)
        changes += more
    return changes


def kinds(changes: Sequence[PresenceChange]) -> list[str]:
    return [change.kind for change in changes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("###...", []),
        ("####..", ["opened"]),
        ("##.##.", ["opened"]),
        ("##...##", []),
        ("####...#", ["opened"]),
        ("####....", ["opened", "closed"]),
        ("####....####", ["opened", "closed", "opened"]),
        ("##  ##", []),
        ("## ##", ["opened"]),
        ("####    #", ["opened", "closed"]),
        ("####   #", ["opened"]),
    ],
)
def test_it_opens_after_so_long_and_closes_after_so_long_without(
    text: str, expected: list[str]
) -> None:
    assert kinds(run(text)) == expected


def test_a_stay_begins_with_its_first_frame_and_ends_with_its_last() -> None:
    opened, closed = run("..#####.....")
    assert opened.stay.first == closed.stay.first == Frame(2, 2.0)
    assert opened.stay.opened == Frame(5, 5.0)
    assert closed.stay.last == Frame(6, 6.0)


def test_cooldown_keeps_quiet_after_a_close() -> None:
    rule = RULE.model_copy(update={"cooldown_s": 9.0})
    assert kinds(run("####....####....", rule)) == ["opened", "closed"]
    assert kinds(run("####...." + "." * 6 + "####", rule)) == ["opened", "closed", "opened"]


def test_what_may_not_open_does_not_begin_and_what_is_open_goes_on() -> None:
    state, changes = WatchState(), list[PresenceChange]()
    for number, (now, is_so) in enumerate(frames("##########")):
        state, more = advance(state, RULE, now, is_so, may_open=2 <= number < 6)
        changes += more
    assert kinds(changes) == ["opened"]
    assert changes[0].stay.first.at_s == 2.0
    assert state.stay is not None
    assert state.stay.last.at_s == 9.0


def test_two_stays_never_begin_in_one_clip() -> None:
    """Their alerts would have one id."""
    rule = RULE.model_copy(update={"longer_than_s": 0.0, "clear_s": 0.0})
    state, found = WatchState(), list[PresenceChange]()
    for number in range(40):
        state, changes = advance(state, rule, Frame(number // 8, number / 8), number % 2 == 0)
        found += changes
    firsts = [change.stay.first.clip_index for change in found if change.kind == "opened"]
    assert firsts == [0, 1, 2, 3, 4]


texts = st.text("#. ", max_size=60)
rules = st.builds(
    lambda longer, clear, cooldown: RULE.model_copy(
        update={"longer_than_s": longer, "clear_s": clear, "cooldown_s": cooldown}
    ),
    st.sampled_from([0.0, 1.0, 3.0]),
    st.sampled_from([0.0, 2.0, 5.0]),
    st.sampled_from([0.0, 6.0]),
)


@given(texts, rules)
def test_open_and_close_take_turns_and_a_stay_always_ends(text: str, rule: PresenceRule) -> None:
    """Once it is not so any more, within `clear_s` and the next frame."""
    state, changes = WatchState(), list[PresenceChange]()
    for now, is_so in frames(text + "." * 7):
        state, more = advance(state, rule, now, is_so)
        changes += more
    assert kinds(changes) == ["opened", "closed"] * (len(changes) // 2)
    for opened, closed in zip(changes[::2], changes[1::2], strict=True):
        assert opened.stay.first == closed.stay.first
        assert closed.stay.last.at_s - closed.stay.first.at_s >= rule.longer_than_s
    assert close(state, rule, "source_ended")[1] == []


def person(
    box: tuple[float, float, float, float] = (0.1, 0.1, 0.2, 0.6),
    confidence: float = 0.9,
    trunk: tuple[tuple[float, float], tuple[float, float]] | None = None,
) -> Person:
    """`trunk`: where shoulders and hips are."""
    points = [(0.0, 0.0, 0.0)] * 17
    if trunk:
        (sx, sy), (hx, hy) = trunk
        for places, x, y in (((5, 6), sx, sy), ((11, 12), hx, hy)):
            for place in places:
                points[place] = (x, y, 0.9)
    return Person(confidence=confidence, box=box, keypoints=tuple(points))


AT_TILL = (0.7, 0.2, 0.9, 0.8)


@pytest.mark.parametrize(
    ("rule", "people", "expected"),
    [
        ({}, [person()], True),
        ({}, [], False),
        ({}, [person(confidence=0.4)], False),
        ({"min_confidence": 0.3}, [person(confidence=0.4)], True),
        ({"zone": "till"}, [person()], False),
        ({"zone": "till"}, [person(AT_TILL)], True),
        ({"zone": "shelf"}, [person(AT_TILL)], False),
        ({"more_than": 1}, [person()], False),
        ({"more_than": 1}, [person(), person(AT_TILL)], True),
        ({"more_than": 1, "zone": "till"}, [person(), person(AT_TILL)], False),
        ({"posture": "lying"}, [person()], False),
        ({"posture": "lying"}, [person((0.1, 0.7, 0.6, 0.8))], True),
        (
            {"posture": "lying", "zone": "till"},
            [person((0.1, 0.7, 0.4, 0.8)), person(AT_TILL)],
            False,
        ),
    ],
)
def test_who_counts(rule: dict[str, object], people: list[Person], expected: bool) -> None:
    assert holds(RULE.model_copy(update=rule), [TILL], people, 16 / 9) is expected


@pytest.mark.parametrize(
    ("trunk", "degrees", "lies"),
    [
        (((0.5, 0.3), (0.5, 0.5)), 0, False),
        (((0.3, 0.8), (0.5, 0.8)), 90, True),
        (((0.5, 0.3), (0.7, 0.5)), 45, False),
        (((0.5, 0.6), (0.5, 0.4)), 180, True),
    ],
)
def test_a_trunk_that_leans_lies(
    trunk: tuple[tuple[float, float], tuple[float, float]], degrees: float, lies: bool
) -> None:
    somebody = person((0.0, 0.0, 0.9, 0.1), trunk=trunk)
    assert lean_deg(somebody, 1.0) == pytest.approx(degrees)
    assert is_lying(somebody, 1.0) is lies


def test_leaning_is_told_in_pixels_not_in_shares() -> None:
    somebody = person(trunk=((0.5, 0.3), (0.6, 0.5)))
    assert lean_deg(somebody, 1.0) == pytest.approx(26.57, abs=0.01)
    assert lean_deg(somebody, 2.0) == pytest.approx(45.0)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_point_is_in_a_triangle_or_in_the_other_half_of_the_picture(x: float, y: float) -> None:
    upper = contains(((0, 0), (1, 0), (1, 1)), x, y)
    lower = contains(((0, 0), (1, 1), (0, 1)), x, y)
    if abs(x - y) > 1e-9 and 0 < x < 1 and 0 < y < 1:
        assert upper is (y < x)
        assert lower is (y > x)
