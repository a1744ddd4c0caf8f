"""A replay job: carried out, killed anywhere and begun again, twice, paced, of recordings."""

from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import msgpack
import pytest

from schemas.alerts import AlertOpened
from schemas.embeddings import EmbeddingExtracted
from schemas.policies import PolicySet
from schemas.poses import PosesExtracted
from schemas.replays import ReplayProgressed, ReplayRequested
from schemas.topics import (
    ALERTS,
    EMBEDDINGS,
    POLICIES,
    POSES,
    REPLAY_PROGRESS,
    SCORES,
    SOURCES,
    Topic,
)
from services.chassis.clock import ManualClock
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.memory import MemoryBroker
from services.scoring.judging.detector import Detector
from services.scoring.replay.core import Replay
from services.scoring.replay.log import Span
from services.scoring.replay.planning import stretch_of
from services.scoring.replay.running import Job, NothingJudged
from services.scoring.replay.states import restore, states_of
from tests.builders import ORIGIN, source
from tests.unit.scoring.judging.test_core import person_head, scene_head
from tests.unit.scoring.poses.people import at, standing
from tests.unit.scoring.replay.archives import put_archive
from tests.unit.scoring.replay.jobs import (
    ARCHIVED,
    NOTHING_ON_THE_LOG,
    TENANT,
    DyingPublisher,
    Killed,
    SmallReads,
    around,
    begun,
    expected,
    from_archive,
    request,
    results,
    told,
)
from tests.unit.scoring.replay.memory import put
from tests.unit.scoring.replay.outputs import clips, closed, opened, scores
from tests.unit.scoring.replay.test_core import DETECTOR, HIGHS, footage, moment


def run(broker: MemoryBroker, asked: ReplayRequested, **more: Any) -> ReplayProgressed:
    return Job(asked, DETECTOR, replace(around(broker), **more), checkpoint_s=1e-9).run()


def test_a_job_gives_what_the_live_run_gave_and_says_how_it_went(broker: MemoryBroker) -> None:
    done = run(broker, request())
    assert results(broker)[0] == scores(expected())
    assert begun(broker.messages(ALERTS)) == begun(expected())
    assert done.windows == 3 * 36
    assert done.clips == 2 * done.windows
    assert done.alerts == sum(isinstance(one, AlertOpened) for one in expected())
    states = [one.state for one in told(broker)]
    assert (states[0], states[-1]) == ("planning", "done")
    assert {one.run for one in told(broker)} == {"again"}


def test_it_is_planned_and_estimated_before_it_begins(broker: MemoryBroker) -> None:
    run(broker, request())
    planned = [one for one in told(broker) if one.state == "planning"][-1]
    assert planned.windows == 0
    assert planned.windows_planned == pytest.approx(3 * 36, rel=0.35)  # of a few records
    assert planned.estimated_s is not None
    assert planned.estimated_s > 0


@pytest.mark.parametrize("after", [0, 1, 2, 5, 11, 23, 47, 60, 80])
def test_killed_anywhere_it_goes_on_and_nothing_is_changed(
    broker: MemoryBroker, after: int
) -> None:
    undisturbed = MemoryBroker([EMBEDDINGS, SCORES, ALERTS, POLICIES, SOURCES, REPLAY_PROGRESS])
    put(undisturbed, EMBEDDINGS, footage(HIGHS, sources=4))
    run(undisturbed, request())
    store = MemoryObjects()
    dying = replace(
        around(broker, store), publisher=DyingPublisher(broker.publisher("scoring"), after)
    )
    with pytest.raises(Killed):
        Job(request(), DETECTOR, dying, checkpoint_s=1e-9).run()
    done = Job(request(), DETECTOR, around(broker, store), checkpoint_s=1e-9).run()
    assert results(broker) == results(undisturbed)
    assert done.windows == 3 * 36
    assert done.alerts == len({one.alert_id for one in broker.messages(ALERTS)})  # type: ignore[attr-defined]


PEOPLE = Detector((scene_head(3), person_head()))


