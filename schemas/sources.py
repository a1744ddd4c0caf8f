"""Sources: what gives clips. A camera, or an uploaded video."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.base import Bytes, Id, Message, Unit, UtcTime
from schemas.clips import ClipSpec, Grid, SourceKind
from schemas.ids import DEFAULT_TENANT, default_store

Polygon = Annotated[tuple[tuple[Unit, Unit], ...], Field(min_length=3, max_length=64)]
"""Corners in order, as shares of the upright picture's width and height."""

Transport = Literal["auto", "tcp", "udp"]
Recording = Literal["off", "ring", "full"]


class Zone(BaseModel):
    """A part of the picture that rules and the motion gate speak of by its name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Annotated[str, Field(min_length=1, max_length=64)]
    polygon: Polygon


class CameraSettings(BaseModel):
    """How a camera is watched and recorded.

    `recording`: `off`, or `ring` (the latest hours on the disk of the worker that watches it, from
    which the evidence of alerts is cut), or `full` (all of it to the object store as well). Masks
    blacken the clips; recordings are copies of the camera's own stream and keep what is masked,
    unless `masks_recordings` has them encoded anew, which costs about as much as watching does.
    With the motion gate, clips in which nothing moves are not published.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    transport: Transport = "auto"
    masks: Annotated[tuple[Polygon, ...], Field(max_length=32)] = ()
    masks_recordings: bool = False
    zones: Annotated[tuple[Zone, ...], Field(max_length=32)] = ()
    motion_gate: bool = False
    recording: Recording = "ring"


class SourceConfigured(Message):
    """A source exists, and how it is cut. A tombstone says that it was removed: whoever keeps
    anything of it (clips in the making, states, evidence, deliveries that wait) lets go of it.
    """

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.source.configured.v1"] = "nightclerk.source.configured.v1"
    source_id: Id
    source_kind: SourceKind
    tenant_id: Id = DEFAULT_TENANT
    store_id: Id = default_store(DEFAULT_TENANT)
    name: str = Field(description="the camera's name, or the name of the uploaded file")
    origin_at: UtcTime = Field(description="time zero of the source's grid")
    is_wall_clock: bool = True
    spec: ClipSpec = ClipSpec()
    address: str | None = Field(
        default=None, description="of a camera, the stream to watch; without credentials"
    )
    record_address: str | None = Field(
        default=None, description="the stream to record, where it is another one; as above"
    )
    credentials: Bytes | None = Field(
        default=None, description="user name and password, sealed with the stack's secret key"
    )
    camera: CameraSettings | None = Field(default=None, description="of a camera")
    is_paused: bool = False
    recorded_at: UtcTime | None = Field(default=None, description="of an upload, where it is known")
    configured_at: UtcTime

    @property
    def grid(self) -> Grid:
        return Grid(origin_at=self.origin_at, spec=self.spec)
