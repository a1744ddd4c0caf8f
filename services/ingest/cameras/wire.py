"""What a worker and the processes of its cameras say to one another, a line each.

To the process, by one pipe: first the camera, then perhaps GONE, and the end of the pipe is the end
of its work. From it, by another: heartbeats. Nothing of it stands on a command line or in the
environment, which others can read.
"""

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any

from schemas.codec import DecodeError, decode, encode
from schemas.sources import SourceConfigured
from schemas.topics import SOURCES

GONE = b"gone\n"
"""The camera is paused or removed: nobody watches it after this process."""
HEARTBEAT_S = 1.0


@dataclass(frozen=True)
class Heartbeat:
    """A sign of life. Numbers are since the start of the process."""

    frames: int = 0
    waiting: int = 0
    """Messages that are not sent yet."""
    dropped: int = 0
    """Clips that waited and had to go."""


def camera_line(source: SourceConfigured) -> bytes:
    return base64.b64encode(encode(source)) + b"\n"


def camera_of(line: bytes) -> SourceConfigured:
    """Raises ValueError for a line that is no camera."""
    try:
        source = decode(SOURCES, base64.b64decode(line))
    except DecodeError as error:
        raise ValueError(str(error)) from error
    if not isinstance(source, SourceConfigured):
        raise ValueError("not a camera")
    return source


def heartbeat_line(beat: Heartbeat) -> bytes:
    return json.dumps(asdict(beat)).encode() + b"\n"


def heartbeat_of(line: bytes) -> Heartbeat | None:
    """None for a line that is none."""
    try:
        values: Any = json.loads(line)
        return Heartbeat(**values)
    except (ValueError, TypeError):
        return None
