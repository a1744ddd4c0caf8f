"""What the API gives of how things are kept."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.api.keeping.rules import EXAMPLE as EXAMPLE_RULES
from services.api.keeping.rules import Kind, Origin, RetentionRules
from services.api.moments import Moment
from services.api.tables import SENTENCE_CHARS
from services.api.view import (
    EXAMPLE_ID,
    EXAMPLE_WHEN,
    STORE_EXAMPLE,
    OfStore,
    View,
    example,
)

EXAMPLE_HOLD = "7c9e6679-7425-50de-944b-e07fc1f90ae7"


class RotationView(View):
    """What a rotation of the secret key did. Once nothing is renewed, lost or waiting, the former
    key is needed no more.
    """

    renewed: dict[str, int] = Field(description="rows that were sealed anew, by table")
    lost: list[str] = Field(description="rows that no key opens: enter those secrets again")
    waiting: int = Field(
        description="cameras and targets that the topics have not been told of yet"
    )

    model_config = example({"renewed": {"cameras": 12, "targets": 3}, "lost": [], "waiting": 15})


class HoldEntry(BaseModel):
    """What is to stay: a stretch of a camera, all there is of it, or an upload."""

    source_id: UUID
    since: Moment | None = Field(default=None, description="null: from the beginning")
    until: Moment | None = Field(default=None, description="null: without an end")
    reason: str = Field(min_length=3, max_length=SENTENCE_CHARS)

    model_config = example(
        {
            "source_id": EXAMPLE_ID,
            "since": "2026-05-01T22:00:00Z",
            "until": "2026-05-01T23:00:00Z",
            "reason": "case 4711 of the police",
        }
    )

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Self:
        if self.since and self.until and self.until <= self.since:
            raise ValueError("until must be later than since")
        return self


class HoldView(OfStore):
    """Nothing of the stretch is deleted, for its age, for want of room, or by anybody."""

    hold_id: UUID = Field(description="of an alert that is held, the alert's")
    source_id: UUID
    source_name: str
    alert_id: UUID | None
    since: datetime | None = Field(description="null: from the beginning")
    until: datetime | None = Field(description="null: without an end")
    reason: str
    held_by: str
    held_at: datetime

    model_config = example(
        {
            **STORE_EXAMPLE,
            "hold_id": EXAMPLE_HOLD,
            "source_id": EXAMPLE_ID,
            "source_name": "Till 1",
            "alert_id": None,
            "since": "2026-05-01T22:00:00Z",
            "until": "2026-05-01T23:00:00Z",
            "reason": "case 4711 of the police",
            "held_by": "owner@shop.example",
            "held_at": EXAMPLE_WHEN,
        }
    )


class HoldPage(View):
    items: list[HoldView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class KindView(View):
    """How long something is kept, and how much of it; null: no bound."""

    kind: Kind
    days: float | None
    days_from: Origin = Field(description="who says so")
    most_days: float | None = Field(description="what the machine keeps at most")
    gb: float | None = Field(description="10⁹ bytes; the oldest goes first")
    gb_from: Origin
    most_gb: float | None

    model_config = example(
        {
            "kind": "recordings",
            "days": 14.0,
            "days_from": "tenant",
            "most_days": 30.0,
            "gb": None,
            "gb_from": "machine",
            "most_gb": None,
        }
    )


class MachineKindView(View):
    """What the machine's operator alone can set, since tenants cannot be told apart in it."""

    what: str
    days: float | None
    set_by: str

    model_config = example({"what": "embeddings", "days": 30.0, "set_by": "topic embeddings.v1"})


class RetentionView(View):
    """The rules of a tenant or a store, and what is in force there."""

    scope: Literal["tenant", "store"]
    scope_id: UUID
    rules: RetentionRules
    in_force: list[KindView]
    of_machine: list[MachineKindView]
    changed_at: datetime | None
    changed_by: str

    model_config = example(
        {
            "scope": "tenant",
            "scope_id": EXAMPLE_HOLD,
            "rules": EXAMPLE_RULES,
            "in_force": [],
            "of_machine": [],
            "changed_at": EXAMPLE_WHEN,
            "changed_by": "owner@shop.example",
        }
    )
