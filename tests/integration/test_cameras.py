"""Cameras as they fail in stores: real RTSP servers, a process a camera, real Kafka."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import trustme

from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.health import SourceHealth
from schemas.sources import CameraSettings, SourceConfigured
from schemas.topics import CLIPS_LIVE, HEALTH
from services.chassis.addresses import Credentials, parse
from services.chassis.sealing import Sealing
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.tail import Tail
from services.ingest.cameras.wire import GONE, camera_line
from services.ingest.sources.connecting import Patience
from services.ingest.sources.port import SourceLost
from services.ingest.sources.probe import probe
from services.ingest.sources.stream import StreamSource
from tests.cameras import RtspServer, film, missing
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
]
WAIT_S = 120.0
PASSWORD = "p@ss#:!/[,^ word"
SECRET = "a key for tests, long enough"
QUICK = Patience(open_s=5.0, read_s=1.0, segmented_read_s=1.0)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    (folder / "sizes").mkdir()
    film(folder / "front.h264")
    film(folder / "front.h265")
    film(folder / "sizes" / "0.h264", frames=25)
    film(folder / "sizes" / "1.h264", size=(640, 480), frames=25)
    return folder


class Watched:
    """The process of one camera, and what it puts on Kafka."""

    def __init__(self, process: "subprocess.Popen[bytes]", kafka: KafkaSettings, id: UUID) -> None:
        self.process, self.source_id = process, id
        self._clips, self._health = Tail(kafka, CLIPS_LIVE), Tail(kafka, HEALTH)

    def clip(self) -> ClipRecorded:
        """One that is cut from now on."""
        now = datetime.now(UTC)

        def is_new(message: Message) -> bool:
            return isinstance(message, ClipRecorded) and message.cut_at > now

        found = self._clips.until(is_new, WAIT_S)[-1]
        assert isinstance(found, ClipRecorded)
        return found

    def follow(self, count: int = 3, among: int = 30) -> None:
        """So many clips follow one another: the stream goes on, through its changes of size."""
        indexes = [self.clip().index]
        while len(indexes) < count:
            among -= 1
            assert among, f"no {count} clips in a row; the latest are {indexes}"
            index = self.clip().index
            indexes = [*indexes, index] if index == indexes[-1] + 1 else [index]

    def offline(self, is_over: bool = False) -> SourceHealth:
        def is_it(message: Message) -> bool:
            is_health = isinstance(message, SourceHealth) and message.condition == "offline"
            return is_health and message.is_over == is_over  # type: ignore[attr-defined]

        found = self._health.until(is_it, WAIT_S)[-1]
        assert isinstance(found, SourceHealth)
        return found


@contextmanager
def watching(
    kafka: str, prefix: str, folder: Path, address: str, credentials: Credentials = Credentials()
) -> Iterator[Watched]:
    now, source_id = datetime.now(UTC), uuid4()
    environment = {
        "NIGHTCLERK_KAFKA_BOOTSTRAP": kafka,
        "NIGHTCLERK_TOPIC_PREFIX": prefix,
        "NIGHTCLERK_STATE_DIR": str(folder),
        "NIGHTCLERK_SECRET_KEY": SECRET,
        "NIGHTCLERK_CAMERA_OFFLINE_S": "3",
        "NIGHTCLERK_CAMERA_READ_S": "1.5",
        "NIGHTCLERK_CAMERA_OPEN_S": "3",
    }
    source = SourceConfigured(
        source_id=source_id,
        source_kind="camera",
        name="front",
        origin_at=now,
        address=address,
        credentials=Sealing(_secret(SECRET)).seal(credentials),
        camera=CameraSettings(),
        configured_at=now,
    )
    with (folder / "camera.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", ALONE],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=os.environ | environment,
        )
        assert process.stdin is not None
        process.stdin.write(camera_line(source))
        process.stdin.flush()
        try:
            settings = KafkaSettings(kafka_bootstrap=kafka, topic_prefix=prefix)
            yield Watched(process, settings, source_id)
        finally:
            process.stdin.close()
            process.wait(60)


ALONE = """
from services.ingest.cameras.entry import watch
watch(open(0, "rb", buffering=0), open("/dev/null", "wb", buffering=0))
"""
"""A camera's process that is forked from nobody's, so that its memory is its own."""


def _secret(text: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(text)


def test_a_camera_that_fails_in_every_way_comes_back_by_itself(
    kafka: str, topic_prefix: str, films: Path, tmp_path: Path
) -> None:
    """Killed, frozen, of another codec, of new sizes in mid-stream; its password shown nowhere."""
    login = f"clerk:{PASSWORD}"
    with RtspServer({"front": [films / "front.h264"]}, login=login, auth="digest") as server:
        camera, credentials = parse(server.url("front"), "clerk", PASSWORD)
        with watching(kafka, topic_prefix, tmp_path, camera.text, credentials) as watched:
            assert watched.clip().width == 320
            server.kill()
            assert "refuses the connection" in watched.offline().detail
            server.start()
            watched.clip()
            assert watched.offline(is_over=True).is_over
            server.freeze()
            told = watched.offline()
            assert told.detail in (
                "The camera does not answer.",
                "The camera sent nothing for 2 s.",
            )
            server.thaw()
            watched.clip()
            server.kill()
            other = RtspServer(
                {"front": [films / "front.h265"]}, server.port, login=login, auth="basic"
            )
            with other:
                watched.clip()
                sizes = RtspServer({"front": sorted((films / "sizes").iterdir())}, other.port)
                other.kill()
                with sizes:
                    watched.follow()
                    assert watched.process.stdin is not None
                    watched.process.stdin.write(GONE)
                    watched.process.stdin.flush()
                    assert watched.process.wait(60) == 0
                    wait_until(lambda: "TEARDOWN" in sizes.events)
    log = (tmp_path / "camera.log").read_text()
    assert "open" in log
    assert PASSWORD not in log
    assert "p%40ss" not in log


@contextmanager
def listener(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Takes connections and does with them as it likes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def say_nothing(connection: socket.socket) -> None:
    connection.recv(1)
    threading.Event().wait(60)


def trickle(connection: socket.socket) -> None:
    """A byte now and then, of an answer that never ends."""
    with connection:
        try:
            for byte in b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n" + b"X-Slow: yes\r\n" * 1000:
                connection.sendall(bytes([byte]))
                threading.Event().wait(0.2)
        except OSError:
            return


def lost(address: str, username: str = "", password: str = "") -> str:
    camera, credentials = parse(address, username, password)
    with pytest.raises(SourceLost) as caught:
        probe(camera, credentials, patience=QUICK)
    assert caught.value.__cause__ is None
    assert not password or password not in str(caught.value)
    return str(caught.value)


def test_why_a_camera_cannot_be_watched_is_one_sentence(films: Path) -> None:
    with RtspServer({"front": [films / "front.h264"]}, login=f"clerk:{PASSWORD}") as server:
        for username, password in (("clerk", "wrong"), ("", "")):
            reason = lost(server.url("front"), username, password)
            assert reason == "The camera refuses the user name or the password."
        found = probe(*parse(server.url("front"), "clerk", PASSWORD))
        assert (found.codec, found.width, found.height) == ("h264", 320, 240)
        assert found.frame_rate == pytest.approx(25, abs=1)
        assert found.jpeg.startswith(b"\xff\xd8")
    with RtspServer({"front": [films / "front.h264"]}, most_clients=1) as server:
        assert lost(server.url("nowhere")) == "The camera has no stream under this address."
        holding = StreamSource(server.url("front"), patience=QUICK)
        holding.open()
        assert lost(server.url("front")) == "The camera has too many clients."
        holding.close()
        port = server.port
    refused = "The camera refuses the connection: nothing listens there."
    assert lost(f"rtsp://127.0.0.1:{port}/front") == refused
    for answer in (say_nothing, trickle):
        with listener(answer) as port:
            assert lost(f"rtsp://127.0.0.1:{port}/front") == "The camera does not answer."


def test_a_camera_behind_tls_gives_pictures(films: Path, tmp_path: Path) -> None:
    certificate = trustme.CA().issue_cert("127.0.0.1")
    file = tmp_path / "camera.pem"
    file.write_bytes(certificate.private_key_and_cert_chain_pem.bytes())
    with RtspServer(
        {"front": [films / "front.h264"]}, login=f"clerk:{PASSWORD}", certificate=file
    ) as server:
        address = server.url("front", "rtsps")
        refused = "The camera refuses the user name or the password."
        assert lost(address, "clerk", "wrong") == refused
        assert probe(*parse(address, "clerk", PASSWORD)).codec == "h264"


def test_a_camera_leads_nowhere_that_was_not_checked(films: Path) -> None:
    with RtspServer({"front": [films / "front.h264"]}) as inner:

        def redirect(connection: socket.socket) -> None:
            with connection:
                while asked := connection.recv(4096).decode():
                    cseq = next(line for line in asked.split("\r\n") if line.startswith("CSeq"))
                    status = "302 Moved" if asked.startswith("DESCRIBE") else "200 OK"
                    head = f"RTSP/1.0 {status}\r\n{cseq}\r\nLocation: {inner.url('front')}"
                    connection.sendall(f"{head}\r\n\r\n".encode())

        with listener(redirect) as port:
            reason = lost(f"rtsp://127.0.0.1:{port}/front")
    assert reason == "The camera sends its viewers on to another address: enter that."


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_every_transport_gives_pictures(films: Path, transport: Any) -> None:
    with RtspServer({"front": [films / "front.h265"]}) as server:
        assert probe(parse(server.url("front"), "", "")[0], transport=transport).codec == "hevc"


RECONNECT = """
import json, psutil, sys
from services.ingest.sources.connecting import Patience
from services.ingest.sources.stream import StreamSource

