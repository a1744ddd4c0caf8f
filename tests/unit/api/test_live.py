"""The live view: paced, skipping, sharing, and only while somebody watches."""

import asyncio
import json
import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from starlette.testclient import WebSocketDenialResponse, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.codec import encode
from schemas.poses import Person, PoseFrame, PosesExtracted
from services.api.live import feed
from services.api.live.hub import Hub
from services.api.live.playback import CLIPS_KEPT, Playback
from services.api.live.shown import NotShown, ShownClip
from services.api.live.streams import Wall
from services.chassis.clock import ManualClock
from services.chassis.media.blobs import packed
from services.chassis.media.jpeg import Jpeg, of_rgb, to_rgb
from tests.builders import clip, clip_ref, of_source
from tests.unit.api.builders import CAMERA, health, scored
from tests.unit.api.conftest import Api
from tests.unit.api.test_cameras import add
from tests.waiting import wait_until

FRAMES = tuple(bytes([0xFF, 0xD8, number]) for number in range(16))
HOP_S = 16 / 15
TOKEN = "a-long-token-nobody-guesses"
HOST = "127.0.0.1:8080"


def whole(index: int, source_id: UUID = CAMERA, **fields: Any) -> ClipRecorded:
    return clip(index, source_id, frames=FRAMES, frame_count=16, source_kind="camera", **fields)


def squeezed(index: int, source_id: UUID = CAMERA, **fields: Any) -> ClipRecorded:
    """The same as H.264, brighter from frame to frame."""
    levels = range(20, 20 + 12 * 16, 12)
    jpegs = [of_rgb(np.full((24, 32, 3), level, np.uint8)).content for level in levels]
    blob = {"frames": (packed(jpegs),), "encoding": "h264", "source_kind": "camera"}
    return clip(index, source_id, frame_count=16, **(blob | fields))


def put(api: Api, *messages: Message) -> None:
    names = {kind: topic.name for topic in feed.TOPICS for kind in topic.messages}
    for message in messages:
        api.broker.append(names[type(message)], message.key.encode(), encode(message))


def connected(
    api: Api, path: str, headers: Mapping[str, str] = MappingProxyType({})
) -> WebSocketTestSession:
    """The test client would name a host of its own."""
    return api.client.websocket_connect(path, headers={"Host": HOST, **headers})


def received(socket: WebSocketTestSession) -> tuple[dict[str, Any], bytes]:
    """The next header and its JPEG; empty for a header alone."""
    message = socket.receive()
    if message.get("text"):
        return json.loads(message["text"]), b""
    content = message["bytes"]
    (length,) = struct.unpack(">I", content[:4])
    return json.loads(content[4 : 4 + length]), content[4 + length :]


def picture(socket: WebSocketTestSession) -> tuple[dict[str, Any], bytes]:
    for _ in range(30):
        header, jpeg = received(socket)
        if jpeg:
            return header, jpeg
    raise AssertionError("no picture came")


def shown(playback: Playback, until_s: float, step_s: float = 1 / 30) -> list[tuple[int, int]]:
    """Clip and number of each picture that a steady viewer sees by then."""
    steps = range(round(until_s / step_s) + 1)
    found = [playback.due(step * step_s) for step in steps]
    return [(each.clip.index, each.number) for each in found if each]


def test_a_clip_is_shown_at_the_pace_at_which_it_was_filmed() -> None:
    playback = Playback()
    playback.add(ShownClip(whole(0)), 0.0)
    assert shown(playback, 0.5) == [(0, number) for number in range(8)]
    assert playback.next_s() == pytest.approx(8 / 15)


def test_a_slow_viewer_skips_and_nothing_waits_for_it() -> None:
    playback = Playback()
    for index in range(50):
        playback.add(ShownClip(whole(index)), index * HOP_S)
    assert len(playback._waiting) <= CLIPS_KEPT * 16
    latest = playback.due(50 * HOP_S)
    assert latest is not None
    assert (latest.clip.index, latest.number) == (49, 15)


def test_clips_that_come_unevenly_lose_no_picture() -> None:
    playback, seen = Playback(), []
    arrivals = [index * HOP_S + (0.2 if index % 2 else 0.0) for index in range(8)]
    for step in range(round(10 / 0.01)):
        while arrivals and arrivals[0] <= step * 0.01:
            playback.add(ShownClip(whole(8 - len(arrivals))), arrivals.pop(0))
        if found := playback.due(step * 0.01):
            seen.append((found.clip.index, found.number))
    assert seen == [(index, number) for index in range(8) for number in range(16)]


def test_another_grid_takes_the_place_of_all_that_waits() -> None:
    playback = Playback()
    playback.add(ShownClip(whole(1000)), 0.0)
    later = whole(0, origin_at=whole(0).moment(2000))
    playback.add(ShownClip(later), 0.1)
    found = playback.due(0.1)
    assert found is not None
    assert found.clip == later


