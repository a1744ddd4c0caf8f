"""Embeddings: what a backbone saw in a window of consecutive clips."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Bytes, Id
from schemas.clips import ClipRef, ClipSpec, OfSource
from schemas.judgements import Run


class EmbeddingExtracted(OfSource):
    """A backbone turned a window of consecutive clips of one source into one vector.

    `vector` is `dim` little-endian float32 values. `window` is how many clips the backbone
    looks at together; the last window of a source, or one before a gap, may hold fewer. Where
    windows overlap, `fresh_count` says how many of the latest clips no earlier window showed: a
    score of the window is a score of those.
    """

    type: Literal["nightclerk.embedding.extracted.v1"] = "nightclerk.embedding.extracted.v1"
    embedding_id: Id
    clips: Annotated[tuple[ClipRef, ...], Field(min_length=1)]
    fresh_count: Annotated[int, Field(ge=1)]
    backbone: str
    window: Annotated[int, Field(ge=1)]
    spec: ClipSpec = ClipSpec()
    dim: Annotated[int, Field(ge=1, le=65536)]
    vector: Bytes
    is_last: bool = False
    made_for: Run | None = Field(
        default=None,
        description="the replay that it was made anew for, of recordings: everybody else passes "
        "over it",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.vector) != 4 * self.dim:
            raise ValueError(
                f"vector has {len(self.vector)} bytes, dim {self.dim} needs {4 * self.dim}"
            )
        if len(self.clips) > self.window:
            raise ValueError("more clips than the backbone's window")
        if self.fresh_count > len(self.clips):
            raise ValueError("more fresh clips than clips")
        return self

    @property
    def fresh(self) -> tuple[ClipRef, ...]:
        """The clips that a score of this window is a score of, oldest first."""
        return self.clips[-self.fresh_count :]
