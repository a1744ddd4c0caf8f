"""Sources: what gives clips. A camera, or an uploaded video."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Id, Message, UtcTime
from schemas.clips import ClipSpec, Grid, SourceKind


class SourceConfigured(Message):
    """A source exists, and how it is cut. A tombstone says that it was removed: whoever keeps
    anything of it (clips in the making, states, evidence, deliveries that wait) lets go of it.
    """

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.source.configured.v1"] = "nightclerk.source.configured.v1"
    source_id: Id
    source_kind: SourceKind
    tenant_id: Id | None = None
    name: str = Field(description="the camera's name, or the name of the uploaded file")
    origin_at: UtcTime = Field(description="time zero of the source's grid")
    is_wall_clock: bool = True
    spec: ClipSpec = ClipSpec()
    address: str | None = Field(default=None, description="of a camera; without credentials")
    is_paused: bool = False
    recorded_at: UtcTime | None = Field(default=None, description="of an upload, where it is known")
    configured_at: UtcTime

    @property
    def grid(self) -> Grid:
        return Grid(origin_at=self.origin_at, spec=self.spec)
