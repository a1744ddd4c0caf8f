"""What the API tells of keys, and what a request for one says."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.api.access.entries import Name
from services.api.moments import Moment
from services.api.principal import Right
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, View, example

_KEY = {
    "key_id": EXAMPLE_ID,
    "name": "dashboard",
    "rights": ["view"],
    "store_ids": None,
    "made_by": "owner@example.org",
    "created_at": EXAMPLE_WHEN,
    "expires_at": None,
    "last_used_at": "2026-05-02T08:00:00Z",
    "last_address": "203.0.113.7",
    "revoked_at": None,
    "is_active": True,
}


class KeyEntry(BaseModel):
    """A key to be made. It may do no more than whoever makes it, now and later."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "dashboard", "rights": ["view"], "expires_at": "2027-05-01T00:00:00Z"}
            ]
        },
    )

    name: Name
    rights: Annotated[frozenset[Right], Field(min_length=1)]
    store_ids: Annotated[frozenset[UUID], Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="it sees these alone; without: all that you see"
    )
    expires_at: Moment | None = None


class KeyView(View):
    """A key, without its secret."""

    key_id: UUID
    name: str
    rights: list[Right]
    store_ids: list[UUID] | None = Field(description="it sees these alone; null: all")
    made_by: str = Field(description="a mail address; `machine` for the machine's operator")
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="to the minute")
    last_address: str = Field(description="from where; empty while it was never used")
    revoked_at: datetime | None
    is_active: bool

    model_config = example(_KEY)


class KeyPage(View):
    items: list[KeyView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class KeyMade(KeyView):
    """A key that was just made. `key` is told this once."""

    key: str

    model_config = example(_KEY | {"key": "nk_" + 32 * "0" + "_" + 43 * "x"})
