"""A submitted video becomes clips, progress and a playable copy; a bad one a failed analysis."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from uuid import uuid5

import pytest

from schemas.clips import ClipRecorded, ClipSpec
from schemas.codec import encode
from schemas.ids import clip_id
from schemas.topics import CLIPS_BULK, VIDEO_PROGRESS
from schemas.videos import VideoProgressed, VideoSubmitted
from services.chassis.clock import ManualClock
from services.chassis.errors import TransientError
from services.chassis.media.limits import MediaLimits
from services.chassis.storage.objects import MemoryObjects, ObjectInfo
from services.chassis.streaming.handler import Cancelled
from services.chassis.streaming.lag import ScriptedLag
from services.chassis.streaming.records import Outgoing
from services.ingest.job import Surroundings
from services.ingest.throttle import Throttle
from services.ingest.upload import DEADLY, UNFORESEEN, Upload
from services.ingest.workspace import Workspace
from tests.builders import SOURCE, incoming
from tests.unit.ingest import videos
from tests.unit.ingest.test_file import noise

FAST = {"movflags": "faststart"}
KEY = f"videos/{SOURCE}/original"


class FlakyObjects(MemoryObjects):
    """Refuses as often as it is told to, once the first reads are done."""

    def __init__(self) -> None:
        super().__init__()
        self.good_reads, self.refusals = 10**9, 0
        self.is_odd = False

    def read_range(self, key: str, start: int, length: int) -> bytes:
        if self.is_odd:
            raise ZeroDivisionError
        self.good_reads -= 1
        if self.good_reads < 0 and self.refusals > 0:
            self.refusals -= 1
            raise TransientError("the store is away")
        return super().read_range(key, start, length)

    def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        if self.refusals > 0:
            self.refusals -= 1
            raise TransientError("the store is away")
        return super().put_file(key, path, content_type)


@dataclass
class Bench:
    """Everything around the handler, faked."""

    tmp_path: Path
    store: FlakyObjects = field(default_factory=FlakyObjects)
    clock: ManualClock = field(default_factory=ManualClock)
    limits: MediaLimits = field(default_factory=MediaLimits)
    lag: ScriptedLag = field(default_factory=lambda: ScriptedLag(0))
    cancelled: Event = field(default_factory=Event)

    def submit(self, path: Path, key: str = KEY) -> VideoSubmitted:
        self.store.put_file(key, path, "video/mp4")
        return self.submitted(key, path.stat().st_size)

    def submitted(self, key: str, size_bytes: int = 0) -> VideoSubmitted:
        return VideoSubmitted(
            video_id=SOURCE,
            object_key=key,
            filename="a.mp4",
            size_bytes=size_bytes,
            submitted_at=self.clock.now(),
        )

    @property
    def around(self) -> Surroundings:
        return Surroundings(
            self.store,
            Throttle(self.lag, self.clock, most=256),
            self.clock,
            Workspace(self.tmp_path / "work"),
            ClipSpec(),
            self.limits,
        )

    def handle(
        self,
        video: VideoSubmitted,
        watch: Callable[[Outgoing], None] = lambda _: None,
        again: bool = False,
        deaths: int = 0,
    ) -> "Result":
        """Give an upload its turns until it is done."""
        submitted = replace(incoming(video), again=again)
        upload = Upload(self.around, submitted, deaths)
        upload.cancelled = self.cancelled
        upload.begin_anew()
        result = Result(watch)
        while upload.state != "done":
            upload.go_on(result)
        return result


@dataclass
class Result:
    """A publisher that sorts what it gets."""

    watch: Callable[[Outgoing], None] = lambda _: None
    clips: list[ClipRecorded] = field(default_factory=list)
    progress: list[VideoProgressed] = field(default_factory=list)

    def publish(self, outgoing: Outgoing) -> None:
        self.take(outgoing)
        self.watch(outgoing)

    def flush(self) -> None:
        """All is acknowledged."""

    def take(self, outgoing: Outgoing) -> None:
        if isinstance(outgoing.message, ClipRecorded):
            assert outgoing.topic is CLIPS_BULK
            self.clips.append(outgoing.message)
        elif isinstance(outgoing.message, VideoProgressed):
            assert outgoing.topic is VIDEO_PROGRESS
            self.progress.append(outgoing.message)

    @property
    def states(self) -> list[str]:
        return [one.state for one in self.progress]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_playable_original_is_cut_and_is_its_own_copy(bench: Bench, tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mp4", videos.every(30, 60), container=FAST)
    result = bench.handle(bench.submit(path))
    assert [clip.index for clip in result.clips] == [0, 1]
    assert [clip.is_last for clip in result.clips] == [False, True]
    assert {clip.source_id for clip in result.clips} == {SOURCE}
    assert [clip.clip_id for clip in result.clips] == [
        clip_id(SOURCE, clip.origin_at, clip.index) for clip in result.clips
    ]
    first, last = result.progress[0], result.progress[-1]
    assert (first.state, first.progress, first.playable_key) == ("decoding", 0, KEY)
    assert (first.width, first.height, first.codec, first.frame_rate) == (64, 48, "h264", 30)
    assert (last.state, last.progress, last.clip_count, last.duration_s) == ("decoded", 1, 2, 2.0)
    assert not list((tmp_path / "work").rglob("*.mp4"))


def test_a_copy_is_made_once_the_clips_are_out(bench: Bench, tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mkv", videos.every(15, 20), codec="libx265")
    result = bench.handle(bench.submit(path))
    key = f"videos/{SOURCE}/playable.mp4"
    assert result.states[-2:] == ["decoded", "decoded"]
    assert [one.playable_key for one in result.progress[-2:]] == [None, key]
    assert bench.store.stat(key).content_type == "video/mp4"
    assert not list((tmp_path / "work").rglob("*.mp4"))


def test_progress_is_told_every_two_seconds_or_twentieth(bench: Bench, tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mp4", [n / 2 for n in range(160)], container=FAST)
    result = bench.handle(bench.submit(path))
    told = [one.progress for one in result.progress if one.state == "decoding"]
    assert told == sorted(told)
    assert 18 <= len(told) <= 22


def test_the_same_video_gives_the_same_ids_after_a_crash(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mp4", videos.every(15, 40), container=FAST))

    def crash(outgoing: Outgoing) -> None:
        if isinstance(outgoing.message, ClipRecorded):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.handle(video, crash)
    again, once_more = bench.handle(video), bench.handle(video)
    assert again.clips == once_more.clips
    assert len(again.clips) == 3


@pytest.mark.parametrize("at", [1, 2])
def test_a_job_that_is_cancelled_stops_within_a_clip(bench: Bench, tmp_path: Path, at: int) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mp4", videos.every(15, 80), container=FAST))
    seen: list[Outgoing] = []

    def cancel(outgoing: Outgoing) -> None:
        seen.append(outgoing)
        if sum(isinstance(one.message, ClipRecorded) for one in seen) == at:
            bench.cancelled.set()

    with pytest.raises(Cancelled):
        bench.handle(video, cancel)
    assert sum(isinstance(one.message, ClipRecorded) for one in seen) == at


def test_a_copy_in_the_making_is_cancelled(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mkv", videos.every(15, 20)))

    def cancel(outgoing: Outgoing) -> None:
        message = outgoing.message
        if isinstance(message, VideoProgressed) and message.state == "decoded":
            bench.cancelled.set()

    with pytest.raises(Cancelled):
        bench.handle(video, cancel)
    assert not list((tmp_path / "work").rglob("*.mp4"))


# --- what cannot be analysed


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"no video " * 999, "The file is not a video that can be read."),
    ],
)
def test_a_bad_file_is_a_failed_analysis(bench: Bench, content: bytes, sentence: str) -> None:
    bench.store.put(KEY, io.BytesIO(content), "video/mp4")
    result = bench.handle(bench.submitted(KEY))
    assert [(one.state, one.error) for one in result.progress] == [("failed", sentence)]
    assert not result.clips


def test_sound_alone_is_a_failed_analysis(bench: Bench, tmp_path: Path) -> None:
    result = bench.handle(bench.submit(videos.make_sound(tmp_path / "a.mp4")))
    assert result.progress[-1].error == "The file has no video stream."


def test_a_missing_object_is_a_failed_analysis(bench: Bench) -> None:
    result = bench.handle(bench.submitted("videos/nowhere/original"))
    assert [one.error for one in result.progress] == ["The video is not in the store any more."]


def test_an_object_that_vanishes_ends_what_was_begun(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.ts", *BIG[0], **BIG[1]))

    def vanish(outgoing: Outgoing) -> None:
        if isinstance(outgoing.message, ClipRecorded):
            bench.store.delete(video.object_key)

    result = bench.handle(video, vanish)
    assert result.states[-1] == "failed"
    assert [clip.is_last for clip in result.clips].count(True) == 1
    assert result.clips[-1].is_last


BIG = (
    (videos.every(15, 40), (640, 480)),
    {"paint": noise, "options": {"preset": "ultrafast", "qp": "12"}},
)
"""Several megabytes, so that it is read in several ranges."""


def test_a_truncated_upload_ends_where_it_ends(bench: Bench, tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.ts", videos.every(15, 64), paint=noise)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    result = bench.handle(bench.submit(path))
    assert result.states[-1] == "decoded"
    assert 1 <= len(result.clips) < 4
    assert result.clips[-1].is_last


def test_a_video_longer_than_it_says_ends_at_the_limit(bench: Bench, tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.h264", videos.every(25, 500), options={"bf": "0"})
    bench.limits = MediaLimits(max_duration_s=4)
    result = bench.handle(bench.submit(path))
    assert result.progress[-1].state == "failed"
    assert "at most" in (result.progress[-1].error or "")
    assert result.clips[-1].is_last
    assert result.clips[-1].end_s == pytest.approx(4, abs=0.1)


def test_a_short_absence_of_the_store_is_waited_out(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mkv", *BIG[0], **BIG[1]))
    expected = bench.handle(video).clips
    bench.store.good_reads, bench.store.refusals = 4, 5
    assert [clip.frames for clip in bench.handle(video).clips] == [c.frames for c in expected]
    assert bench.store.refusals == 0


def test_a_short_absence_does_not_cost_the_copy(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mkv", videos.every(15, 20)))

    def away(outgoing: Outgoing) -> None:
        message = outgoing.message
        if isinstance(message, VideoProgressed) and message.state == "decoded":
            bench.store.refusals = 0 if message.playable_key else 3

    assert bench.handle(video, away).progress[-1].playable_key


def test_an_error_that_nobody_foresaw_is_a_failed_analysis(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mp4", videos.every(15, 40), container=FAST))
    bench.store.is_odd = True
    result = bench.handle(video)
    assert (result.states[-1], result.progress[-1].error) == ("failed", UNFORESEEN)


def test_a_video_that_processes_die_of_is_given_up(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mp4", videos.every(15, 40), container=FAST))
    assert bench.handle(video, deaths=2).states[-1] == "decoded"
    result = bench.handle(video, deaths=3)
    assert [(one.state, one.error) for one in result.progress] == [("failed", DEADLY)]


def test_what_an_earlier_process_finished_is_not_done_again(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mkv", videos.every(15, 20)))
    assert len(bench.handle(video, again=True).clips) == 2
    assert not bench.handle(video, again=True).progress
    bench.store.delete(f"videos/{SOURCE}/playable.mp4")
    assert bench.handle(video, again=True).progress[-1].playable_key


def test_a_copy_that_processes_die_of_costs_the_copy_alone(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mkv", videos.every(15, 20)))
    bench.handle(video)
    bench.store.delete(f"videos/{SOURCE}/playable.mp4")
    assert not bench.handle(video, again=True, deaths=3).progress


def test_an_error_in_the_making_of_a_copy_costs_the_copy_alone(
    bench: Bench, tmp_path: Path
) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mkv", videos.every(15, 20)))

    def break_store(outgoing: Outgoing) -> None:
        message = outgoing.message
        if isinstance(message, VideoProgressed) and message.state == "decoded":
            bench.store.is_odd = True

    result = bench.handle(video, break_store)
    assert (result.states[-1], result.progress[-1].playable_key) == ("decoded", None)


def test_the_grid_begins_when_the_video_was_recorded(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mp4", videos.every(15, 4), container=FAST))
    (clip,) = bench.handle(video).clips
    assert (clip.origin_at, clip.is_wall_clock) == (video.submitted_at, False)
    recorded_at = video.submitted_at - timedelta(days=3)
    known = video.model_copy(update={"recorded_at": recorded_at})
    (other,) = bench.handle(known).clips
    assert (other.origin_at, other.is_wall_clock) == (recorded_at, True)
    assert other.clip_id != clip.clip_id


def test_a_clip_that_is_too_large_for_its_topic_is_made_smaller(
    bench: Bench, tmp_path: Path
) -> None:
    path = videos.make(
        tmp_path / "heavy.mkv",
        [0.0, 2.0],
        size=(8192, 256),
        codec="mjpeg",
        paint=noise,
        pix_fmt="yuvj420p",
        options={"q:v": "2", "qmin": "1"},
    )
    result = bench.handle(bench.submit(path))
    assert result.states[-1] == "decoded"
    assert all(len(encode(clip)) < CLIPS_BULK.max_message_bytes for clip in result.clips)


def test_a_long_absence_gives_the_job_back(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mkv", *BIG[0], **BIG[1]))
    bench.store.good_reads, bench.store.refusals = 4, 10**9
    with pytest.raises(TransientError):
        bench.handle(video)


def test_two_sources_do_not_share_ids(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mp4", videos.every(15, 4), container=FAST))
    other = video.model_copy(update={"video_id": uuid5(SOURCE, "other")})
    assert bench.handle(video).clips[0].clip_id != bench.handle(other).clips[0].clip_id
