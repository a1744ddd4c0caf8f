"""The copy that browsers play, where the original is none."""

from pathlib import Path

import pytest

from schemas.videos import VideoProgressed
from services.chassis.streaming.handler import Cancelled
from services.chassis.streaming.records import Outgoing
from tests.builders import SOURCE
from tests.unit.ingest import videos
from tests.unit.ingest.bench import Bench


def test_a_copy_is_made_once_the_clips_are_out(bench: Bench, tmp_path: Path) -> None:
    path = videos.make(tmp_path / "a.mkv", videos.every(15, 20), codec="libx265")
    result = bench.handle(bench.submit(path))
    key = f"videos/{SOURCE}/playable.mp4"
    assert result.states[-2:] == ["decoded", "decoded"]
    assert [one.playable_key for one in result.progress[-2:]] == [None, key]
    assert bench.store.stat(key).content_type == "video/mp4"
    assert not list((tmp_path / "work").rglob("*.mp4"))


def test_a_copy_in_the_making_is_cancelled(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mkv", videos.every(15, 20)))

    def cancel(outgoing: Outgoing) -> None:
        message = outgoing.message
        if isinstance(message, VideoProgressed) and message.state == "decoded":
            bench.cancelled.set()

    with pytest.raises(Cancelled):
        bench.handle(video, cancel)
    assert not list((tmp_path / "work").rglob("*.mp4"))


def test_a_short_absence_does_not_cost_the_copy(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(videos.make(tmp_path / "a.mkv", videos.every(15, 20)))

    def away(outgoing: Outgoing) -> None:
        message = outgoing.message
        if isinstance(message, VideoProgressed) and message.state == "decoded":
            bench.store.refusals = 0 if message.playable_key else 3

    assert bench.handle(video, away).progress[-1].playable_key


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
