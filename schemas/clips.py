"""Clips: sixteen frames of one source, cut on the source's absolute grid (ADR 0013)."""

from datetime import datetime, timedelta
from math import floor
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.base import Bytes, Id, Message, Seconds, UtcTime
from schemas.ids import share_of

SourceKind = Literal["upload", "camera"]
SequenceId = tuple[UUID, bool]
"""What has an order of its own: a source, and whether what comes of it is late."""
Index = Annotated[int, Field(ge=0, le=2**53)]
SPREAD_CLIPS = 2
"""The longest window of a backbone."""


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


class Grid(BaseModel):
    """Where the clips of a source lie: clip k starts `k * hop_s` seconds after the origin.

    A source has one grid, so that a clip is the same clip whoever cuts it. Another origin (the wall
    clock was stepped far) or another spec is a new life of the source, and shares nothing with the
    one before.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    origin_at: UtcTime
    spec: ClipSpec = ClipSpec()

    @classmethod
    def begun(cls, source_id: UUID, now: datetime, spec: ClipSpec) -> Self:
        """That of a camera that begins at this moment: its origin lies less than the longest window
        back, at the share of that window (counted from the epoch) that the id says. So windows of
        different cameras end at different moments, whenever they began, and the network is not
        asked for all of them at once. The moment's own microseconds stay in it: two lives that
        begin in one window, as of a clock that is set and set back, are two still.
        """
        window_s = SPREAD_CLIPS * spec.hop_s
        since_s = now.timestamp() - share_of(source_id) * window_s
        own_us = now.microsecond % 1000
        origin_at = now - timedelta(seconds=since_s % window_s, microseconds=own_us)
        return cls(origin_at=origin_at, spec=spec)

    def index_at(self, moment: datetime) -> int:
        """The latest clip that has begun by then; negative before the origin."""
        return floor((moment - self.origin_at).total_seconds() / self.spec.hop_s + 1e-6)

    def start_s(self, index: int) -> float:
        """Seconds from the origin to the start of a clip."""
        return index * self.spec.hop / self.spec.frame_rate

    def moment(self, media_s: float) -> datetime:
        """The wall-clock time of so many seconds after the origin."""
        return self.origin_at + timedelta(seconds=media_s)


class OfSource(Message):
    """What every message about a stretch of one source says. Times are seconds from the origin.

    Late and live stretches of one source are two sequences: each in order, joined, judged and
    watched for episodes on its own (ADR 0024).

    `cut_at` is when ingest cut the (latest) clip that the message goes back to. It stays the same
    through a replay, so it tells how old the news is, and what time it took.
    """

    KEY: ClassVar[str] = "source_id"

    source_id: Id
    source_kind: SourceKind = "upload"
    origin_at: UtcTime = Field(
        description="time zero of the source's grid: of a camera fixed when it was configured (up "
        "to two clips before), of an upload when it was recorded, else when it was handed in"
    )
    is_wall_clock: bool = Field(
        default=True, description="false for an upload of which nobody said when it was recorded"
    )
    cut_at: UtcTime
    is_late: bool = Field(
        default=False,
        description="it waited at the camera while Kafka was away; what is live was sent before it",
    )

    @property
    def sequence(self) -> SequenceId:
        """Messages of one are in order among one another, and of no other."""
        return self.source_id, self.is_late

    def moment(self, media_s: float) -> datetime:
        """The wall-clock time of so many seconds after the origin."""
        return self.origin_at + timedelta(seconds=media_s)

    def provenance(self) -> dict[str, object]:
        """The fields above, for a message that is made of this one."""
        return {name: getattr(self, name) for name in _PROVENANCE}


_PROVENANCE = tuple(name for name in OfSource.model_fields if name != "type")


class ClipRecorded(OfSource):
    """One clip of a source was cut. Before a gap and at the end it may hold fewer frames.

    Frame k was on screen at `start_s + k / spec.frame_rate`. A JPEG clip has one entry in
    `frames` per frame; an H.264 clip has a single entry, a self-contained blob.
    """

    type: Literal["nightclerk.clip.recorded.v1"] = "nightclerk.clip.recorded.v1"
    clip_id: Id
    index: Index
    start_s: Seconds
    end_s: Seconds
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

    @property
    def grid(self) -> Grid:
        return Grid(origin_at=self.origin_at, spec=self.spec)

    @property
    def ref(self) -> "ClipRef":
        return ClipRef(index=self.index, start_s=self.start_s, end_s=self.end_s)


class ClipRef(BaseModel):
    """Which clip of a source's grid, without its pixels. `ids.clip_id` gives its id."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    index: Index
    start_s: Seconds
    end_s: Seconds
