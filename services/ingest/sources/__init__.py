"""Where frames come from. Each source gives frames that can draw themselves as JPEG."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from services.chassis.media.timeline import Frame
from services.ingest.encode import Jpeg

Draw = Callable[[], Jpeg]
"""Converts and encodes one frame. Only sampled frames are drawn, and each only once."""


@dataclass(frozen=True)
class VideoInfo:
    """What is known before the first frame. The size is as shown: rotated, square pixels."""

    width: int
    height: int
    codec: str
    frame_rate: float | None = None
    duration_s: float | None = None


class Video(Protocol):
    @property
    def info(self) -> VideoInfo: ...

    @property
    def step_s(self) -> float:
        """How long a frame without a time of its own stays on screen."""

    def frames(self) -> Iterator[Frame[Draw]]:
        """All frames once, in the order of presentation."""
