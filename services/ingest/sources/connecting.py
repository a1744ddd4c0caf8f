"""Opening a stream with FFmpeg: options by scheme, and why it did not work.

FFmpeg's own messages hold the address with its credentials, so none of them goes any further.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import av
from av.container import InputContainer
from psutil import Process

from schemas.sources import Transport
from services.ingest.sources.fetching import OPTIONS, Fetch
from services.ingest.sources.port import SourceLost

OPEN_S = 6.0
READ_S = 5.0
"""Without a packet for so long a stream is lost."""
SEGMENTED_READ_S = 25.0
"""The same where video comes in pieces of several seconds."""

TRANSPORTS: Final = {"auto": "tcp+udp", "tcp": "tcp", "udp": "udp"}
SCHEMES: Final = ("rtsp", "rtsps", "http", "https")
DEFAULT_PORTS: Final = {"rtsp": 554, "rtsps": 322}
LED_AWAY = "The camera sends its viewers on to another address: enter that."
FORMATS: Final = (
    *("hls", "mpegts", "mov", "mp4", "matroska", "webm", "flv", "live_flv", "h264", "hevc"),
    *("mpjpeg", "mjpeg", "jpeg_pipe"),
)
"""What may come by HTTP."""
CUT_OFF = ("unreachable", "No route to host")
ANSWERS: Final = {
    453: "The camera has too many clients.",
    454: "The stream has no video, or none that can be decoded.",
    461: "The camera does not send its video over this transport: choose another.",
    503: "The camera has too many clients.",
}
"""What RTSP servers answer. Of 454 there was nothing to set up: sound alone."""
ANALYSED_S = 3.5
"""Else FFmpeg looks at so many pictures first that a camera of one a second opens too late."""

SENTENCES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (av.error.HTTPUnauthorizedError, "The camera refuses the user name or the password."),
    (av.error.HTTPForbiddenError, "The camera does not allow this user to watch."),
    (av.error.HTTPNotFoundError, "The camera has no stream under this address."),
    (av.error.HTTPTooManyRequestsError, "The camera has too many clients."),
    (av.error.ConnectionRefusedError, "The camera refuses the connection: nothing listens there."),
    (av.error.ConnectionResetError, "The camera closed the connection."),
    (av.error.BrokenPipeError, "The camera closed the connection."),
    (av.error.EOFError, "The camera closed the connection."),
    (av.error.InvalidDataError, "What answers there sends no video that can be read."),
    (av.error.ArgumentError, "What answers there sends no video that can be read."),
    (av.error.ProtocolNotFoundError, "The address names a kind of stream that is not allowed."),
    (av.error.DecoderNotFoundError, "The video is in a codec that is not supported."),
)


@dataclass(frozen=True)
class Patience:
    """How long opening may take, and silence once it is open."""

    open_s: float = OPEN_S
    read_s: float = READ_S
    segmented_read_s: float = SEGMENTED_READ_S


def connect(
    url: str, transport: Transport, patience: Patience, fetch: Fetch | None = None
) -> InputContainer:
    """`url` with its credentials. Raises SourceLost, which never holds what FFmpeg said. With a
    `fetch` every request by HTTP is made through it: FFmpeg connects to nothing itself.
    """
    scheme = url.partition("://")[0].lower()
    if scheme not in SCHEMES:
        raise SourceLost(f"Streams of the kind {scheme}:// are not read this way.")
    is_rtsp = scheme.startswith("rtsp")
    read_s = patience.read_s if is_rtsp else patience.segmented_read_s
    began_s = monotonic()
    level = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)  # errors carry the server's status code then
    try:
        with av.logging.Capture():
            container = av.open(
                url,
                options=_rtsp(transport) if is_rtsp else _http() | OPTIONS,
                io_open=fetch,
                timeout=(patience.open_s, read_s),
                metadata_errors="replace",
            )
    except (av.FFmpegError, OSError, ValueError) as error:
        is_late = monotonic() - began_s >= patience.open_s
        raise SourceLost("The camera does not answer." if is_late else reason(error)) from None
    finally:
        av.logging.set_level(level)
    if is_rtsp and not is_connected_to(url):
        container.close()
        raise SourceLost(LED_AWAY)
    return container


def is_connected_to(url: str) -> bool:
    """Whether this process has a connection to the address's host and port. FFmpeg follows an RTSP
    server's redirect to anywhere, unchecked, and lets go of the first server then.
    """
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    peers = {each.raddr.ip for each in Process().net_connections("tcp") if _has_port(each, port)}
    try:
        host = ip_address(parts.hostname or "")
    except ValueError:  # a name, which FFmpeg looked up itself
        return bool(peers)
    return any(ip_address(peer.partition("%")[0]) == host for peer in peers)


def _has_port(connection: Any, port: int) -> bool:
    return bool(connection.raddr) and connection.raddr.port == port


def reason(error: Exception) -> str:
    """One sentence, without anything that FFmpeg wrote."""
    log = getattr(error, "log", None)
    text = log[2] if log else ""
    code = re.search(r"failed: (\d{3})\b", text)
    if code and int(code[1]) in ANSWERS:
        return ANSWERS[int(code[1])]
    if any(words in text for words in CUT_OFF):
        return "There is no way to the camera's network."
    for kind, sentence in SENTENCES:
        if isinstance(error, kind):
            return sentence
    if "resolve hostname" in text:
        return "There is no host of this name."
    if code:
        return f"The camera answers with error {code[1]}."
    return "The camera cannot be reached."


def _rtsp(transport: Transport) -> dict[str, str]:
    flags = {"rtsp_flags": "prefer_tcp"} if transport == "auto" else {}
    return {
        "rtsp_transport": TRANSPORTS[transport],
        "allowed_media_types": "video",
        "protocol_whitelist": "rtp,tcp,udp,tls,rtsp,rtsps,srtp",
        "fpsprobesize": "0",
        "analyzeduration": str(round(ANALYSED_S * 1_000_000)),
        **flags,
    }


def _http() -> dict[str, str]:
    return {
        "protocol_whitelist": "http,https,tcp,tls,crypto,data",
        "format_whitelist": ",".join(FORMATS),
        "reconnect": "0",
        "live_start_index": "-2",
        "fpsprobesize": "0",
    }