def test_pictures_come_with_score_people_and_what_is_wrong(api: Api) -> None:
    source = UUID(add(api)["source_id"])
    person = Person(confidence=0.9, box=(0.1, 0.2, 0.3, 0.9), keypoints=((0.5, 0.5, 1.0),) * 17)
    poses = PosesExtracted(
        **of_source(source),
        poses_id=uuid4(),
        clip=clip_ref(0),
        backbone="yolov8_pose",
        width=320,
        height=240,
        frames=(PoseFrame(at_s=0.0, people=(person,)),),
    )
    api.project(health("dark", source_id=source, detail="Too dark."))
    with connected(api, f"/api/v1/sources/{source}/live") as socket:
        header, _ = received(socket)
        assert [one["condition"] for one in header["conditions"]] == ["dark"]
        wait_until(lambda: is_fed(api))
        put(api, scored(0, 0.7, source_id=source), poses)
        header = until(socket, lambda header: header["score"] is not None)
        put(api, whole(0, source))
        header, jpeg = picture(socket)
        assert (jpeg[:2], header["width"], header["height"]) == (b"\xff\xd8", 32, 24)
        assert header["score"]["heads"][0]["high_mark"] == 0.6
        assert header["people"][0]["box"] == [0.1, 0.2, 0.3, 0.9]
        assert header["age_s"] > 0
        put(api, health("dark", at_s=30, is_over=True, source_id=source))
        until(socket, lambda header: header["conditions"] == [])


def test_a_clip_of_h264_is_decoded_once_whoever_watches() -> None:
    shown_clip = ShownClip(squeezed(0))
    assert shown_clip.takes_long
    assert shown_clip.glimpse() == 0
    pictures = [shown_clip.jpeg(number) for number in range(16)]
    brightness = [int(to_rgb(Jpeg(each, 32, 24)).mean()) for each in pictures]
    assert brightness == sorted(set(brightness))
    assert shown_clip.jpeg(7) is pictures[7]
    assert shown_clip.glimpse() == 15


def test_what_cannot_be_decoded_is_not_shown_and_not_tried_again() -> None:
    whole_blob = squeezed(0).frames[0]
    for blob in (b"no video", whole_blob[: len(whole_blob) // 2], b""):
        broken = ShownClip(squeezed(0, frames=(blob,)))
        for _ in range(2):
            with pytest.raises(NotShown):
                broken.jpeg(15)


def test_cameras_that_send_h264_are_shown_alone_and_on_the_wall(api: Api) -> None:
    source = UUID(add(api)["source_id"])
    for path in (f"/api/v1/sources/{source}/live", "/api/v1/live"):
        with connected(api, path) as socket:
            received(socket)
            wait_until(lambda: is_fed(api))
            put(api, squeezed(0, source, frames=(b"broken",)))
            assert not received(socket)[1]
            put(api, squeezed(1, source))
            header, jpeg = picture(socket)
            assert (header["width"], header["height"]) == (32, 24)
            assert to_rgb(Jpeg(jpeg, 32, 24)).shape == (24, 32, 3)


def is_fed(api: Api) -> bool:
    return len(api.tools.live._feed.reading) == len(feed.TOPICS)


def until(socket: WebSocketTestSession, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    for _ in range(30):
        header, _ = received(socket)
        if found(header):
            return header
    raise AssertionError("it was never said")


def test_a_wall_shows_all_cameras_that_are_not_paused(api: Api) -> None:
    first, second = (UUID(add(api, name=name)["source_id"]) for name in ("a", "b"))
    add(api, name="c", is_paused=True)
    with connected(api, "/api/v1/live") as socket:
        assert {received(socket)[0]["source_id"] for _ in range(2)} == {str(first), str(second)}
        wait_until(lambda: is_fed(api))
        put(api, whole(0, first), whole(0, second))
        seen = {picture(socket)[0]["source_id"] for _ in range(2)}
        assert seen == {str(first), str(second)}


def test_a_wall_of_fifty_keeps_one_clip_of_each_and_sends_each_once_a_second() -> None:
    hub, clock = Hub(), ManualClock()
    names = [UUID(int=number) for number in range(50)]

    async def watch() -> int:
        with hub.watching({str(name): () for name in names}) as viewer:
            wall = Wall(viewer, clock)
            for index in range(3):
                hub.take([whole(index, name) for name in names], clock.monotonic())
            sent = 0
            while wall.due():
                sent += 1
            assert 0 < wall.wait_s() <= 2.0
        return sent

    assert asyncio.run(watch()) == 50


def test_nothing_is_kept_once_the_last_viewer_left(api: Api) -> None:
    source = add(api)["source_id"]
    with (
        connected(api, f"/api/v1/sources/{source}/live") as one,
        connected(api, f"/api/v1/sources/{source}/live") as other,
    ):
        received(one)
        received(other)
        assert api.tools.live._hub.viewers == 2
    wait_until(lambda: api.tools.live._hub.viewers == 0)
    assert not api.tools.live._hub.is_watched(source)


@pytest.mark.parametrize("path", ["/api/v1/live", f"/api/v1/sources/{CAMERA}/live"])
def test_live_pictures_are_for_those_who_may_see_them(
    make_api: Callable[..., Api], path: str
) -> None:
    api = make_api(api_token=TOKEN)
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        with (
            pytest.raises(WebSocketDenialResponse) as refused,
            connected(api, path, headers),
        ):
            pass
        assert refused.value.status_code == 401
    foreign = {
        "Authorization": "Bearer a-long-token-nobody-guesses",
        "Origin": "https://evil.example",
    }
    with (
        pytest.raises(WebSocketDisconnect),
        connected(api, path, foreign),
    ):
        pass


def test_a_source_that_there_is_not_is_refused(api: Api) -> None:
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        connected(api, f"/api/v1/sources/{uuid4()}/live"),
    ):
        pass
    assert refused.value.status_code == 404
