"""Frames of a camera become clips on its grid, and what is wrong with it becomes conditions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from schemas.base import Message
from schemas.clips import ClipRecorded, ClipSpec
from schemas.health import SourceHealth
from schemas.sources import CameraSettings, SourceConfigured
from schemas.topics import Topic
from services.chassis.clock import ManualClock, SystemClock
from services.chassis.media.blobs import rgb_pictures
from services.chassis.media.jpeg import Jpeg, to_rgb
from services.ingest.cameras.life import Memory
from services.ingest.cameras.outlet import PackingOutlet
from services.ingest.cameras.reading import Reading
from services.ingest.cameras.watching import Watching
from services.ingest.sources.port import LiveFrame
from services.ingest.sources.scripted import ScriptedSource, picture
from tests.builders import ORIGIN, source
from tests.waiting import wait_until


class Kept:
    """An outlet that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def put(self, topic: Topic, message: Message) -> None:
        assert isinstance(message, topic.messages)
        self.messages.append(message)

    @property
    def clips(self) -> list[ClipRecorded]:
        return [one for one in self.messages if isinstance(one, ClipRecorded)]

    def health(self, condition: str) -> list[tuple[float, float, bool]]:
        found = [one for one in self.messages if isinstance(one, SourceHealth)]
        return [(h.start_s, h.at_s, h.is_over) for h in found if h.condition == condition]


