"""Embeddings: what a backbone saw in a window of consecutive clips."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Bytes, Id, Message, UtcTime
from schemas.clips import ClipRef, ClipSpec, SourceKind


class EmbeddingExtracted(Message):
    """A backbone turned a window of consecutive clips of one source into one vector.

    `vector` is `dim` little-endian float32 values. `window` is how many clips the backbone
    looks at together; the last window of a source, or one before a gap, may hold fewer.
    """

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.embedding.extracted.v1"] = "nightclerk.embedding.extracted.v1"
    embedding_id: Id
    source_id: Id
    source_kind: SourceKind = "upload"
    clips: Annotated[tuple[ClipRef, ...], Field(min_length=1)]
    origin_at: UtcTime | None = None
    backbone: str
    window: Annotated[int, Field(ge=1)]
    spec: ClipSpec = ClipSpec()
    dim: Annotated[int, Field(ge=1, le=65536)]
    vector: Bytes
    is_last: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.vector) != 4 * self.dim:
            raise ValueError(
                f"vector has {len(self.vector)} bytes, dim {self.dim} needs {4 * self.dim}"
            )
        if len(self.clips) > self.window:
            raise ValueError("more clips than the backbone's window")
        return self
