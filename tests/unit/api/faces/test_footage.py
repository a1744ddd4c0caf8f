"""What is watched by those who get no picture but with hidden faces: live, playback, uploads."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest

from schemas.clips import ClipRecorded
from schemas.codec import encode
from schemas.ids import segment_key
from schemas.keeping import KeepingConfigured
from schemas.poses import Person, PoseFrame, PosesExtracted
from schemas.topics import KEEPING, POSES
from services.api.principal import Principal
from services.chassis.media.blobs import packed
from services.chassis.media.jpeg import Jpeg, of_rgb, to_rgb
from tests.builders import ORIGIN, clip
from tests.unit.api.builders import CAMERA, START, at, clip_ref, configured, segment
from tests.unit.api.conftest import Api
from tests.unit.api.faces.test_handing import asks_as, is_hidden, noise, pictures, set_rule, video
from tests.unit.api.test_cameras import add
from tests.unit.api.test_live import connected, is_fed, picture, put
from tests.waiting import wait_until

SOMEBODY = Person(confidence=0.9, box=(0.27, 0.3, 0.48, 0.45), keypoints=((0.37, 0.37, 0.05),) * 17)
"""Who lies there: all of the box is taken for a head."""


def seen(source_id: UUID, origin_at: datetime, index: int = 0, **fields: Any) -> PosesExtracted:
    """A second of them."""
    frames = tuple(
        PoseFrame(at_s=clip_ref(index).start_s + n / 5, people=(SOMEBODY,)) for n in range(5)
    )
    return PosesExtracted(
        poses_id=uuid4(),
        source_id=source_id,
        origin_at=origin_at,
        cut_at=origin_at,
        clip=clip_ref(index),
        backbone="yolov8_pose",
        width=320,
        height=192,
        frames=frames,
        **fields,
    )


def tell(api: Api, *messages: PosesExtracted) -> None:
    for message in messages:
        api.broker.append(POSES.name, message.key.encode(), encode(message))


def rgb(jpeg: bytes) -> np.ndarray:
    return to_rgb(Jpeg(jpeg, 0, 0))


def is_all_hidden(shown: np.ndarray) -> bool:
    return bool(shown[4:-4, 4:-4].astype(float).std() < 20)


@pytest.fixture
def upload(api: Api, tmp_path: Path) -> UUID:
    """Of two seconds, seen by everybody with hidden faces only."""
    set_rule(api, "everybody")
    return UUID(api.upload(video(tmp_path / "a.mp4")).json()["video_id"])


def submitted(api: Api, video_id: UUID) -> datetime:
    view = api.client.get(f"/api/v1/videos/{video_id}").json()
    return datetime.fromisoformat(view["submitted_at"])


def test_an_upload_is_played_and_shown_with_hidden_faces(api: Api, upload: UUID) -> None:
    origin_at = submitted(api, upload)
    tell(api, seen(upload, origin_at), seen(upload, origin_at, 1))
    answer = api.client.get(f"/api/v1/videos/{upload}/media?piece=0")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    assert all(map(is_hidden, pictures(answer.content)))
    frame = api.client.get(f"/api/v1/videos/{upload}/frame", params={"t": 1, "width": 320})
    assert is_hidden(rgb(frame.content))
    assert frame.headers["cache-control"] == "private, no-cache"


def test_of_an_upload_at_which_nobody_looked_all_is_hidden(api: Api, upload: UUID) -> None:
    answer = api.client.get(f"/api/v1/videos/{upload}/media?piece=0")
    assert all(map(is_all_hidden, pictures(answer.content)))
    frame = api.client.get(f"/api/v1/videos/{upload}/frame", params={"t": 1, "width": 320})
    assert is_all_hidden(rgb(frame.content))


def test_by_whom_an_upload_is_seen_as_it_is(api: Api, upload: UUID) -> None:
    set_rule(api, "viewers")
    path = f"/api/v1/videos/{upload}/frame?t=1&width=320"
    assert not is_hidden(rgb(api.client.get(path).content))
    asks_as(api, "viewer")
    assert is_all_hidden(rgb(api.client.get(path).content))


@pytest.fixture
def camera(api: Api, tmp_path: Path) -> Api:
    """With two seconds of a recording."""
    api.project(configured(tenant_id=Principal().home), segment(0, ended_at=at(2)))
    api.put(segment_key(CAMERA, START), video(tmp_path / "a.mp4"))
    return api


def played(api: Api) -> list[np.ndarray]:
    stretch = {"from": at(0).isoformat(), "to": at(2).isoformat()}
    answer = api.client.get(f"/api/v1/sources/{CAMERA}/media", params=stretch)
    assert (answer.status_code, answer.headers["x-started-at"]) == (200, START.isoformat())
    return pictures(answer.content)


def test_a_recording_is_played_with_hidden_faces(camera: Api) -> None:
    tell(camera, seen(CAMERA, START), seen(CAMERA, START, 1))
    assert not any(map(is_hidden, played(camera)))
    set_rule(camera, "everybody")
    assert all(map(is_hidden, played(camera)))


def test_of_a_recording_at_which_nobody_looked_all_is_hidden(camera: Api) -> None:
    set_rule(camera, "everybody")
    assert all(map(is_all_hidden, played(camera)))


def noisy(index: int, source_id: UUID, encoding: str) -> ClipRecorded:
    frames: tuple[bytes, ...] = (of_rgb(noise(index)).content,) * 16
    if encoding == "h264":
        frames = (packed(frames),)
    sizes = {"width": 320, "height": 192, "frame_count": 16, "encoding": encoding}
    return clip(index, source_id, frames=frames, source_kind="camera", **sizes)


@pytest.mark.parametrize("path", ["/api/v1/live", "/api/v1/sources/{}/live"])
@pytest.mark.parametrize("encoding", ["jpeg", "h264"])
def test_live_pictures_are_shown_once_somebody_looked(api: Api, path: str, encoding: str) -> None:
    set_rule(api, "everybody")
    source = UUID(add(api)["source_id"])
    with connected(api, path.format(source)) as socket:
        wait_until(lambda: is_fed(api))
        put(api, noisy(0, source, encoding))
        assert is_all_hidden(rgb(picture(socket)[1]))
        put(api, seen(source, ORIGIN, 0, source_kind="camera"))
        put(api, noisy(1, source, encoding), seen(source, ORIGIN, 1, source_kind="camera"))
        assert any(is_hidden(rgb(picture(socket)[1])) for _ in range(20))


def test_open_pages_come_again_when_the_rule_changes(api: Api) -> None:
    source = add(api)["source_id"]
    with connected(api, f"/api/v1/sources/{source}/live") as socket:
        socket.receive()
        set_rule(api, "everybody")
        for _ in range(100):
            if (message := socket.receive())["type"] == "websocket.close":
                break
    assert message["code"] == 1013


def test_those_who_send_mails_are_told(camera: Api) -> None:
    set_rule(camera, "viewers")
    told = camera.publisher.published[-1]
    assert (told.topic, isinstance(told.message, KeepingConfigured)) == (KEEPING, True)
    assert isinstance(told.message, KeepingConfigured)
    assert (told.message.source_id, told.message.hides_faces) == (CAMERA, True)
    set_rule(camera, "nobody")
    last = camera.publisher.published[-1]
    assert (last.topic, last.key, last.message) == (KEEPING, str(CAMERA), None)
