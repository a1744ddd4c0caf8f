"""A web server on loopback for tests: pages, links that expire, HLS and MP4 made by PyAV."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import av
import numpy as np

RATE = 10
Answer = tuple[int, dict[str, str], bytes | Iterator[bytes]]
"""Status, headers, and the body: whole, or piece by piece for as long as pieces come."""
Route = Callable[["Asked"], Answer]


@dataclass(frozen=True)
class Asked:
    """A request, as far as routes look at it."""

    path: str
    headers: dict[str, str]


@dataclass
class WebServer:
    """Answers by routes; whoever asks for what is no route gets 404. Keeps what was asked."""

    port: int = 0
    routes: dict[str, Route] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def serve(self, path: str, content: bytes | str, kind: str) -> None:
        body = content.encode() if isinstance(content, str) else content
        self.routes[path] = lambda asked: ranged(asked, body, kind)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        route = self.routes.get(asked.path.partition("?")[0])
        return route(asked) if route else (404, {}, b"")

    def times_asked(self, path: str) -> int:
        return sum(one.path.partition("?")[0] == path for one in self.asked)


def ranged(asked: Asked, body: bytes, kind: str) -> Answer:
    headers = {"Content-Type": kind, "Accept-Ranges": "bytes"}
    wanted = asked.headers.get("range", "")
    if not wanted.startswith("bytes="):
        return 200, headers, body
    start = int(wanted.removeprefix("bytes=").partition("-")[0])
    headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
    return 206, headers, body[start:]


@contextmanager
def web_server() -> Iterator[WebServer]:
    served = WebServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            code, more, body = served.answer(Asked(self.path, headers))
            self.send_response(code)
            if isinstance(body, bytes):
                more = {**more, "Content-Length": str(len(body))}
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for piece in [body] if isinstance(body, bytes) else body:
                    self.wfile.write(piece)
            except OSError:
                self.close_connection = True  # whoever asked has enough

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def motion_jpeg(stopped: threading.Event, pictures: Iterator[bytes], with_length: bool) -> Answer:
    """As cameras send it: parts without end, RATE a second, until it is stopped."""

    def parts() -> Iterator[bytes]:
        for picture in pictures:
            length = f"Content-Length: {len(picture)}\r\n" if with_length else ""
            yield f"--frame\r\nContent-Type: image/jpeg\r\n{length}\r\n".encode()
            yield picture + b"\r\n"
            if stopped.wait(1 / RATE):
                return

    return 200, {"Content-Type": "multipart/x-mixed-replace; boundary=frame"}, parts()


def encode(container: av.container.OutputContainer, seconds: float, first_level: int = 0) -> None:
    """Pictures of even brightness, a step brighter from one to the next; a key frame a second."""
    stream = container.add_stream("libx264", rate=RATE)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    stream.options = {"g": str(RATE), "sc_threshold": "0", "preset": "ultrafast", "bf": "0"}
    for number in range(round(seconds * RATE)):
        level = np.full((48, 64, 3), (first_level + number) % 200 + 20, np.uint8)
        for packet in stream.encode(av.VideoFrame.from_ndarray(level, format="rgb24")):
            container.mux(packet)
    for packet in stream.encode():
        container.mux(packet)


def mp4(seconds: float) -> bytes:
    """Its index stands at the end, as cameras write it."""
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        encode(container, seconds)
    return file.getvalue()


def segments(folder: Path, seconds: int, first_level: int = 0) -> list[bytes]:
    """HLS segments of one second."""
    folder.mkdir(exist_ok=True)
    with av.open(
        str(folder / "made.m3u8"),
        "w",
        format="hls",
        options={"hls_time": "1", "hls_list_size": "0"},
    ) as container:
        encode(container, seconds, first_level)
    found = sorted(folder.glob("made*.ts"), key=lambda path: int(path.stem.removeprefix("made")))
    return [path.read_bytes() for path in found]


@dataclass
class LiveHls:
    """A live stream on a server: a segment a second, the latest five in the playlist.

    `key` is what a link must carry in `?key=`; another is refused with 403, playlist and segments.
    """

    server: WebServer
    pieces: list[bytes]
    begun_s: float = field(default_factory=time.monotonic)
    key: str = ""
    stands_still_at: int | None = None
    discontinuity_every: int | None = None

    def __post_init__(self) -> None:
        self.server.routes["/live.m3u8"] = self._playlist
        for number in range(10_000):
            self.server.routes[f"/{number}.ts"] = self._segment

    @property
    def latest(self) -> int:
        passed = int(time.monotonic() - self.begun_s) + 5
        return passed if self.stands_still_at is None else min(passed, self.stands_still_at)

    def _is_allowed(self, asked: Asked) -> bool:
        return asked.path.partition("?key=")[2] == self.key

    def _playlist(self, asked: Asked) -> Answer:
        if not self._is_allowed(asked):
            return 403, {}, b""
        first = self.latest - 4
        every = self.discontinuity_every or 10**9
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:3",
            "#EXT-X-TARGETDURATION:1",
            f"#EXT-X-MEDIA-SEQUENCE:{first}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{first // every}",
        ]
        for number in range(first, self.latest + 1):
            lines += ["#EXT-X-DISCONTINUITY"] if number % every == 0 else []
            lines += ["#EXTINF:1.0,", f"/{number}.ts?key={self.key}"]
        return 200, {"Content-Type": "application/vnd.apple.mpegurl"}, "\n".join(lines).encode()

    def _segment(self, asked: Asked) -> Answer:
        if not self._is_allowed(asked):
            return 403, {}, b""
        number = int(asked.path.partition(".")[0][1:])
        return 200, {"Content-Type": "video/mp2t"}, self.pieces[number % len(self.pieces)]
