"""Simulated cameras: shared by workers, taken over without a number changed, never far behind."""

from collections.abc import Sequence
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from schemas.clips import ClipRecorded, ClipSpec
from schemas.sources import SourceConfigured
from schemas.topics import CLIPS_LIVE, SOURCES
from services.chassis.clock import ManualClock
from services.chassis.streaming.records import Incoming, Partition, Record
from services.ingest.cameras import MOST_BEHIND_S, MOST_PENDING, CameraHandler
from services.ingest.sources.sim.endless import EndlessScene
from tests.builders import ORIGIN, source

ADDRESS = "sim://store?seed=3&seconds=4&size=64x64&people=1"
SPEC = ClipSpec(frame_rate=4.0)


def configured(number: int = 0, **more: Any) -> SourceConfigured:
    fields: dict[str, Any] = {
        "source_id": source(number),
        "source_kind": "camera",
        "name": f"camera {number}",
        "origin_at": ORIGIN,
        "spec": SPEC,
        "address": ADDRESS,
        "configured_at": ORIGIN,
        **more,
    }
    return SourceConfigured(**fields)


class Worker:
    """One member: records in, time passing, clips out."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.handler = clock, CameraHandler(clock)
        self.offset = 0

    def read(self, *sources: SourceConfigured, partition: int = 0, again: bool = False) -> None:
        self.take(
            *(Incoming(self._record(one.key, partition), one, again=again) for one in sources)
        )

    def read_tombstone(self, source_id: object, partition: int = 0) -> None:
        self.take(Incoming(self._record(str(source_id), partition), None))

    def take(self, *incoming: Incoming) -> None:
        assert not list(self.handler.handle(incoming, Event()))
        self.handler.settle()

    def _record(self, key: str, partition: int) -> Record:
        self.offset += 1
        return Record(Partition(SOURCES.name, partition), self.offset, key.encode(), None)

    def watch(self, seconds: float, tick_s: float = 0.5) -> list[ClipRecorded]:
        clips: list[ClipRecorded] = []
        for _ in range(round(seconds / tick_s)):
            self.clock.wait(tick_s, Event())
            clips += self.tick()
            self.handler.settle()
        return clips

    def tick(self) -> list[ClipRecorded]:
        outputs = list(self.handler.tick(self.clock.now()))
        assert {one.topic for one in outputs} <= {CLIPS_LIVE}
        return [one.message for one in outputs if isinstance(one.message, ClipRecorded)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(ORIGIN)


@pytest.fixture
def worker(clock: ManualClock) -> Worker:
    return Worker(clock)


def indexes(clips: Sequence[ClipRecorded]) -> list[int]:
    return [clip.index for clip in clips]


def test_a_camera_gives_a_clip_every_hop(worker: Worker) -> None:
    worker.read(configured())
    clips = worker.watch(41)
    assert indexes(clips) == list(range(10))
    first = clips[0]
    assert (first.source_kind, first.source_id, first.frame_count) == ("camera", source(0), 16)
    assert (first.width, first.height, first.is_last, first.spec) == (64, 64, False, SPEC)
    assert first.origin_at == ORIGIN
    assert first.cut_at <= worker.clock.now()


def test_many_cameras_do_not_disturb_one_another(worker: Worker) -> None:
    worker.read(*(configured(number) for number in range(6)))
    clips = worker.watch(13)
    for number in range(6):
        assert indexes([c for c in clips if c.source_id == source(number)]) == [0, 1, 2]


def test_who_takes_over_cuts_the_same_clips(worker: Worker) -> None:
    worker.read(configured())
    whole = {clip.index: clip.frames for clip in worker.watch(60)}
    heir = Worker(ManualClock(ORIGIN + timedelta(seconds=21.3)))
    heir.read(configured(), again=True)
    for clip in heir.watch(30):
        assert clip.index > 21.3 / SPEC.hop_s
        assert clip.frames == whole[clip.index]


def test_what_is_held_lets_an_heir_read_every_camera_again(worker: Worker) -> None:
    worker.read(configured(0), configured(1), partition=2)
    worker.read(configured(3), partition=1)
    name = SOURCES.name
    assert worker.handler.held() == {Partition(name, 2): 1, Partition(name, 1): 3}
    worker.handler.forget([Partition(name, 2)])
    assert worker.handler.held() == {Partition(name, 1): 3}
    assert {clip.source_id for clip in worker.watch(9)} == {source(3)}


@pytest.mark.parametrize(
    "changed",
    [
        {"is_paused": True},
        {"source_kind": "upload", "address": None},
        {"address": "rtsp://camera.example/stream"},
        {"address": "sim://nowhere"},
        {"address": "sim://store?seconds=900"},
    ],
)
def test_a_camera_that_cannot_or_shall_not_be_cut_is_silent(
    worker: Worker, changed: dict[str, Any]
) -> None:
    worker.read(configured())
    assert worker.watch(9)
    worker.read(configured(**changed))
    assert not worker.watch(9)


def test_a_removed_camera_is_silent(worker: Worker) -> None:
    worker.read(configured())
    worker.read_tombstone(source(0))
    assert not worker.watch(9)


def test_a_tick_that_failed_is_given_again(worker: Worker) -> None:
    worker.read(configured())
    worker.clock.wait(9, Event())
    first = worker.tick()
    assert indexes(worker.tick()) == indexes(first) == [0, 1]
    worker.take()
    assert indexes(worker.tick()) == [0, 1]
    worker.handler.settle()
    assert not worker.tick()


def test_a_worker_that_was_away_leaves_a_gap_and_does_not_catch_up_for_ever(worker: Worker) -> None:
    worker.read(configured())
    before = worker.watch(9)
    worker.clock.wait(24 * 3600, Event())
    after = worker.watch(9)
    assert len(after) <= (MOST_BEHIND_S + 9) / SPEC.hop_s + 1
    assert after[-1].index > before[-1].index + 20_000


def test_clips_that_cannot_be_handed_over_are_bounded(clock: ManualClock) -> None:
    worker = Worker(clock)
    worker.read(*(configured(number) for number in range(8)))
    pending = 0
    for _ in range(MOST_PENDING // 8 // 2):
        clock.wait(10, Event())
        pending = len(worker.tick())
    assert pending == MOST_PENDING


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
def test_a_wall_clock_that_is_set_far_begins_a_new_life(worker: Worker, step_s: float) -> None:
    worker.read(configured())
    before = worker.watch(9)
    worker.clock.step(step_s)
    after = worker.watch(9)
    assert {clip.origin_at for clip in after} == {after[0].origin_at} != {ORIGIN}
    assert indexes(after)[:2] == [0, 1]
    assert not {clip.clip_id for clip in before} & {clip.clip_id for clip in after}


def test_a_small_step_changes_nothing(worker: Worker) -> None:
    worker.read(configured())
    clips = worker.watch(9)
    worker.clock.step(-2.0)
    clips += worker.watch(9)
    assert indexes(clips) == [0, 1, 2, 3]


def test_a_scene_goes_on_by_beginning_again() -> None:
    scene, again = EndlessScene(ADDRESS), EndlessScene(ADDRESS)
    assert scene.frame(7) == again.frame(7 + 20) == again.frame(7 + 20 * 10**6)
    assert scene.frame(8) != scene.frame(7)