process = psutil.Process()
for number in range(16):
    source = StreamSource(sys.argv[1], patience=Patience(5.0, 1.0, 1.0))
    source.open()
    frames = source.frames()
    for _ in range(5):
        next(frames)
    source.close()
    held = process.num_fds(), process.num_threads(), process.memory_info().rss
    print(json.dumps(held))
"""
"""In a process of its own: in that of the tests others leave things behind."""


def test_sixteen_reconnects_leave_nothing_behind(films: Path) -> None:
    with RtspServer({"front": [films / "front.h265"]}, most_clients=2) as server:
        command = [sys.executable, "-c", RECONNECT, server.url("front")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        held = [json.loads(line) for line in done.stdout.splitlines()]
        wait_until(lambda: server.events.count("CLOSED") == 16)
        assert server.events.count("TEARDOWN") == 16
        handles, threads, memory = held[3]
        assert held[-1][:2] == [handles, threads]
        assert held[-1][2] < memory + 8 * 2**20


def test_a_camera_that_falls_silent_is_lost_within_the_deadline(films: Path) -> None:
    with RtspServer({"front": [films / "front.h264"]}) as server:
        source = StreamSource(server.url("front"), patience=QUICK)
        source.open()
        frames = source.frames()
        next(frames)
        server.freeze()
        with pytest.raises(SourceLost, match="sent nothing"):
            list(frames)
        server.thaw()
        source.close()
