"""A browser's webcam as a camera: checked, bounded, one sender at a time."""

import threading
from uuid import UUID

import numpy as np
import pytest
from starlette.testclient import WebSocketDenialResponse, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from schemas.pushes import FramePushed
from schemas.topics import PUSHES
from services.api.pushing import MOST_BYTES
from services.chassis.media import jpeg
from tests.unit.api.conftest import Api
from tests.unit.api.test_cameras import add
from tests.unit.api.test_live import connected
from tests.waiting import wait_until

PICTURE = jpeg.of_rgb(np.zeros((256, 341, 3), np.uint8)).content


@pytest.fixture
def webcam(api: Api) -> str:
    """The path that takes the pictures of one."""
    return f"/api/v1/cameras/{add(api, address='push://')['source_id']}/push"


def pushed(api: Api) -> list[FramePushed]:
    return [one for one in api.publisher.messages(PUSHES) if isinstance(one, FramePushed)]


def test_pictures_are_handed_on_as_they_came(api: Api, webcam: str) -> None:
    with connected(api, webcam) as socket:
        socket.send_bytes(PICTURE)
        wait_until(lambda: len(pushed(api)) == 1)
    (frame,) = pushed(api)
    assert (frame.jpeg, frame.source_id) == (PICTURE, UUID(webcam.split("/")[4]))


def test_pictures_that_come_too_fast_are_skipped(api: Api, webcam: str) -> None:
    with connected(api, webcam) as socket:
        for _ in range(300):
            socket.send_bytes(PICTURE)
        wait_until(lambda: len(pushed(api)) >= 1)
    assert len(pushed(api)) < 300


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"no picture", 1003), (PICTURE[:200], 1003), (b"x" * (MOST_BYTES + 1), 1009)],
)
def test_what_is_no_picture_is_not_handed_on(
    api: Api, webcam: str, content: bytes, code: int
) -> None:
    with connected(api, webcam) as socket:
        closed = closing(socket, content)
    assert closed.code == code
    assert pushed(api) == []


def closing(socket: WebSocketTestSession, content: bytes) -> WebSocketDisconnect:
    """What the server closes with, once it had enough of it."""
    ended = threading.Event()

    def send() -> None:
        while not ended.wait(0.06):
            socket.send_bytes(content)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
    finally:
        ended.set()
        sender.join()
    return closed.value


def test_one_page_sends_at_a_time(api: Api, webcam: str) -> None:
    with connected(api, webcam) as first:
        first.send_bytes(PICTURE)
        wait_until(lambda: pushed(api))
        with connected(api, webcam) as second, pytest.raises(WebSocketDisconnect) as refused:
            second.receive_json()
        assert refused.value.code == 4409
    with connected(api, webcam) as third:
        third.send_bytes(PICTURE)
        wait_until(lambda: len(pushed(api)) == 2)


def test_a_camera_of_another_kind_takes_none(api: Api) -> None:
    path = f"/api/v1/cameras/{add(api)['source_id']}/push"
    with pytest.raises(WebSocketDenialResponse) as refused, connected(api, path):
        pass
    assert refused.value.status_code == 409
