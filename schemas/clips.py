"""Clips: sixteen frames of one source, the unit everything downstream works on."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.base import Bytes, Id, Message, Seconds, UtcTime

SourceKind = Literal["upload", "camera"]


class ClipSpec(BaseModel):
    """How video is cut. The default covers 1.07 s a clip, without overlap."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    frames: Annotated[int, Field(ge=1, le=64)] = 16
    frame_rate: Annotated[float, Field(gt=0, le=120)] = 15.0
    hop: Annotated[int, Field(ge=1, le=64)] = 16

    @property
    def duration_s(self) -> float:
        return self.frames / self.frame_rate

    @property
    def hop_s(self) -> float:
        return self.hop / self.frame_rate


class ClipRecorded(Message):
    """One clip of a source was cut. The last clip of an upload may hold fewer frames than the spec.

    Frame k was on screen at `start_s + k / spec.frame_rate`. A JPEG clip has one entry in
    `frames` per frame; an H.264 clip has a single entry, a self-contained blob.
    """

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.clip.recorded.v1"] = "nightclerk.clip.recorded.v1"
    clip_id: Id
    source_id: Id
    source_kind: SourceKind = "upload"
    index: Annotated[int, Field(ge=0)]
    start_s: Seconds
    end_s: Seconds
    origin_at: UtcTime | None = Field(
        default=None, description="wall-clock time of media time zero; absent for uploads"
    )
    spec: ClipSpec = ClipSpec()
    encoding: Literal["jpeg", "h264"] = "jpeg"
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    frame_count: Annotated[int, Field(ge=1)]
    frames: Annotated[tuple[Bytes, ...], Field(min_length=1)]
    is_last: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.end_s <= self.start_s:
            raise ValueError("a clip must end after it starts")
        if self.frame_count > self.spec.frames:
            raise ValueError("more frames than the clip spec allows")
        if self.encoding == "jpeg" and len(self.frames) != self.frame_count:
            raise ValueError("frame_count differs from the number of JPEG frames")
        return self


class ClipRef(BaseModel):
    """Which clip, without its pixels."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    clip_id: Id
    index: Annotated[int, Field(ge=0)]
    start_s: Seconds
    end_s: Seconds
