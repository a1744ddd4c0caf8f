"""Real RTSP cameras for tests: Debian's gst-rtsp-server in a process of its own.

The tests use `RtspServer`; the process runs this same file by the system's Python, whose `gi` has
GStreamer. Films are Annex B streams made with PyAV, played round and round at their own speed.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

PYTHON = "/usr/bin/python3"
PROBE = (
    "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
)
STARTED_WITHIN_S = 60.0


def missing() -> str | None:
    """Why there are no such cameras on this machine."""
    if not Path(PYTHON).exists():
        return f"{PYTHON} is missing"
    done = subprocess.run([PYTHON, "-c", PROBE], capture_output=True, check=False)
    return None if done.returncode == 0 else "gst-rtsp-server with its Python binding is missing"


class RtspServer:
    """Serves films under names: `{"front": [film]}` is rtsp://127.0.0.1:PORT/front.

    Several films of one name follow one another. With `login` ("user:password") it asks for that
    by `auth` ("basic" or "digest"). At most `most_clients` play at a time, where it is not 0. With
    `certificate` (PEM of chain and key) it speaks TLS only: rtsps.
    """

    def __init__(
        self,
        films: Mapping[str, Sequence[Path]],
        port: int = 0,
        login: str = "",
        auth: str = "basic",
        most_clients: int = 0,
        certificate: Path | None = None,
    ) -> None:
        self._arguments = [
            *(f"--film={name}={':'.join(map(str, paths))}" for name, paths in films.items()),
            f"--auth={auth}",
            f"--most-clients={most_clients}",
        ]
        if certificate is not None:
            self._arguments.append(f"--certificate={certificate}")
        self._login = login
        self.port = port
        self.events: list[str] = []
        """What clients asked for, in order: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, CLOSED."""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """On the port it had before, if it had one."""
        command = [PYTHON, __file__, *self._arguments, f"--port={self.port}"]
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "LOGIN": self._login},
        )
        ready = threading.Event()
        threading.Thread(target=self._listen, args=(self._process, ready), daemon=True).start()
        assert ready.wait(STARTED_WITHIN_S), "the RTSP server did not start"
        assert self.port, "the RTSP server ended at once"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def freeze(self) -> None:
        """Sends nothing more and keeps its connections, as a camera that hangs."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def url(self, name: str, scheme: str = "rtsp") -> str:
        return f"{scheme}://127.0.0.1:{self.port}/{name}"

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def _listen(self, process: "subprocess.Popen[str]", ready: threading.Event) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                event = json.loads(line)
                if isinstance(event, int):
                    self.port = event
                    ready.set()
                else:
                    self.events.append(event)
        ready.set()


def film(path: Path, size: tuple[int, int] = (320, 240), frames: int = 100, gop: int = 25) -> Path:
    """An Annex B stream of 25 frames a second, H.264 or (by the suffix .h265) H.265: noise that
    moves to the right.
    """
    import av  # not in the system's Python
    import numpy as np

    codec = "libx265" if path.suffix == ".h265" else "libx264"
    options = {"g": str(gop), "bf": "0", "preset": "ultrafast", "sc_threshold": "0"}
    if codec == "libx265":
        options = {"preset": "ultrafast", "x265-params": f"keyint={gop}:bframes=0:log-level=none"}
    width, height = size
    noise = np.random.default_rng(0).integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    picture = np.kron(noise, np.ones((8, 8, 1), np.uint8))
    form = "hevc" if codec == "libx265" else "h264"
    with av.open(str(path), "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.roll(picture, number * 4, 1), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _serve() -> None:
    """The process. Tells the port, then what clients ask for, a JSON value a line."""
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import Gio, GLib, Gst, GstRtspServer

    parser = argparse.ArgumentParser()
    parser.add_argument("--film", action="append", default=[])
    parser.add_argument("--port", default="0")
    parser.add_argument("--auth", default="basic")
    parser.add_argument("--most-clients", type=int, default=0)
    parser.add_argument("--certificate", default="")
    given = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer(address="127.0.0.1", service=given.port)
    login = os.environ.get("LOGIN", "")
    if login:
        auth = _auth(GstRtspServer, login, given.auth)
        if given.certificate:
            auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(given.certificate))
        server.set_auth(auth)
    if given.most_clients:
        server.get_session_pool().set_max_sessions(given.most_clients)
    for mount in given.film:
        name, _, paths = mount.partition("=")
        factory = _factory(Gst, GstRtspServer, paths.split(":"))
        if login:
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_role("viewer")
            for what in ("access", "construct"):
                permissions.add_permission_for_role("viewer", f"media.factory.{what}", True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(f"/{name}", factory)
    server.connect("client-connected", _watch)
    server.attach(None)
    _tell(server.get_bound_port())
    GLib.MainLoop().run()


def _auth(rtsp: Any, login: str, kind: str) -> Any:
    user, _, password = login.partition(":")
    token = rtsp.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = rtsp.RTSPAuth()
    if kind == "digest":
        from gi.repository import GstRtsp

        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    else:
        auth.add_basic(rtsp.RTSPAuth.make_basic(user, password), token)
    return auth


def _factory(gst: Any, rtsp: Any, paths: Sequence[str]) -> Any:
    """A pipeline of its own for every client. RTP wants presentation times, which a raw stream
    lacks: cameras send no B-frames, so those of decoding are right.
    """
    codec = "h265" if paths[0].endswith(".h265") else "h264"
    source = f"multifilesrc name=source loop=true location={paths[0]}"
    if len(paths) > 1:
        pattern = str(Path(paths[0]).with_name(f"%d.{codec}"))
        source = f"multifilesrc loop=true location={pattern} stop-index={len(paths) - 1}"
    parser = f"{codec}parse config-interval=-1 name=parser"
    launch = f"( {source} ! {parser} ! rtp{codec}pay name=pay0 pt=96 )"

    class Factory(rtsp.RTSPMediaFactory):  # type: ignore[misc,name-defined]
        def do_configure(self, media: Any) -> None:
            named = media.get_element().get_by_name("parser")
            named.get_static_pad("src").add_probe(gst.PadProbeType.BUFFER, _stamp)
            rtsp.RTSPMediaFactory.do_configure(self, media)

    def _stamp(_pad: Any, info: Any) -> Any:
        buffer = info.get_buffer()
        buffer.pts = buffer.dts
        return gst.PadProbeReturn.OK

    factory = Factory()
    factory.set_launch(launch)
    return factory


def _watch(_server: Any, client: Any) -> None:
    for method in ("options", "describe", "setup", "play", "teardown"):
        client.connect(f"{method}-request", lambda *_, name=method.upper(): _tell(name))
    client.connect("closed", lambda *_: _tell("CLOSED"))


def _tell(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve()
