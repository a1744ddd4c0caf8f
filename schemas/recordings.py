"""Recordings: segments of a camera's own stream, where they lie, and the wish to have some kept."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Id, Message, UtcTime

RECORDING_TYPE = "video/mp4"


class SegmentRecorded(Message):
    """A stretch of a camera was recorded, lies in the object store by now, or is gone.

    It begins with a key frame. Without `object_key` it lies on the disk of the worker that
    recorded it, which uploads it when somebody asks (`FootageRequested`).
    """

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.segment.recorded.v1"] = "nightclerk.segment.recorded.v1"
    source_id: Id
    segment_id: Id
    started_at: UtcTime
    ended_at: UtcTime
    size_bytes: Annotated[int, Field(ge=0)]
    codec: str
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    object_key: str | None = None
    is_gone: bool = False
    recorded_at: UtcTime

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.ended_at <= self.started_at:
            raise ValueError("a segment must end after it starts")
        return self


class FootageRequested(Message):
    """Somebody needs a camera's footage between two moments in the object store.

    Every worker that has some of it uploads that and says so with `SegmentRecorded`; asking again
    changes nothing. `until_at` may lie ahead: then segments follow as they are finished.
    """

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.footage.requested.v1"] = "nightclerk.footage.requested.v1"
    source_id: Id
    since_at: UtcTime
    until_at: UtcTime
    reason: str = Field(max_length=200)
    requested_at: UtcTime

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.until_at <= self.since_at:
            raise ValueError("the stretch must end after it starts")
        return self
