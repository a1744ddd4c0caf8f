"""Playback of recorded moments: collected from the workers, put together once, with ranges."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.recordings import FootageRequested, SegmentRecorded
from services.api.playback import Playback, StretchAsked
from services.chassis.streaming.publisher import MemoryPublisher
from services.chassis.streaming.records import Outgoing
from services.ingest.recording.folder import RecordedSegment, RecordingFolder
from services.ingest.recording.recorder import Recorder
from tests.footage import encoded, play, shown_at
from tests.unit.api.builders import CAMERA, START, at, configured, segment
from tests.unit.api.conftest import NOW, Api

MEDIA = f"/api/v1/sources/{CAMERA}/media"


class Workers(MemoryPublisher):
    """Whoever is asked over this puts objects into the store, at once."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Callable[[FootageRequested], None] = lambda _: None

    def publish(self, *outgoing: Outgoing) -> None:
        super().publish(*outgoing)
        for one in outgoing:
            if isinstance(one.message, FootageRequested):
                self.answer(one.message)


@dataclass
class Shop:
    """The API, and a camera with a worker that answers."""

    api: Api
    folder: RecordingFolder
    workers: Workers

    def record(self, camera: Path, at_s: float = 0.0) -> None:
        before = {one.path for one in self.folder.unpublished(CAMERA)}
        play(Recorder(self.folder, CAMERA), camera, at(at_s))
        for one in self.folder.unpublished(CAMERA):
            if one.path not in before:
                self.api.project(announced(one))

    def upload(self, wish: FootageRequested) -> None:
        for one in self.folder.unpublished(CAMERA):
            if one.overlaps(wish.since_at, wish.until_at):
                self.api.store.put_file(one.object_key, one.path, "video/mp4")

    def get(self, since: float, until: float, **headers: str) -> Any:
        moments = {"from": at(since).isoformat(), "to": at(until).isoformat()}
        return self.api.client.get(MEDIA, params=moments, headers=headers)

    def wishes(self) -> list[FootageRequested]:
        sent = [item.message for item in self.workers.published]
        return [message for message in sent if isinstance(message, FootageRequested)]


def announced(one: RecordedSegment) -> SegmentRecorded:
    seconds = (one.started_at - START).total_seconds()
    return segment(seconds, ended_at=one.ended_at, size_bytes=one.size_bytes)


@pytest.fixture
def shop(make_api: Callable[..., Api], tmp_path: Path) -> Shop:
    workers = Workers()
    api = make_api(publisher=workers, api_playback_wait_s=0.6)
    api.project(configured())
    shop = Shop(api, RecordingFolder(tmp_path / "recordings"), workers)
    workers.answer = shop.upload
    return shop


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoded(tmp_path_factory.mktemp("camera") / "camera.ts", range(35))


def made(shop: Shop, since: float, until: float) -> Any:
    """The answer once there is one."""
    for _ in range(100):
        answer = shop.get(since, until)
        if answer.status_code != 202:
            return answer
    pytest.fail("the file is never made")


def test_any_second_can_be_seen(shop: Shop, camera: Path, tmp_path: Path) -> None:
    shop.record(camera)
    answer = made(shop, 7.5, 31)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["x-started-at"] == at(7.5).isoformat()
    assert answer.headers["accept-ranges"] == "bytes"
    path = tmp_path / "playback.mp4"
    path.write_bytes(answer.content)
    assert [shown_at(path, second) for second in range(22)] == list(range(7, 29))


def test_a_player_gets_the_part_that_it_asks_for(shop: Shop, camera: Path) -> None:
    shop.record(camera)
    whole = made(shop, 0, 30).content
    part = shop.get(0, 30, Range="bytes=100-199")
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"


def test_a_file_is_made_once(shop: Shop, camera: Path, tmp_path: Path) -> None:
    shop.record(camera)
    made(shop, 0, 30)
    (path,) = (tmp_path / "playback").glob("*.mp4")
    before = path.stat().st_ino
    assert made(shop, 0, 30).status_code == 200
    assert [found.stat().st_ino for found in (tmp_path / "playback").glob("*.mp4")] == [before]


def test_what_lies_on_workers_is_asked_for(shop: Shop, camera: Path) -> None:
    shop.record(camera)
    made(shop, 12, 18)
    assert [(wish.since_at, wish.until_at) for wish in shop.wishes()] == [(at(12), at(18))]
    made(shop, 12, 18)
    assert len(shop.wishes()) == 1


def test_a_worker_that_is_slow_is_waited_for(shop: Shop, camera: Path) -> None:
    shop.record(camera)
    shop.workers.answer = lambda _: None
    answer = shop.get(0, 10)
    assert (answer.status_code, answer.headers["retry-after"]) == (202, "2")
    assert "1 segments are on their way" in answer.json()["detail"]
    shop.workers.answer = shop.upload
    assert made(shop, 0, 10).status_code == 200


