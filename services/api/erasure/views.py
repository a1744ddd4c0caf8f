"""What the API takes and gives of erasures."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from schemas.clips import SourceKind
from services.api.moments import Moment
from services.api.tables import SENTENCE_CHARS
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, View, example

ErasureState = Literal["pending", "completed"]
_ERASURE = "7c9e6679-7425-50de-944b-e07fc1f90ae7"


class ErasureEntry(BaseModel):
    """What is to be taken away for good: a stretch of a source, or all there is of it."""

    source_id: UUID
    since: Moment | None = Field(default=None, description="null: from the beginning")
    until: Moment | None = Field(default=None, description="null: to this moment")
    reason: str = Field(min_length=3, max_length=SENTENCE_CHARS)

    model_config = example(
        {
            "source_id": EXAMPLE_ID,
            "since": "2026-05-01T22:00:00Z",
            "until": "2026-05-01T22:15:00Z",
            "reason": "request of the person shown, Art. 17 GDPR",
        }
    )

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Self:
        if self.since and self.until and self.until <= self.since:
            raise ValueError("until must be later than since")
        return self


class ErasureView(View):
    """An erasure. What it names is shown to nobody from the beginning on; once the objects are
    gone as well it is completed, and has a proof.
    """

    erasure_id: UUID
    state: ErasureState
    source_id: UUID
    source_kind: SourceKind
    source_name: str
    since: datetime
    until: datetime
    reason: str
    asked_by: str
    asked_at: datetime
    completed_at: datetime | None
    proof: str | None = Field(description="JSON, byte for byte as it was signed")
    signature: str | None = Field(description="Ed25519 over the bytes of the proof, base64")

    model_config = example(
        {
            "erasure_id": _ERASURE,
            "state": "completed",
            "source_id": EXAMPLE_ID,
            "source_kind": "camera",
            "source_name": "Till 1",
            "since": "2026-05-01T22:00:00Z",
            "until": "2026-05-01T22:15:00Z",
            "reason": "request of the person shown, Art. 17 GDPR",
            "asked_by": "owner@shop.example",
            "asked_at": EXAMPLE_WHEN,
            "completed_at": EXAMPLE_WHEN,
            "proof": '{"format": "nightclerk-erasure/1"}',
            "signature": "x2lV…==",
        }
    )


class ErasurePage(View):
    items: list[ErasureView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")
