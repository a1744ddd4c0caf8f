"""Network cameras that show a clock: H.264 in MPEG-TS over HTTP, to measure how late they are seen.

Each picture carries its number as bright and dark blocks along its lower edge, and it is noted when
a picture was sent: whoever finds a number in a clip knows how old the clip is.
"""

import io
import threading
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import av
import numpy as np
from numpy.typing import NDArray

from services.ingest.sources.sim.render import render
from services.ingest.sources.sim.spec import SimSpec

BITS = 12
MARKS = (1, 0)
"""Two blocks of known colour before the number, to tell a clock from any other picture."""
BLOCKS = len(MARKS) + BITS
TICKS = 90_000
GRAIN = 3
"""A sensor's noise in levels: pixels differ although nothing moves."""
OPTIONS = {"preset": "veryfast", "tune": "zerolatency", "crf": "24", "g": "25", "bf": "0"}

Picture = NDArray[np.uint8]


class Broadcast:
    """The pictures of a scene, over and over, sent to whoever asks for `url`, each at its time.

    The scene has fewer than 2 ** BITS frames. Several may watch; each has a clock of its own. It is
    drawn and encoded once, so that a camera costs what sending costs.
    """

    def __init__(self, spec: SimSpec, is_still: bool = False) -> None:
        """`is_still`: nothing moves, and no clock is shown."""
        self._spec = spec
        self._content = encoded(spec, stood_still(spec) if is_still else clocked(spec))
        self._sent: dict[str, list[list[float]]] = {}
        self._stopped = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, name: str) -> str:
        """The address of a camera; names are the caller's."""
        return f"http://127.0.0.1:{self._server.server_port}/{name}.ts"

    def sent_at(self, name: str, number: int, before: float) -> float | None:
        """When the picture was last sent before a moment; both in seconds since 1970."""
        if name not in self._sent:
            return None
        moments = self._sent[name][number]
        place = bisect_right(moments, before)
        return moments[place - 1] if place else None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        broadcast = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "video/mp2t")
                self.end_headers()
                try:
                    broadcast._send(self.path.strip("/").removesuffix(".ts"), self.wfile)
                except (ConnectionError, av.FFmpegError):
                    return  # the watcher went away

            def log_message(self, format: str, *args: object) -> None: ...

        return Handler

    def _send(self, name: str, out: io.BufferedIOBase) -> None:
        """Every picture at its time, until the watcher goes or the broadcast ends."""
        sent = self._sent.setdefault(name, [[] for _ in range(self._spec.frame_count)])
        rate, started = self._spec.frame_rate, time.monotonic()
        options = {"flush_packets": "1", "pat_period": "0.5"}
        with av.open(_Stream(out), "w", format="mpegts", options=options) as container:
            stream: av.VideoStream | None = None
            for number, (template, packet) in enumerate(self._packets()):
                if stream is None:
                    stream = container.add_stream_from_template(template)
                if self._stopped.wait(max(0.0, started + number / rate - time.monotonic())):
                    return
                packet.stream = stream
                packet.time_base = Fraction(1, TICKS)
                packet.pts = packet.dts = number * TICKS // rate
                sent[number % self._spec.frame_count].append(time.time())
                container.mux(packet)

    def _packets(self) -> Iterator[tuple[av.VideoStream, "av.Packet[av.VideoStream]"]]:
        while True:
            with av.open(io.BytesIO(self._content), "r", format="mpegts") as container:
                (stream,) = container.streams.video
                for packet in container.demux(stream):
                    if packet.size:
                        yield stream, packet


class _Stream:
    """What FFmpeg writes to; it cannot be sought."""

    def __init__(self, out: io.BufferedIOBase) -> None:
        self._out = out

    def write(self, content: bytes) -> int:
        self._out.write(content)
        self._out.flush()
        return len(content)


def clocked(spec: SimSpec) -> Iterator[Picture]:
    """The pictures of the scene, each with its number."""
    return (numbered(picture, number) for number, picture in enumerate(render(spec)))


def stood_still(spec: SimSpec) -> Iterator[Picture]:
    """As many pictures of the first moment, as a sensor gives them."""
    first_HWC = next(iter(render(spec))).astype(np.int16)
    grain = np.random.default_rng(spec.seed)
    for _ in range(spec.frame_count):
        noise_HWC = grain.integers(-GRAIN, GRAIN + 1, first_HWC.shape, np.int16)
        yield np.clip(first_HWC + noise_HWC, 0, 255).astype(np.uint8)


def encoded(spec: SimSpec, pictures: Iterable[Picture]) -> bytes:
    """Pictures as H.264 in MPEG-TS, without B-frames."""
    out = io.BytesIO()
    with av.open(out, "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=spec.frame_rate, options=OPTIONS)
        stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, "yuv420p"
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, spec.frame_rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


def numbered(picture_HWC: Picture, number: int) -> Picture:
    """The picture with its number along its lower edge, the highest bit first."""
    bits = (*MARKS, *((number >> place) & 1 for place in reversed(range(BITS))))
    shown_HWC = picture_HWC.copy()
    height, width = picture_HWC.shape[:2]
    side = width // BLOCKS
    for place, bit in enumerate(bits):
        shown_HWC[height - height // 12 :, place * side : (place + 1) * side] = 235 * bit + 10
    return shown_HWC


def number_of(picture_HWC: Picture) -> int | None:
    """The number that a picture shows, at whatever size; None where it shows none."""
    height, width = picture_HWC.shape[:2]
    row = height - height // 24
    side = width // BLOCKS
    levels = [
        float(
            picture_HWC[
                row - 1 : row + 2, place * side + side // 3 : (place + 1) * side - side // 3
            ].mean()
        )
        for place in range(BLOCKS)
    ]
    bits = tuple(int(level > 128) for level in levels)
    if bits[: len(MARKS)] != MARKS:
        return None
    return int("".join(map(str, bits[len(MARKS) :])), 2)
