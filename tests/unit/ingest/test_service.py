"""A submitted video becomes clips, progress and a playable copy; a bad one a failed analysis."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid5

import pytest

from schemas.clips import ClipRecorded
from schemas.codec import encode
from schemas.ids import clip_id
from schemas.topics import CLIPS_BULK
from services.chassis.errors import TransientError
from services.chassis.streaming.handler import Cancelled
from services.chassis.streaming.records import Outgoing
from tests.builders import SOURCE
from tests.unit.ingest import videos
from tests.unit.ingest.bench import BIG, FAST, KEY, Bench
from tests.unit.ingest.test_file import noise


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


def test_a_short_absence_of_the_store_is_waited_out(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mkv", *BIG[0], **BIG[1]))
    expected = bench.handle(video).clips
    bench.store.good_reads, bench.store.refusals = 4, 5
    assert [clip.frames for clip in bench.handle(video).clips] == [c.frames for c in expected]
    assert bench.store.refusals == 0


def test_what_an_earlier_process_finished_is_not_done_again(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mkv", videos.every(15, 20)))
    assert len(bench.handle(video, again=True).clips) == 2
    assert not bench.handle(video, again=True).progress
    bench.store.delete(f"videos/{SOURCE}/playable.mp4")
    assert bench.handle(video, again=True).progress[-1].playable_key


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
