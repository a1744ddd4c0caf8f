"""Days of a camera: what is learned, written down, and noticed when it is no more what it was."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from schemas.policies import PersistenceRule
from services.rules.budget import BLOCK_S, DAY_S
from services.rules.learning import NOTHING, Calibrated, count_alarm, hear, in_force, learn, stamp
from services.rules.verdicts import Verdict

START = datetime(2026, 5, 1, tzinfo=UTC)
FIRST = int(START.timestamp()) // DAY_S
PER_DAY = DAY_S // BLOCK_S
RULE = PersistenceRule(
    name="fight", label="f", high=0.8, low=0.5, k=2, n=3, m=2, alone=0.95, budget_per_day=1.0
)


def day(noise: int = 0, level: float = 0.86, quiet: float = 0.2) -> list[float]:
    return [level] * noise + [quiet] * (PER_DAY - noise)


def live(days: Sequence[Sequence[float]], alarms: Sequence[int] = ()) -> list[Calibrated]:
    """What is kept at the end of each day, once the next has begun."""
    kept, found = NOTHING, []
    for number, levels in enumerate(days):
        for block, level in enumerate((*levels, 0.0)):
            if block == PER_DAY // 2:
                for _ in range(alarms[number] if number < len(alarms) else 0):
                    kept = count_alarm(kept)
            at = START + timedelta(days=number, seconds=block * BLOCK_S)
            kept = learn(kept, RULE, at, level)
        found.append(kept)
    return found


def test_a_day_is_written_down_as_it_went() -> None:
    last = live([day(6), day(6)], alarms=[3, 2])[-1].diary
    assert [past.day for past in last.days] == [FIRST, FIRST + 1]
    assert [past.alarms for past in last.days] == [3, 2]
    assert [past.level for past in last.days] == [0.86, 0.86]
    assert [past.usual for past in last.days] == [0.225, 0.225]
    assert last.since == FIRST


def test_a_day_of_which_little_was_seen_has_no_level() -> None:
    [kept] = live([[0.2] * 10 + [0.0]])
    later = learn(kept, RULE, START + timedelta(days=1), 0.2)
    assert later.diary.days[-1].level < 0


def test_alarms_beyond_the_budget_are_drift_once_the_mark_may_rise_no_further() -> None:
    noisy = live([day(40, 0.99)] * 12, alarms=[12] * 12)
    drifts = [kept.diary.drift for kept in noisy]
    marks = [in_force(kept, RULE).high for kept in noisy]
    assert drifts[-1] == "alarms"
    assert all(mark > 0.89 for mark, drift in zip(marks, drifts, strict=True) if drift)
    assert drifts[0] == drifts[3] == ""


def test_alarms_within_the_budget_again_end_the_drift() -> None:
    days = live([*[day(40, 0.99)] * 10, *[day(1)] * 4], alarms=[12] * 10 + [1] * 4)
    assert days[9].diary.drift == "alarms"
    assert days[-1].diary.drift == ""


def test_alarms_that_were_true_leave_no_budget() -> None:
    kept = live([day(40, 0.99)] * 9, alarms=[12] * 5)[-1]
    for number in range(40):
        said_at = float((FIRST + 9) * DAY_S + number)
        kept = hear(kept, Verdict(number.to_bytes(16, "big"), "true", 0.99, said_at))
    for _ in range(12):
        kept = count_alarm(kept)
    for block in range(PER_DAY + 1):
        kept = learn(kept, RULE, START + timedelta(days=9, seconds=block * BLOCK_S), 0.99)
    assert kept.diary.days[-1].alarms == 12
    assert kept.diary.drift == ""


def test_a_camera_that_was_turned_begins_anew_and_says_so() -> None:
    days = live([*[day(6)] * 8, *[day(quiet=0.5)] * 9])
    drifts = [kept.diary.drift for kept in days]
    assert drifts == [""] * 10 + ["scene"] * 5 + [""] * 2
    assert in_force(days[9], RULE).high > 0.8
    assert in_force(days[10], RULE).high == 0.8, "what the old scene taught is forgotten"
    assert len(days[10].quiet.days) == 3


def test_a_first_day_full_of_events_turns_nothing() -> None:
    days = live([day(144, 0.99), *[day()] * 12])
    assert {kept.diary.drift for kept in days} == {""}
    assert {in_force(kept, RULE).high for kept in days} == {0.8}


def test_verdicts_count_without_a_budget_and_days_do_not() -> None:
    fixed = RULE.model_copy(update={"budget_per_day": None})
    kept = hear(live([day(6)] * 6)[-1], Verdict(b"a" * 16, "false", 0.81, (FIRST + 6) * DAY_S))
    assert in_force(kept, RULE).high > 0.86
    assert in_force(kept, fixed).high == 0.82
    assert in_force(kept, fixed).alone == 0.97


def test_what_was_never_said_cannot_be_withdrawn() -> None:
    assert hear(NOTHING, Verdict(b"a" * 16, "withdrawn", 0.9, 0.0)) is NOTHING


def test_within_a_block_nothing_moves_but_its_top() -> None:
    kept = learn(NOTHING, RULE, START, 0.3)
    higher = learn(kept, RULE, START + timedelta(seconds=5), 0.7)
    assert learn(higher, RULE, START + timedelta(seconds=9), 0.5) is higher
    assert stamp(higher) == stamp(kept)