def walk() -> list[PosesExtracted]:
    """Two cameras with people who come and go, and a gap."""
    return [
        standing(
            index + 5 * (index > 9),
            at(0.1 + 0.05 * (index % 9), 1 + index // 6),
            at(0.9 - 0.04 * (index % 11), 50 + index // 8),
            source_id=source(one),
            cut_at=moment(index),
        )
        for index in range(18)
        for one in range(2)
    ]


def test_people_in_sight_are_kept_in_a_checkpoint() -> None:
    """Wherever it is taken, what follows is judged as without it."""
    seen, stretch = walk(), stretch_of(request(backbone="yolov8_pose"))
    whole = Replay(PEOPLE, stretch)
    expected = [*whole.take(seen), *whole.finish()]
    assert len(expected) > 1
    for place in (5, 14, 25):
        before, after = Replay(PEOPLE, stretch), Replay(PEOPLE, stretch)
        found = [*before.take(seen[:place]), *before.flush()]
        restore(after, msgpack.unpackb(msgpack.packb(states_of(before)), strict_map_key=False))
        found += [*after.take(seen[place:]), *after.finish()]
        assert scores(found) == scores(expected)
        assert begun(found) == begun(expected)
        assert after.windows == whole.windows == len(seen)


@pytest.mark.parametrize("after", [2, 7])
def test_one_of_poses_goes_on_where_it_was_killed(after: int) -> None:
    topics = [POSES, SCORES, ALERTS, POLICIES, SOURCES, REPLAY_PROGRESS]
    broker, undisturbed = MemoryBroker(topics), MemoryBroker(topics)
    for each in (broker, undisturbed):
        put(each, POSES, walk())
    asked, store = request(backbone="yolov8_pose"), MemoryObjects()
    Job(asked, PEOPLE, around(undisturbed), checkpoint_s=1e-9).run()
    publisher = DyingPublisher(broker.publisher("scoring"), after)
    with pytest.raises(Killed):
        Job(asked, PEOPLE, replace(around(broker, store), publisher=publisher), 1e-9).run()
    done = Job(asked, PEOPLE, around(broker, store), 1e-9).run()
    assert results(broker) == results(undisturbed)
    assert done.windows == len(walk())


def test_policies_are_those_of_when_it_was_planned(broker: MemoryBroker) -> None:
    store = MemoryObjects()
    dying = replace(
        around(broker, store), publisher=DyingPublisher(broker.publisher("scoring"), 12)
    )
    with pytest.raises(Killed):
        Job(request(), DETECTOR, dying, checkpoint_s=1e-9).run()
    put(broker, POLICIES, [PolicySet(source_id=source(1), muted=("fight", "mean"), set_at=ORIGIN)])
    Job(request(), DETECTOR, around(broker, store), checkpoint_s=1e-9).run()
    assert begun(broker.messages(ALERTS)) == begun(expected())


def test_the_same_replay_twice_changes_nothing(broker: MemoryBroker) -> None:
    run(broker, request())
    before = results(broker)
    run(broker, request())
    assert results(broker) == before


def test_it_may_begin_within_an_episode(broker: MemoryBroker) -> None:
    run(broker, request(since=moment(5), until=moment(9)))
    found = broker.messages(ALERTS)
    assert begun(found)
    assert set(begun(found)) <= set(begun(expected()))
    assert opened(found) == closed(found)


class SlowPlan(SmallReads):
    """A log whose records take an hour to find."""

    def __init__(self, broker: MemoryBroker, clock: ManualClock) -> None:
        super().__init__(broker)
        self._clock = clock

    def span(self, topic: Topic, since: Any, until: Any) -> Span:
        self._clock.wait(3600, Event())
        return super().span(topic, since, until)


def test_no_faster_than_was_asked_for_however_long_the_plan_took(broker: MemoryBroker) -> None:
    clock = ManualClock()
    done = run(broker, request(windows_per_s=20.0), log=SlowPlan(broker, clock), clock=clock)
    running = [one for one in told(broker) if one.state == "running"]
    assert all(one.windows <= 20 * (one.elapsed_s - 3600) + 1 for one in running)
    assert len(running) >= done.windows / 20 - 1


def again(message: EmbeddingExtracted) -> EmbeddingExtracted:
    return message.model_copy(update={"made_for": "again"})


@pytest.mark.parametrize("of", ["log", "recordings"])
def test_what_was_embedded_anew_is_judged_where_it_is_asked_for(
    broker: MemoryBroker, of: str
) -> None:
    fresh = [
        again(one) for one in footage([True] * 40, sources=1) if isinstance(one, EmbeddingExtracted)
    ]
    put(broker, EMBEDDINGS, fresh)
    extracted = {"extracted_at": ORIGIN + timedelta(days=1)} if of == "recordings" else {}
    run(broker, request(input=of, sources=(source(0),), **extracted))
    judged = {
        place[3]: values for one in broker.messages(SCORES) for place, values, _ in clips(one)
    }
    assert {raw for (raw, _), _ in judged.values()} == ({1.0} if of == "recordings" else {0.0, 1.0})


def test_an_input_without_any_of_it_is_no_quiet_stretch(broker: MemoryBroker) -> None:
    """Asked for again it takes what is there by then."""
    store = MemoryObjects()
    with pytest.raises(NothingJudged):
        from_archive(broker, store).run()
    put_archive(store, TENANT, ARCHIVED)
    assert from_archive(MemoryBroker(NOTHING_ON_THE_LOG), store).run().windows == len(ARCHIVED)
    with pytest.raises(NothingJudged):
        run(MemoryBroker(NOTHING_ON_THE_LOG), request())
    assert "done" not in [one.state for one in told(broker)]
