"""Addresses as people enter them: snapshots, pages that are gone, logins behind a redirect."""

import base64
import socket
from io import BytesIO
from threading import Thread

import av
import numpy as np
import pytest

from schemas.sources import CameraSettings
from services.chassis.addresses import AddressPolicy, Credentials, parse
from services.chassis.media.jpeg import of_rgb
from services.ingest.cameras.drawing import Drawing
from services.ingest.sources.connecting import Patience
from services.ingest.sources.fetching import Fetch
from services.ingest.sources.page import Link
from services.ingest.sources.port import SourceLost
from services.ingest.sources.stream import StreamSource
from services.ingest.sources.web import WebSource
from tests.web_server import Answer, Asked, WebServer, web_server

HERE = AddressPolicy()
PATIENCE = Patience(open_s=20.0, read_s=20.0, segmented_read_s=30.0)


def loss(url: str) -> str:
    """The sentence with which it is lost. No page is asked for a video."""
    asked: list[str] = []

    def resolve(url: str) -> Link:
        asked.append(url)
        raise SourceLost("asked")

    source = WebSource(
        *parse(url),
        HERE,
        lambda link, fetch: StreamSource(link, patience=PATIENCE, fetch=fetch),
        resolve,
    )
    try:
        source.open()
        for _ in source.frames():
            pass
    except SourceLost as lost:
        assert asked == []
        return str(lost)
    finally:
        source.close()
    raise AssertionError("an endless source never ends by itself")


def test_the_address_of_a_snapshot_is_told_from_that_of_a_video(server: WebServer) -> None:
    content = of_rgb(np.full((48, 64, 3), 90, np.uint8)).content
    for path in ("/snapshot.jpg", "/cgi-bin/snapshot"):
        server.serve(path, content, "image/jpeg")
        assert "single pictures" in loss(server.url(path))


@pytest.mark.parametrize(
    ("code", "word"), [(401, "password"), (404, "no stream"), (410, "expired")]
)
def test_a_refusal_that_comes_as_a_page_is_told_at_once(
    server: WebServer, code: int, word: str
) -> None:
    page = b"<html><body>Sorry.</body></html>"
    server.routes["/live"] = lambda _: (code, {"Content-Type": "text/html"}, page)
    assert word in loss(server.url("/live"))


def test_a_file_of_a_kind_that_is_not_read_is_told(server: WebServer) -> None:
    file = BytesIO()
    with av.open(file, "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        container.mux(stream.encode(av.VideoFrame(64, 48, "yuvj420p")))
    server.serve("/film.avi", file.getvalue(), "video/x-msvideo")
    assert "no video that can be read" in loss(server.url("/film.avi"))


@pytest.mark.parametrize(
    ("code", "words"),
    [(453, "too many"), (454, "no video"), (461, "transport"), (500, "error 500")],
)
def test_what_an_rtsp_server_answers_is_told(code: int, words: str) -> None:
    def answer(connection: socket.socket) -> None:
        with connection:
            while connection.recv(4096):
                connection.sendall(f"RTSP/1.0 {code} No\r\nCSeq: 1\r\n\r\n".encode())

    with socket.create_server(("127.0.0.1", 0)) as server:
        serving = Thread(target=lambda: answer(server.accept()[0]))
        serving.start()
        source = StreamSource(f"rtsp://127.0.0.1:{server.getsockname()[1]}/x", patience=PATIENCE)
        with pytest.raises(SourceLost, match=words):
            source.open()
        serving.join(30)


def locked(asked: Asked) -> Answer:
    if not asked.headers.get("authorization", "").startswith("Digest "):
        challenge = 'Digest realm="camera", nonce="abc", qop="auth", algorithm=MD5'
        return 401, {"WWW-Authenticate": challenge}, b""
    is_for_this = f'uri="{asked.path}"' in asked.headers["authorization"]
    return (200, {"Content-Type": "video/mp4"}, b"yes") if is_for_this else (401, {}, b"")


def test_a_login_behind_a_redirect_is_given_there(server: WebServer) -> None:
    server.routes["/"] = lambda _: (302, {"Location": "/live"}, b"")
    server.routes["/live"] = locked
    fetch = Fetch(HERE, Credentials("admin", "p@ss/:#한글"))
    body = fetch(server.url("/"), 1, {})
    assert body.read() == b"yes"
    body.close()
    fetch.close()


def test_another_server_is_never_given_the_password(server: WebServer) -> None:
    with web_server() as other:
        server.routes["/"] = lambda _: (302, {"Location": other.url("/live")}, b"")
        other.routes["/live"] = locked
        fetch = Fetch(HERE, Credentials("admin", "secret"))
        with pytest.raises(SourceLost, match="password"):
            fetch(server.url("/"), 1, {})
        fetch.close()
        given = [asked.headers.get("authorization", "") for asked in other.asked]
        assert given == [""] * len(given)
        assert base64.b64encode(b"admin:secret").decode() not in "".join(given)


def test_pictures_of_a_camera_on_its_side_stand_upright() -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:, :32] = 250  # bright on the left
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.set_display_rotation(90)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    with av.open(BytesIO(file.getvalue()), "r") as readable:
        frame = next(readable.decode(video=0))
    drawing = Drawing(frame, CameraSettings(), None)
    jpeg = drawing.draw(frame, 0.0).jpeg
    assert (jpeg.width, jpeg.height) == (48, 64)
    assert drawing.fits(frame)
    assert not drawing.fits(av.VideoFrame(64, 48, "yuv420p"))
