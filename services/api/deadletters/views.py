"""What the API takes and gives of dead letters."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, View, example

LetterState = Literal["open", "replayed", "dropped"]
REPLAYS_HEADER = "nightclerk-replays"
"""A record that was replayed carries how often, so that a second failure is seen as such."""

_LETTER = {
    "letter_id": "7c9e6679-7425-50de-944b-e07fc1f90ae7",
    "topic": "scores.v1",
    "partition": 3,
    "offset": 41,
    "consumer": "api.projector",
    "reason": "not msgpack: Unpack failed",
    "failed_at": EXAMPLE_WHEN,
    "state": "replayed",
    "source_id": EXAMPLE_ID,
    "source": "Till 1",
    "size_bytes": 4711,
    "replays": 0,
    "changed_at": EXAMPLE_WHEN,
    "changed_by": "owner@shop.example",
}


@dataclass(frozen=True)
class LetterFilter:
    """Which letters are wanted: all conditions hold together."""

    topic: str | None = None
    reason: str | None = None
    """A part of it, in either case."""
    state: LetterState | None = None
    since: datetime | None = None
    until: datetime | None = None
    source_id: UUID | None = None


class DeadLetterView(View):
    """A record that a consumer could not use, and what became of it."""

    letter_id: UUID
    topic: str = Field(description="on which the record lay")
    partition: int
    offset: int
    consumer: str = Field(description="the consumer group that could not use it")
    reason: str
    failed_at: datetime
    state: LetterState
    source_id: UUID | None = Field(description="of the source that its key names")
    source: str | None = Field(description="the source's name")
    size_bytes: int
    replays: int = Field(description="how often it had been replayed before it failed (again)")
    changed_at: datetime | None = Field(description="when it was replayed or dropped")
    changed_by: str | None

    model_config = example(_LETTER)


class DeadLetterPage(View):
    items: list[DeadLetterView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")
    open_by_topic: dict[str, int] = Field(description="how many are open on each topic")

    model_config = example({"items": [_LETTER], "next": "Wy…", "open_by_topic": {"scores.v1": 1}})


class DeadLetterContent(DeadLetterView):
    """A letter with what can be shown of its record: no bytes, no secrets."""

    is_kept: bool = Field(description="whether Kafka still has it; else it cannot be replayed")
    key: str | None
    headers: dict[str, str]
    sha256: str | None = Field(description="of the record's value")
    content: dict[str, Any] | None = Field(description="null where the value is no map of msgpack")

    model_config = example(
        _LETTER
        | {
            "is_kept": True,
            "key": EXAMPLE_ID,
            "headers": {"ce_type": "nightclerk.clip.scored.v1"},
            "sha256": "0f" * 32,
            "content": {"type": "nightclerk.clip.scored.v1", "run": "live"},
        }
    )