def test_a_worker_that_is_gone_is_said(shop: Shop, camera: Path) -> None:
    shop.record(camera)
    shop.workers.answer = lambda _: None
    answer = made(shop, 0, 10)
    assert answer.status_code == 503
    assert "does not answer" in answer.json()["detail"]


def test_what_another_worker_has_is_shown_without_the_rest(shop: Shop, camera: Path) -> None:
    shop.record(camera)
    half = shop.folder.unpublished(CAMERA)[0]
    shop.workers.answer = lambda _: None
    shop.api.store.put_file(half.object_key, half.path, "video/mp4")
    assert made(shop, 0, 20).status_code == 200


@pytest.mark.parametrize("seconds", [(3600, 3610), (-500, -400)])
def test_what_was_not_recorded_is_said(
    shop: Shop, camera: Path, seconds: tuple[float, float]
) -> None:
    shop.record(camera)
    answer = shop.get(*seconds)
    assert answer.status_code == 404
    assert answer.json()["detail"] == "Nothing was recorded at that time."


def test_what_left_the_disk_is_gone(shop: Shop, camera: Path) -> None:
    shop.record(camera)
    for one in shop.folder.unpublished(CAMERA):
        gone = announced(one).model_copy(
            update={"is_gone": True, "recorded_at": NOW, "size_bytes": 0}
        )
        shop.api.project(gone)
    assert shop.get(0, 10).status_code == 404


@pytest.mark.parametrize(("since", "until"), [(10, 10), (10, 5), (0, 3601)])
def test_a_stretch_is_bounded(shop: Shop, since: float, until: float) -> None:
    assert shop.get(since, until).status_code == 422


def test_both_ends_must_be_said(shop: Shop) -> None:
    assert shop.api.client.get(MEDIA).status_code == 422


def test_a_source_nobody_knows_is_not_found(shop: Shop) -> None:
    other = MEDIA.replace(str(CAMERA), "0f8fad5b-d9cb-469f-a165-70867728950e")
    assert shop.api.client.get(other).status_code == 404


def test_an_upload_is_its_video(api: Api) -> None:
    api.project(configured(source_kind="upload", address=None))
    answer = api.client.get(MEDIA, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (
        307,
        f"/api/v1/videos/{CAMERA}/media",
    )


def test_the_cache_lets_go_of_what_nobody_asked_for_the_longest(
    shop: Shop, camera: Path, tmp_path: Path
) -> None:
    shop.record(camera)
    folder = tmp_path / "playback"
    playback = Playback(shop.api.store, folder, most_bytes=50_000)
    shop.get(0, 35)
    for since in range(8):
        asked = StretchAsked(CAMERA, at(since), at(since + 10))
        path = playback.file(asked, playback.stored(asked)).result().path
        long_ago = path.stat().st_mtime - 3600 + since
        os.utime(path, (long_ago, long_ago))
    playback.close()
    assert path.exists()
    assert sum(found.stat().st_size for found in folder.glob("*.mp4")) <= 50_000


def test_recorded_stretches_are_listed(shop: Shop, camera: Path) -> None:
    shop.record(camera)
    shop.record(camera, 100)
    answer = shop.api.client.get(
        f"/api/v1/sources/{CAMERA}/recordings",
        params={"since": at(-60).isoformat(), "until": at(600).isoformat()},
    )
    items = answer.json()["items"]
    assert [(item["since"], item["until"]) for item in items] == [
        (at(0).isoformat().replace("+00:00", "Z"), at(35).isoformat().replace("+00:00", "Z")),
        (at(100).isoformat().replace("+00:00", "Z"), at(135).isoformat().replace("+00:00", "Z")),
    ]
    assert not items[0]["is_stored"]


def test_a_list_is_bounded(shop: Shop) -> None:
    answer = shop.api.client.get(
        f"/api/v1/sources/{CAMERA}/recordings",
        params={"since": (NOW - timedelta(days=8)).isoformat()},
    )
    assert answer.status_code == 422


def test_a_disk_that_takes_nothing_is_said(shop: Shop, camera: Path, tmp_path: Path) -> None:
    shop.record(camera)
    (tmp_path / "playback").write_text("no folder")
    answer = made(shop, 0, 10)
    assert answer.status_code == 503
    assert "The file cannot be made: " in answer.json()["detail"]


def test_recordings_that_cannot_be_read_are_said(shop: Shop, camera: Path) -> None:
    shop.record(camera)
    for one in shop.folder.unpublished(CAMERA):
        shop.api.put(one.object_key, b"no video at all" * 100)
    answer = made(shop, 0, 10)
    assert answer.status_code == 404
    assert "there is no picture of that time" in answer.json()["detail"]