class Camera:
    """A camera at 25 frames a second, watched from its origin on."""

    def __init__(self, folder: Path, clock: ManualClock | None = None, **settings: Any) -> None:
        self.clock, self.kept = clock or ManualClock(ORIGIN), Kept()
        self.failure = ""
        self.configured = SourceConfigured(
            source_id=source(1),
            source_kind="camera",
            name="front",
            origin_at=ORIGIN,
            address="rtsp://127.0.0.1/front",
            camera=CameraSettings(**settings),
            configured_at=ORIGIN,
        )
        memory = Memory(folder / "front.json")
        self.watching = Watching(
            self.configured, self.kept, memory, self.clock, recording_failure=lambda: self.failure
        )

    def play(self, seconds: float, levels: Sequence[int] = (90, 160), **size: int) -> None:
        for number in range(round(seconds * 25)):
            self.clock.wait(0.04, Event())
            shown = picture(level=levels[number % len(levels)], **size)
            self.watching.show(LiveFrame(shown, self.clock.monotonic()))
            self.watching.follow_clock()
            if number % 25 == 0:
                self.watching.tick()

    def silence(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.wait(1.0, Event())
            self.watching.tick()


def indexes(camera: Camera) -> list[int]:
    return [clip.index for clip in camera.kept.clips]


def test_clips_come_every_hop_in_order(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    camera.play(20)
    assert indexes(camera) == list(range(1, 18))  # the first frame comes after the origin
    clip = camera.kept.clips[0]
    assert (clip.source_kind, clip.frame_count, clip.width, clip.height) == ("camera", 16, 64, 48)


def test_clips_travel_as_h264_where_the_uplink_is_thin(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    camera.watching = Watching(
        camera.configured,
        PackingOutlet(camera.kept),
        Memory(tmp_path / "other.json"),
        camera.clock,
    )
    camera.play(5)
    assert {(clip.encoding, len(clip.frames)) for clip in camera.kept.clips} == {("h264", 1)}
    pictures = rgb_pictures(camera.kept.clips[0].frames[0], 16)
    assert [each.shape for each in pictures] == [(48, 64, 3)] * 16


@pytest.mark.parametrize("size", [{"width": 128, "height": 96}, {"width": 96, "height": 96}])
def test_another_size_in_mid_stream_costs_one_clip_at_most(
    tmp_path: Path, size: dict[str, int]
) -> None:
    camera = Camera(tmp_path)
    camera.play(10)
    camera.play(10, **size)
    assert len(set(range(1, 17)) - set(indexes(camera))) <= 1
    assert {(c.width, c.height) for c in camera.kept.clips} <= {(64, 48), (96, 96)}


def test_an_outage_is_told_and_ends_with_the_pictures(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    camera.play(5)
    camera.watching.lost("The camera refuses the connection: nothing listens there.")
    camera.silence(30)
    camera.play(5)
    told, over = camera.kept.health("offline")
    assert told[0] == over[0] == pytest.approx(5, abs=0.1)
    assert 10 <= told[1] - told[0] <= 12
    assert (told[2], over[2]) == (False, True)
    assert over[1] == pytest.approx(35, abs=1)


def test_a_new_process_goes_on_with_an_outage_and_ends_all_else(tmp_path: Path) -> None:
    first = Camera(tmp_path)
    first.play(2)
    first.failure = "the disk is full"
    first.silence(20)
    assert first.kept.health("not_recorded")[-1][2] is False
    second = Camera(tmp_path, first.clock)
    second.play(5)
    ((start_s, _, is_over),) = second.kept.health("not_recorded")
    assert (start_s, is_over) == (first.kept.health("not_recorded")[0][0], True)
    assert second.kept.health("offline")[-1][0] == first.kept.health("offline")[0][0]
    assert second.kept.health("offline")[-1][2]


def test_a_camera_that_is_paused_leaves_nothing_open(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    camera.silence(20)
    camera.watching.end(is_gone=True)
    assert camera.kept.health("offline")[-1][2]
    assert not Camera(tmp_path, camera.clock).kept.messages


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
def test_a_step_of_the_clock_begins_a_new_grid_that_a_restart_keeps(
    tmp_path: Path, step_s: float
) -> None:
    camera = Camera(tmp_path)
    camera.play(5)
    camera.clock.step(step_s)
    camera.play(5)
    new = camera.kept.clips[-1].origin_at
    lies_back = ORIGIN + timedelta(seconds=step_s + 6) - new
    assert timedelta() < lies_back < timedelta(seconds=2 + 2 * ClipSpec().hop_s)
    assert camera.kept.health("clock_stepped") == [(0.0, 0.0, True)]
    again = Camera(tmp_path, camera.clock)
    again.play(5)
    assert {clip.origin_at for clip in again.kept.clips} == {new}
    assert min(indexes(again)) > max(c.index for c in camera.kept.clips if c.origin_at == new)


def test_a_clock_set_back_while_nobody_watched_silences_nothing(tmp_path: Path) -> None:
    clock = ManualClock(ORIGIN - timedelta(days=1))
    camera = Camera(tmp_path, clock)
    camera.play(5)
    first, *_, last = found = indexes(camera)
    assert found == list(range(first, last + 1))
    assert (first <= 3, len(found) >= 3) == (True, True)
    assert camera.kept.health("clock_stepped") == [(0.0, 0.0, True)]


def test_a_day_of_clips_lies_where_its_frames_were(tmp_path: Path) -> None:
    """A wall clock that runs a second a day fast is followed; summer time is no step of UTC."""
    camera = Camera(tmp_path)
    for hour in range(24):
        camera.play(3)
        camera.silence(0)
        camera.clock.wait(3597 / 2, Event())
        camera.watching.follow_clock()
        camera.clock.wait(3597 / 2, Event())
        camera.clock.step(1 / 24)
        camera.watching.follow_clock()
        off_s = (camera.watching.life.now() - camera.clock.now()).total_seconds()
        assert abs(off_s) < 0.05, hour
    assert indexes(camera) == sorted(set(indexes(camera)))


RATE = 15
SHADES = [20 + 9 * number for number in range(24)]
"""Brightness tells pictures apart over more than a clip."""


class Checked(Kept):
    """Keeps where clips lie, and how far that is from when their pictures were shown; not the
    clips.
    """

    def __init__(self) -> None:
        super().__init__()
        self.places: list[tuple[datetime, int]] = []
        self.shown_at: dict[int, datetime] = {}
        """By the shade of a picture, when the latest of that shade was shown."""
        self.off_grid_s = self.drift_s = 0.0

    def put(self, topic: Topic, message: Message) -> None:
        if not isinstance(message, ClipRecorded):
            return
        self.places.append((message.origin_at, message.index))
        off_s = abs(message.start_s - message.index * message.spec.hop_s)
        self.off_grid_s = max(self.off_grid_s, off_s)
        first = to_rgb(Jpeg(message.frames[0], message.width, message.height)).mean()
        shade = min(range(len(SHADES)), key=lambda number: abs(SHADES[number] - first))
        held_s = (message.moment(message.start_s) - self.shown_at[shade]).total_seconds()
        # A sample is the picture on screen at its moment: shown then, or up to a frame before.
        self.drift_s = max(self.drift_s, -held_s, held_s - 1 / RATE)


def watch_for(hours: int, folder: Path) -> Checked:
    """A camera of 15 frames a second, whose wall clock is off by 12 ppm, a second a day, and is set
    ahead by an hour after the first, and back after the second.
    """
    camera, checked = Camera(folder), Checked()
    pictures = [picture(level=shade) for shade in SHADES]
    memory = Memory(folder / "hours.json")
    camera.watching = Watching(camera.configured, checked, memory, camera.clock)
    for number in range(hours * 3600 * RATE):
        camera.clock.wait(1 / RATE, Event())
        shade = number % len(SHADES)
        checked.shown_at[shade] = camera.clock.now()
        camera.watching.show(LiveFrame(pictures[shade], camera.clock.monotonic()))
        if number % RATE == 0:
            camera.clock.step(1.2e-5)
            step_s = {3600: 3600.0, 7200: -3600.0}.get(number // RATE, 0.0)
            camera.clock.step(step_s)
            camera.watching.follow_clock()
            camera.watching.tick()
    return checked


def test_hours_at_the_full_rate_lose_no_clip_and_lie_where_they_were_filmed(
    tmp_path: Path,
) -> None:
    hours = 3
    checked = watch_for(hours, tmp_path)
    lives = list(dict.fromkeys(origin for origin, _ in checked.places))
    assert len(lives) == 3
    for life in lives:
        own = [index for origin, index in checked.places if origin == life]
        assert own == list(range(own[0], own[0] + len(own)))
    assert len(checked.places) >= hours * 3600 * RATE // 16 - 2 * len(lives)
    assert checked.off_grid_s < 1e-6
    assert checked.drift_s < 0.01


def test_what_stands_still_is_withheld_and_counted_where_the_gate_is_on(tmp_path: Path) -> None:
    camera = Camera(tmp_path, motion_gate=True)
    camera.play(60, levels=(120,))
    camera.watching.end(is_gone=True)
    stills = camera.kept.health("still")
    assert len(camera.kept.clips) < 20
    assert stills[-1][2]


def test_a_source_is_opened_again_and_again_and_always_closed() -> None:
    broken = ScriptedSource([LiveFrame(picture(), 0.0)], loss="It broke.")
    refusing = ScriptedSource(refusal="It refuses.")
    left, reasons, shown = [broken, refusing, broken, refusing], list[str](), list[LiveFrame]()

    def next_source() -> ScriptedSource:
        return left.pop(0) if left else refusing

    def show(frame: LiveFrame) -> bool:
        shown.append(frame)
        return False

    reading = Reading(next_source, show, reasons.append, None, SystemClock())
    thread = Thread(target=reading.run)
    thread.start()
    wait_until(lambda: len(reasons) >= 4)
    reading.stopped.set()
    thread.join(30)
    assert reasons[:4] == ["It broke.", "It refuses.", "It broke.", "It refuses."]
    assert broken.opened == broken.closed == len(shown) == 2
