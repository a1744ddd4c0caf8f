"""What cannot be analysed, or not to its end."""

import io
from pathlib import Path

import pytest

from schemas.clips import ClipRecorded
from services.chassis.media.limits import MediaLimits
from services.chassis.streaming.records import Outgoing
from services.ingest.upload import DEADLY, UNFORESEEN
from tests.unit.ingest import videos
from tests.unit.ingest.bench import BIG, FAST, KEY, Bench
from tests.unit.ingest.test_file import noise


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
