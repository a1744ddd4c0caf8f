"""Uploaded videos: handed in, and how far their analysis got."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.base import Id, Message, Unit, UtcTime
from schemas.clips import ClipSpec


class VideoSubmitted(Message):
    """A video lies whole in the object store and waits to be cut into clips."""

    KEY: ClassVar[str] = "video_id"

    type: Literal["nightclerk.video.submitted.v1"] = "nightclerk.video.submitted.v1"
    video_id: Id
    object_key: str
    filename: str
    size_bytes: Annotated[int, Field(ge=0)]
    submitted_at: UtcTime
    recorded_at: UtcTime | None = Field(
        default=None, description="when its first frame was recorded, where somebody said so"
    )
    spec: ClipSpec | None = Field(default=None, description="how to cut it; absent: the default")

    @property
    def origin_at(self) -> datetime:
        """Time zero of the video's grid."""
        return self.recorded_at or self.submitted_at


class VideoProgressed(Message):
    """Ingest got further with a video, finished cutting it, or gave up with an error.

    `decoded`: every clip is on the log; `clip_count`, how many there are, is final. `failed` is
    final too; `error` is one sentence for the owner.
    """

    KEY: ClassVar[str] = "video_id"

    type: Literal["nightclerk.video.progressed.v1"] = "nightclerk.video.progressed.v1"
    video_id: Id
    state: Literal["decoding", "decoded", "failed"]
    progress: Unit = 0.0
    clip_count: Annotated[int, Field(ge=0)] = 0
    duration_s: Annotated[float, Field(ge=0)] | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    codec: str | None = None
    playable_key: str | None = Field(default=None, description="object key browsers can play")
    error: str | None = None
    progressed_at: UtcTime
