"""What is wrong with a camera becomes alerts: each once, closed in the end, and few of them."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message
from schemas.health import Condition, SourceHealth
from schemas.policies import PersistenceRule
from schemas.sources import SourceConfigured
from services.rules.conditions import KINDS
from services.scoring.episodes.conditions import MOST_AN_HOUR, SETTLED_S
from tests.builders import ORIGIN, SOURCE, of_source
from tests.unit.scoring.episodes.test_service import LOW, Stream, judgements, policy


def health(condition: Condition = "offline", at_s: float = 100.0, **more: Any) -> SourceHealth:
    cut_at = ORIGIN + timedelta(seconds=at_s)
    fields = {**of_source(), "source_kind": "camera", "cut_at": cut_at, "start_s": at_s, **more}
    return SourceHealth(condition=condition, at_s=at_s, **fields)


def over(begun: SourceHealth, at_s: float, **more: Any) -> SourceHealth:
    return begun.model_copy(update={"is_over": True, "at_s": at_s, "detail": "", **more})


class Watched(Stream):
    """A stream whose clock goes with the messages."""

    def hear(self, *messages: Message) -> list[Message]:
        found = []
        for message in messages:
            if isinstance(message, SourceHealth):
                found += self.until(message.at_s)
            found += self.take(message)
        return found

    def until(self, seconds: float) -> list[Message]:
        return self.wait(max(0, round(seconds - (self.now - ORIGIN).total_seconds())))


def kinds(messages: Sequence[Message]) -> list[str]:
    return [
        f"{alert.rule} {alert.reason}" if isinstance(alert, AlertClosed) else f"{alert.rule} opened"
        for alert in messages
        if isinstance(alert, AlertOpened | AlertClosed)
    ]


def test_a_condition_opens_an_alert_at_once_that_closes_when_it_is_over_for_good() -> None:
    stream, begun = Watched(), health(detail="The camera refuses the connection.", at_s=100.0)
    (opened,) = stream.hear(begun)
    assert isinstance(opened, AlertOpened)
    assert opened.alert_id == ids.health_id(SOURCE, ORIGIN, "offline", 100_000)
    assert (opened.kind, opened.rule, opened.severity) == ("health", "offline", "critical")
    assert (opened.label, opened.detail) == ("Camera offline", begun.detail)
    assert stream.hear(over(begun, 400.0)) == []
    (closed,) = stream.wait(int(SETTLED_S) + 1)
    assert isinstance(closed, AlertClosed)
    assert (closed.alert_id, closed.reason) == (opened.alert_id, "recovered")
    assert (closed.start_s, closed.end_s) == (100.0, 400.0)
    assert stream.wait(3600) == []
    assert stream.packed is None


@pytest.mark.parametrize("condition", KINDS)
def test_conditions_alert_by_the_table(condition: Condition) -> None:
    severity = KINDS[condition].severity
    alerts = Watched().hear(health(condition))
    found = [alert.severity for alert in alerts if isinstance(alert, AlertOpened)]
    assert found == ([severity] if severity else [])


def test_the_table_has_every_condition() -> None:
    assert set(KINDS) == set(get_args(Condition))


def test_a_policy_mutes_a_condition_or_all_and_may_give_it_a_severity() -> None:
    for muted in (("offline",), ("health",)):
        stream = Watched()
        stream.take(policy(muted=muted))
        assert stream.hear(health()) == []
    stream = Watched()
    rule = PersistenceRule(
        name="overloaded", label="Too many cameras", high=1, low=0, k=1, n=1, m=1, severity="info"
    )
    stream.take(policy(rules=(rule,)))
    (opened,) = stream.hear(health("overloaded"))
    assert isinstance(opened, AlertOpened)
    assert (opened.severity, opened.label) == ("info", "Too many cameras")


def test_a_condition_that_comes_again_within_minutes_is_the_same_alert() -> None:
    stream, found = Watched(), list[Message]()
    for n in range(20):
        begun = health(at_s=100.0 + 60 * n)
        found += stream.hear(begun, over(begun, begun.start_s + 20))
    found += stream.wait(300)
    assert kinds(found) == ["offline opened", "offline recovered"]


def test_a_night_of_flapping_cannot_send_hundreds_of_mails() -> None:
    stream, found, conditions = Watched(), list[Message](), list(KINDS)
    for n in range(600):
        begun = health(conditions[n % len(conditions)], at_s=100.0 + 60 * n)
        found += stream.hear(begun, over(begun, begun.start_s + 20))
    hours = Counter(int(alert.start_s // 3600) for alert in found if isinstance(alert, AlertOpened))
    assert 0 < max(hours.values()) <= MOST_AN_HOUR + 1
    assert sum(hours.values()) <= 11 * MOST_AN_HOUR


def test_a_condition_that_lasts_is_reported_when_there_is_room_again() -> None:
    stream = Watched()
    for n in range(MOST_AN_HOUR):
        begun = health("dark", at_s=100.0 + 300 * n)
        assert "dark opened" in kinds(stream.hear(begun, over(begun, begun.start_s + 5)))
    assert "offline opened" not in kinds(stream.hear(health(at_s=2000.0)))
    found = stream.until(100.0 + 3600 + 5)
    assert "offline opened" in kinds(found)
    (opened,) = [alert for alert in found if isinstance(alert, AlertOpened)]
    assert opened.start_s == 2000.0


def test_conditions_side_by_side_have_alerts_of_their_own() -> None:
    stream = Watched()
    found = stream.hear(health("dark"), health("offline", at_s=110.0))
    assert kinds(found) == ["dark opened", "offline opened"]


def test_an_end_that_is_overtaken_by_a_new_beginning_ends_nothing() -> None:
    stream, first, second = Watched(), health(at_s=100.0), health(at_s=150.0)
    stream.hear(first, second, over(first, 160.0))
    assert kinds(stream.wait(600)) == []
    stream.hear(over(second, 900.0))
    assert kinds(stream.wait(130)) == ["offline recovered"]


def test_an_end_on_another_grid_ends_it_at_the_same_moment() -> None:
    stream, begun = Watched(), health(at_s=100.0)
    stream.hear(begun)
    other = {"origin_at": ORIGIN + timedelta(seconds=150), "start_s": 0.0}
    stream.take(over(begun, 50.0, **other))
    (closed,) = stream.until(330.0)
    assert isinstance(closed, AlertClosed)
    assert (closed.origin_at, closed.end_s) == (ORIGIN, 200.0)


def test_a_camera_that_is_paused_ails_no_more() -> None:
    stream = Watched()
    stream.hear(health())
    paused = SourceConfigured(
        source_id=SOURCE,
        source_kind="camera",
        name="door",
        origin_at=ORIGIN,
        configured_at=ORIGIN,
        is_paused=True,
    )
    assert kinds(stream.take(paused)) == ["offline source_ended"]
    assert stream.wait(600) == []


def test_clips_show_that_a_camera_is_back_though_nobody_said_so() -> None:
    stream = Watched()
    stream.hear(health(at_s=100.0))
    stream.take(*judgements([LOW], start=90, source_kind="camera"))  # cut before it went
    stream.take(*judgements([LOW], start=100, source_kind="camera", is_late=True))
    assert kinds(stream.wait(300)) == []
    stream.take(*judgements([LOW], start=400, source_kind="camera"))
    assert kinds(stream.wait(700)) == ["offline recovered"]


def test_what_is_not_reported_again_while_clips_come_is_over() -> None:
    stream = Watched()
    stream.hear(health("dark", at_s=100.0))
    for minute in range(1, 5):
        stream.hear(health("dark", at_s=100.0 + 60 * minute, start_s=100.0))
    stream.take(*judgements([LOW], start=500, source_kind="camera"))
    assert kinds(stream.until(700.0)) == []
    stream.take(*judgements([LOW], start=640, source_kind="camera"))
    assert kinds(stream.until(900.0)) == ["dark recovered"]


def test_a_camera_that_goes_offline_in_an_episode_alerts_once_for_each() -> None:
    stream = Watched()
    found = stream.take(*judgements([0.9] * 4, start=90, source_kind="camera"))
    found += stream.hear(health(at_s=105.0))
    found += stream.until(200.0)
    assert Counter(kinds(found)) == Counter(
        ["fight opened", "offline opened", "fight source_silent"]
    )


def test_a_clock_that_was_set_is_a_moment_if_somebody_wants_to_hear_of_it() -> None:
    stream = Watched()
    rule = PersistenceRule(name="clock_stepped", label="", high=1, low=0, k=1, n=1, m=1)
    stream.take(policy(rules=(rule,)))
    found = stream.hear(health("clock_stepped", is_over=True)) + stream.wait(300)
    assert kinds(found) == ["clock_stepped opened", "clock_stepped recovered"]


def test_a_clock_that_was_a_day_ahead_keeps_no_alert_open_and_takes_no_room() -> None:
    stream, day_s = Watched(), 86400.0
    for n in range(MOST_AN_HOUR):
        ahead = health("dark", at_s=day_s + 300 * n)
        stream.take(ahead, over(ahead, ahead.start_s + 5))
    assert kinds(stream.wait(2)) == ["dark recovered"]
    assert kinds(stream.take(health(at_s=10.0))) == ["offline opened"]


MOVES = st.lists(
    st.tuples(st.sampled_from(["offline", "dark", "moved"]), st.booleans(), st.integers(1, 900)),
    max_size=40,
)


@given(MOVES)
def test_whatever_is_reported_each_alert_opens_once_and_closes_once(
    moves: list[tuple[Condition, bool, int]],
) -> None:
    stream, found, at_s = Watched(), list[Message](), 10.0
    begun: dict[Condition, SourceHealth] = {}
    for condition, is_over, wait_s in moves:
        at_s += wait_s
        if not is_over:
            begun[condition] = health(condition, at_s=at_s)
        if condition in begun:
            told = over(begun[condition], at_s) if is_over else begun[condition]
            found += _passed(stream, told)
    for told in begun.values():
        found += _passed(stream, over(told, at_s + 1))
    stream.now = ORIGIN + timedelta(seconds=at_s + SETTLED_S)
    found += stream.wait(3)
    opened = [alert.alert_id for alert in found if isinstance(alert, AlertOpened)]
    closed = [alert.alert_id for alert in found if isinstance(alert, AlertClosed)]
    assert sorted(opened) == sorted(closed)
    assert len(set(opened)) == len(opened)


def _passed(stream: Watched, message: SourceHealth) -> list[Message]:
    """Time leaps to the message."""
    stream.now = max(stream.now, ORIGIN + timedelta(seconds=message.at_s))
    return stream.wait(1) + stream.take(message)
