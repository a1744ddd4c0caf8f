"""A replay job: carried out, killed anywhere and begun again, twice, paced, of recordings."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import msgpack
import pytest

from schemas.alerts import AlertOpened
from schemas.archive import parts_among
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
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Outgoing
from services.scoring.archive.reading import Archive
from services.scoring.judging.detector import Detector
from services.scoring.replay.archived import ArchivedRows
from services.scoring.replay.checkpoint import Records
from services.scoring.replay.core import Replay
from services.scoring.replay.log import Packed, Span
from services.scoring.replay.planning import stretch_of
from services.scoring.replay.running import Job, NothingJudged, Surroundings
from services.scoring.replay.states import restore, states_of
from tests.builders import ORIGIN, source
from tests.unit.scoring.judging.test_core import person_head, scene_head
from tests.unit.scoring.poses.people import at, standing
from tests.unit.scoring.replay.archives import merge, put_archive
from tests.unit.scoring.replay.memory import MemoryLog, put
from tests.unit.scoring.replay.outputs import clips, closed, opened, scores
from tests.unit.scoring.replay.test_core import DETECTOR, HIGHS, footage, live, moment

TENANT = source(99)


def request(**more: Any) -> ReplayRequested:
    fields = {
        "run": "again",
        "tenant_id": TENANT,
        "since": ORIGIN,
        "until": moment(200),
        "sources": (source(0), source(1), source(2)),
        "backbone": "i3d_k400",
        "requested_at": ORIGIN,
    }
    return ReplayRequested(**fields | more)


@pytest.fixture
def broker() -> MemoryBroker:
    topics = [EMBEDDINGS, SCORES, ALERTS, POLICIES, SOURCES, REPLAY_PROGRESS]
    broker = MemoryBroker(topics)
    put(broker, EMBEDDINGS, footage(HIGHS, sources=4))
    return broker


class SmallReads:
    """A log that gives a few records at a time, so that there is much to be killed between."""

    def __init__(self, broker: MemoryBroker, most: int = 10) -> None:
        self._log, self._most = MemoryLog(broker), most

    def span(self, topic: Topic, since: Any, until: Any) -> Span:
        return self._log.span(topic, since, until)

    def read(self, topic: Topic, span: Span, most: int) -> Iterator[Sequence[Packed]]:
        return self._log.read(topic, span, min(most, self._most))


class Killed(BaseException):
    """What kill -9 is to the job."""


class DyingPublisher:
    """Ends the job with the n-th message; what was published before lies on the log."""

    def __init__(self, publisher: Publisher, left: int) -> None:
        self._publisher, self._left = publisher, left

    def publish(self, outgoing: Outgoing) -> None:
        if self._left == 0:
            raise Killed
        self._left -= 1
        self._publisher.publish(outgoing)

    def flush(self) -> None:
        self._publisher.flush()


def around(broker: MemoryBroker, store: MemoryObjects | None = None) -> Surroundings:
    store = store or MemoryObjects()
    return Surroundings(broker, SmallReads(broker), store, broker.publisher("scoring"))


def run(broker: MemoryBroker, asked: ReplayRequested, **more: Any) -> ReplayProgressed:
    return Job(asked, DETECTOR, replace(around(broker), **more), checkpoint_s=1e-9).run()


def results(broker: MemoryBroker) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """What is stored in the end: scores by clip, the latest message of each alert."""
    latest = {one.alert_id: one for one in broker.messages(ALERTS)}  # type: ignore[attr-defined]
    return scores(broker.messages(SCORES)), latest


def told(broker: MemoryBroker) -> list[ReplayProgressed]:
    return [one for one in broker.messages(REPLAY_PROGRESS) if isinstance(one, ReplayProgressed)]


def expected() -> list[Any]:
    return live(footage(HIGHS, sources=3))


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


def begun(messages: Sequence[Any]) -> list[tuple[str, str, float, str]]:
    """Where each alert begins, and what it is."""
    found = [one for one in messages if isinstance(one, AlertOpened)]
    return sorted({(one.key, one.rule, one.start_s, one.model_id) for one in found})


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


ARCHIVED = [one for one in footage(HIGHS, sources=3) if isinstance(one, EmbeddingExtracted)]
NOTHING_ON_THE_LOG = [EMBEDDINGS, SCORES, ALERTS, POLICIES, SOURCES, REPLAY_PROGRESS]


def from_archive(
    broker: MemoryBroker, store: MemoryObjects, publisher: Publisher | None = None, **more: Any
) -> Job:
    """A job over the archive in the same store, a few rows at a time."""
    asked = request(input="archive", **more)
    archive = ArchivedRows(Archive(store), "embeddings", asked)
    publisher = publisher or broker.publisher("scoring")
    clock = ManualClock()
    surroundings = replace(around(broker, store), archive=archive, publisher=publisher, clock=clock)
    return Job(asked, DETECTOR, surroundings, checkpoint_s=1e-9)


@pytest.fixture
def store() -> MemoryObjects:
    store = MemoryObjects()
    put_archive(store, TENANT, ARCHIVED)
    return store


def test_what_the_log_holds_no_more_comes_from_the_archive(store: MemoryObjects) -> None:
    broker = MemoryBroker(NOTHING_ON_THE_LOG)
    done = from_archive(broker, store).run()
    assert results(broker)[0] == scores(expected())
    assert begun(broker.messages(ALERTS)) == begun(expected())
    [planned] = {one.windows_planned for one in told(broker) if one.state == "running"}
    assert planned > 0
    assert done.windows == len(ARCHIVED)


@pytest.mark.parametrize(("after", "is_merged"), [(5, False), (17, True), (40, False), (75, True)])
def test_killed_anywhere_it_goes_on_in_the_archive(
    store: MemoryObjects, after: int, is_merged: bool
) -> None:
    """Also where the parts that it was reading became another by then."""
    undisturbed, broker = MemoryBroker(NOTHING_ON_THE_LOG), MemoryBroker(NOTHING_ON_THE_LOG)
    whole = from_archive(undisturbed, store, run="again").run()
    records = Records(store, "again")
    records.remove()
    dying = DyingPublisher(broker.publisher("scoring"), after)
    with pytest.raises(Killed):
        from_archive(broker, store, dying).run()
    noted = records.checkpoint()
    if is_merged:
        merge(store, TENANT, ARCHIVED)
    done = from_archive(broker, store).run()
    assert results(broker) == results(undisturbed)
    assert (done.windows, done.clips, done.alerts) == (whole.windows, whole.clips, whole.alerts)
    begun_at = [one.windows for one in told(broker) if one.state == "running"]
    assert noted is None or noted.states["windows"] in begun_at


def test_what_the_archive_gets_later_is_no_part_of_it(store: MemoryObjects) -> None:
    undisturbed, broker = MemoryBroker(NOTHING_ON_THE_LOG), MemoryBroker(NOTHING_ON_THE_LOG)
    for part in parts_among(info.key for info in store.list("archive/")):
        if part.end > len(ARCHIVED) // 2:
            store.delete(part.key)
    from_archive(undisturbed, store).run()
    Records(store, "again").remove()
    with pytest.raises(Killed):
        from_archive(broker, store, DyingPublisher(broker.publisher("scoring"), 5)).run()
    put_archive(store, TENANT, ARCHIVED)
    from_archive(broker, store).run()
    assert results(broker) == results(undisturbed)


def test_no_faster_than_was_asked_for_out_of_the_archive_too(store: MemoryObjects) -> None:
    broker = MemoryBroker(NOTHING_ON_THE_LOG)
    from_archive(broker, store, windows_per_s=20.0).run()
    running = [one for one in told(broker) if one.state == "running"]
    assert all(one.windows <= 20 * one.elapsed_s + 1 for one in running)
    assert len(running) >= len(ARCHIVED) / 20 - 1


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
