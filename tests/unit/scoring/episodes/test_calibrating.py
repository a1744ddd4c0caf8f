"""Verdicts and days in the stream: marks move at once, and what changed is put out once."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import pytest

from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message
from schemas.calibrations import ModelCalibration, SourceCalibrated
from schemas.health import SourceHealth
from schemas.ids import DEFAULT_TENANT
from schemas.judgements import LIVE
from schemas.reviews import AlertReviewed, EventMissed, MissedLevel, ReviewedAlert, Verdict
from schemas.scores import ClipScored
from schemas.topics import CALIBRATIONS, HEALTH, SOURCES
from services.chassis.streaming.records import Tombstone
from tests.builders import ORIGIN, SOURCE
from tests.checkpoints import RULE
from tests.unit.scoring.episodes.test_service import (
    HIGH,
    KEY,
    LOW,
    MODEL,
    Stream,
    judgements,
    policy,
)

BUDGET = RULE.model_copy(update={"budget_per_day": 1.0}).model_dump()


def review(
    verdict: Verdict | None,
    alert: str = "a",
    peak: float | None = 0.93,
    minutes: int = 0,
    **more: object,
) -> AlertReviewed:
    subject = {
        "source_kind": "camera",
        "run": LIVE,
        "kind": "incident",
        "rule": RULE.name,
        "model_id": MODEL,
        "peak_score": peak,
        "started_at": ORIGIN,
    }
    return AlertReviewed(
        alert_id=uuid5(SOURCE, alert),
        source_id=SOURCE,
        tenant_id=DEFAULT_TENANT,
        verdict=verdict,
        alert=ReviewedAlert.model_validate(subject | more),
        reviewed_at=ORIGIN + timedelta(minutes=minutes),
    )


def missed(level: float, is_withdrawn: bool = False, minutes: int = 0) -> EventMissed:
    return EventMissed(
        event_id=UUID(int=5),
        source_id=SOURCE,
        tenant_id=DEFAULT_TENANT,
        since=ORIGIN,
        until=ORIGIN + timedelta(seconds=9),
        label="theft",
        levels=(MissedLevel(run=LIVE, model_id=MODEL, level=level),),
        is_withdrawn=is_withdrawn,
        reported_at=ORIGIN + timedelta(minutes=minutes),
    )


def mark(stream: Stream, at: datetime = ORIGIN, start: int = 50) -> float | None:
    """The one in force at a clip of the camera."""
    clips = judgements([LOW], start=start, origin_at=at, source_kind="camera")
    [score] = [one for one in stream.take(*clips) if isinstance(one, ClipScored)]
    return score.heads[0].high_mark


def told(messages: Iterable[Message]) -> list[ModelCalibration]:
    return [model for one in messages if isinstance(one, SourceCalibrated) for model in one.models]


def watched() -> Stream:
    """A camera of which something was judged."""
    stream = Stream()
    stream.take(*judgements([LOW], source_kind="camera"))
    return stream


def test_a_false_alarm_raises_the_mark_from_the_next_clip_on() -> None:
    stream = watched()
    [model] = told(stream.take(review("false")))
    assert (model.entered, model.in_force) == (RULE.high, pytest.approx(RULE.high + 0.03))
    assert [verdict.kind for verdict in model.verdicts] == ["false"]
    assert mark(stream) == pytest.approx(model.in_force)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(review(None, minutes=5), id="withdrawn"),
        pytest.param(review("true", peak=RULE.high + 0.005, minutes=5), id="true after all"),
        pytest.param(missed(RULE.high, minutes=5), id="an event was missed"),
    ],
)
def test_it_comes_down_at_once(second: Message) -> None:
    stream = watched()
    stream.take(review("false"))
    [model] = told(stream.take(second))
    assert model.in_force == RULE.high
    assert mark(stream) == RULE.high


@pytest.mark.parametrize(
    "ignored",
    [
        pytest.param(review(None), id="acknowledged only"),
        pytest.param(review("false", peak=None, kind="health"), id="of a condition"),
        pytest.param(review("false", source_kind="upload"), id="of an upload"),
        pytest.param(review("false", run="replay-1"), id="of a run that is another's"),
        pytest.param(missed(0.1, is_withdrawn=True), id="withdrawn before it was heard"),
    ],
)
def test_what_moves_no_mark_is_not_told(ignored: Message) -> None:
    stream = watched()
    assert stream.take(ignored) == []
    assert mark(stream) == RULE.high


def test_what_is_said_again_is_told_once() -> None:
    stream = watched()
    assert told(stream.take(review("false")))
    assert stream.take(review("false")) == []
    stream.step = Stream().step
    assert not told(stream.take(*judgements([LOW], start=9, source_kind="camera")))


def test_verdicts_outlive_a_silent_day_and_go_with_the_camera() -> None:
    stream = watched()
    stream.take(review("false"))
    stream.wait(60)
    stream.now += timedelta(days=3)
    stream.wait(2)
    assert mark(stream, ORIGIN + timedelta(days=3)) == pytest.approx(RULE.high + 0.03)
    stream.take(Tombstone(SOURCES, KEY))
    assert stream.state is None
    assert stream.take(review("false", minutes=9)) == []


def noisy_week(stream: Stream, days: int, value: float = HIGH) -> list[Message]:
    """Six times a day it stands high."""
    found = list[Message]()
    for number in range(days * 144):
        origin_at = ORIGIN + timedelta(minutes=10 * number)
        scores = [value if number % 24 == 0 else LOW] * 3
        found += stream.take(*judgements(scores, origin_at=origin_at, source_kind="camera"))
    return found


def test_each_day_is_told_and_drift_is_a_condition_of_the_camera() -> None:
    stream = Stream()
    stream.take(policy(rules=[BUDGET]))
    found = noisy_week(stream, 7)
    models = told(found)
    assert [len(model.days) for model in models] == list(range(len(models)))
    assert models[-1].days[-1].alarms == 6
    assert models[-1].drift == "alarms"
    [began] = [one for one in found if isinstance(one, SourceHealth)]
    assert began.condition == "calibration_drift"
    assert "6.0 alarms a day" in began.detail
    assert {out.topic for out in stream.out} >= {CALIBRATIONS, HEALTH}


def test_drift_raises_an_alert_that_closes_once_it_is_over() -> None:
    stream = Stream()
    stream.take(policy(rules=[BUDGET]))
    [began] = [one for one in noisy_week(stream, 7) if isinstance(one, SourceHealth)]
    [alert] = stream.take(began)
    assert isinstance(alert, AlertOpened)
    assert (alert.kind, alert.rule) == ("health", "calibration_drift")
    stream.take(policy(rules=[RULE.model_dump()]))
    later = ORIGIN + timedelta(days=8)
    found = stream.take(*judgements([LOW], origin_at=later, source_kind="camera"))
    [over] = [one for one in found if isinstance(one, SourceHealth)]
    assert (over.is_over, over.start_s, over.origin_at) == (True, began.start_s, began.origin_at)
    stream.take(over)
    stream.now = later
    [closed] = stream.wait(300)[:1]
    assert isinstance(closed, AlertClosed)


def test_a_budget_that_is_taken_away_takes_what_was_learned_along() -> None:
    stream = Stream()
    stream.take(policy(rules=[BUDGET]))
    noisy_week(stream, 5)
    stream.take(policy(rules=[RULE.model_dump()]))
    later = ORIGIN + timedelta(days=6)
    found = stream.take(*judgements([LOW], origin_at=later, source_kind="camera"))
    assert [one.models for one in found if isinstance(one, SourceCalibrated)] == [()]
