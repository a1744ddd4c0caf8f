"""What the API tells of the audit log."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, View, example


class AuditEntry(View):
    """Something that somebody did."""

    sequence: int = Field(description="counts the rows of a tenant, from 1 on")
    happened_at: datetime
    actor_kind: Literal["user", "key", "machine"]
    actor_id: UUID | None
    actor_name: str = Field(description="a mail address, or the name of a key")
    address: str = Field(description="of the client; empty where there was none")
    action: str = Field(description="noun and verb, e.g. camera.added")
    subject: str = Field(description="the id of what it was done to")
    detail: dict[str, Any]
    hash: str = Field(description="SHA-256 over the row and the hash of the row before")

    model_config = example(
        {
            "sequence": 17,
            "happened_at": EXAMPLE_WHEN,
            "actor_kind": "user",
            "actor_id": EXAMPLE_ID,
            "actor_name": "owner@example.org",
            "address": "203.0.113.7",
            "action": "camera.added",
            "subject": EXAMPLE_ID,
            "detail": {"name": "Till 1"},
            "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        }
    )


class AuditPage(View):
    items: list[AuditEntry]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class AuditVerification(View):
    """Whether an audit log is as it was written."""

    is_whole: bool
    fault: str = Field(description="one sentence; empty when it is whole")
    first: int = Field(description="number of the first row; older ones ran out of their time")
    last: int = Field(description="number of the last row that follows from those before it")
    head: str | None = Field(description="to be noted elsewhere, and handed in as `head` later")

    model_config = example(
        {
            "is_whole": True,
            "fault": "",
            "first": 1,
            "last": 17,
            "head": "17:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        }
    )
