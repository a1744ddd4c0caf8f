"""A replay over a broker: scores and alerts of a run of its own, compared with the live ones."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.alerts import AlertClosed, AlertOpened
from schemas.policies import PolicySet
from schemas.scores import ClipScored
from schemas.sources import SourceConfigured
from schemas.topics import ALERTS, EMBEDDINGS, POLICIES, SCORES, SOURCES, Topic
from services.chassis.streaming.memory import MemoryBroker
from services.scoring.replay.comparison import compare, latest
from services.scoring.replay.core import Stretch
from services.scoring.replay.service import Runner, Summary, run_name
from tests.builders import ORIGIN, source
from tests.unit.scoring.replay.memory import MemoryLog, put
from tests.unit.scoring.replay.outputs import scores
from tests.unit.scoring.replay.test_core import DETECTOR, HIGHS, footage, live, moment


@pytest.fixture
def broker() -> MemoryBroker:
    """A day of three cameras with what the live run made of it."""
    broker = MemoryBroker([EMBEDDINGS, SCORES, ALERTS, POLICIES, SOURCES])
    seen = footage(HIGHS, sources=3)
    put(broker, EMBEDDINGS, seen)
    outputs = live(seen)
    put(broker, SCORES, [one for one in outputs if isinstance(one, ClipScored)])
    put(broker, ALERTS, [one for one in outputs if not isinstance(one, ClipScored)])
    return broker


def replay(broker: MemoryBroker, stretch: Stretch) -> Summary:
    return Runner(broker, MemoryLog(broker), broker.publisher("scoring")).run(DETECTOR, stretch)


def of_run(broker: MemoryBroker, topic: Topic, run: str) -> list[Any]:
    return [one for one in broker.messages(topic) if one.run == run]  # type: ignore[attr-defined]


WHOLE = Stretch("again", ORIGIN, moment(200))


def test_under_the_live_head_nothing_comes_and_nothing_goes(broker: MemoryBroker) -> None:
    summary = replay(broker, WHOLE)
    assert summary.comparison.is_equal
    assert summary.comparison.kept
    assert summary.windows == 3 * 36
    assert summary.clips == 2 * summary.windows
    assert scores(of_run(broker, SCORES, "again")) == scores(of_run(broker, SCORES, "live"))


def test_the_same_again_changes_nothing(broker: MemoryBroker) -> None:
    replay(broker, WHOLE)
    first = {one.alert_id: one for one in of_run(broker, ALERTS, "again")}
    summary = replay(broker, WHOLE)
    assert {one.alert_id: one for one in of_run(broker, ALERTS, "again")} == first
    assert summary.comparison.is_equal


def test_what_is_in_the_middle_of_the_stretch_is_compared_alone(broker: MemoryBroker) -> None:
    summary = replay(broker, Stretch("again", moment(31), moment(50), frozenset({source(2)})))
    assert not summary.comparison.come
    assert not summary.comparison.gone
    assert {one.key for one in of_run(broker, SCORES, "again")} == {str(source(2))}


def test_policies_in_force_are_those_of_the_source(broker: MemoryBroker) -> None:
    muted = PolicySet(source_id=source(0), muted=("fight", "mean"), set_at=ORIGIN)
    put(broker, POLICIES, [muted])
    found = replay(broker, WHOLE).comparison
    assert {alert.key for alert in found.gone} == {str(source(0))}
    assert not found.come


@pytest.mark.parametrize(
    ("kind", "recorded_s", "is_found"),
    [("upload", 10, True), ("upload", 300, False), ("camera", 10, False)],
)
def test_the_log_is_read_as_far_as_the_latest_upload_of_the_stretch(
    broker: MemoryBroker, kind: str, recorded_s: int, is_found: bool
) -> None:
    handed_in = ORIGIN + timedelta(days=90)
    configured = SourceConfigured(
        source_id=source(0),
        source_kind=kind,
        name="night.mp4",
        origin_at=moment(recorded_s),
        configured_at=handed_in,
    )
    put(broker, SOURCES, [configured])
    log = MemoryLog(broker)
    Runner(broker, log, broker.publisher("scoring")).run(DETECTOR, WHOLE)
    assert all((until > handed_in) is is_found for _, until in log.asked)


def test_every_alert_of_a_replay_is_closed(broker: MemoryBroker) -> None:
    replay(broker, Stretch("again", moment(5), moment(9)))
    alerts = of_run(broker, ALERTS, "again")
    opened = {one.alert_id for one in alerts if isinstance(one, AlertOpened)}
    assert opened
    assert opened == {one.alert_id for one in alerts if isinstance(one, AlertClosed)}


def test_the_same_replay_has_the_same_name() -> None:
    assert run_name(DETECTOR, WHOLE) == run_name(DETECTOR, WHOLE)
    assert run_name(DETECTOR, WHOLE) != run_name(DETECTOR, Stretch("", ORIGIN, moment(9)))


def test_alerts_that_begin_a_little_later_are_the_same_alert() -> None:
    alerts = [one for one in live(footage(HIGHS)) if not isinstance(one, ClipScored)]
    shifted = [one.model_copy(update={"start_s": one.start_s + 1.0}) for one in alerts]
    found = compare(alerts, shifted)
    assert (len(found.come), len(found.gone)) == (0, 0)
    assert len(found.kept) == len(latest(alerts))
    assert not found.is_equal
