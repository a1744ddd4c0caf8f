"""Keeping: how long what was recorded of a source may lie about, what of it must not go, and what
of it is not to be seen."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.base import Id, Message, UtcTime


class HeldStretch(BaseModel):
    """A stretch of a source that is under legal hold."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    since_at: UtcTime
    until_at: UtcTime

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.until_at <= self.since_at:
            raise ValueError("the stretch must end after it starts")
        return self


class KeepingConfigured(Message):
    """What differs for a source from the machine's own settings. A tombstone: nothing any more.

    Nothing of a held stretch may be deleted, for its age or for want of room, before it lies in the
    object store; there the API lets go of it, once nobody holds it.
    """

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.keeping.configured.v1"] = "nightclerk.keeping.configured.v1"
    source_id: Id
    recordings_s: Annotated[float, Field(gt=0)] | None = None
    """Recordings are kept no longer; None: as long as the machine says."""
    held: tuple[HeldStretch, ...] = ()
    hides_faces: bool = False
    """Pictures of it leave the house with hidden faces only."""
    configured_at: UtcTime
