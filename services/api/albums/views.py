"""What the API takes and gives of albums."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from schemas.clips import SourceKind
from services.api.moments import Moment
from services.api.tables import NAME_CHARS, SENTENCE_CHARS
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, View, example

_ALBUM = "7c9e6679-7425-50de-944b-e07fc1f90ae7"
NEXT = "ask again with `cursor` of this; null at the end"


class AlbumEntry(BaseModel):
    """An album to be made."""

    name: str = Field(min_length=1, max_length=NAME_CHARS)
    is_shared: bool = Field(default=False, description="everybody of the chain sees it")

    model_config = example({"name": "Shoplifting, May", "is_shared": True})


class AlbumChange(BaseModel):
    """What is given is changed."""

    name: str | None = Field(default=None, min_length=1, max_length=NAME_CHARS)
    is_shared: bool | None = None

    model_config = example({"name": "Shoplifting, May and June"})


class AlbumView(View):
    album_id: UUID
    name: str
    is_shared: bool
    owner: str = Field(description="who made it: a mail address, or the name of a key")
    is_mine: bool
    item_count: int = Field(description="of items that one may see")
    created_at: datetime
    changed_at: datetime

    model_config = example(
        {
            "album_id": _ALBUM,
            "name": "Shoplifting, May",
            "is_shared": True,
            "owner": "owner@shop.example",
            "is_mine": True,
            "item_count": 3,
            "created_at": EXAMPLE_WHEN,
            "changed_at": EXAMPLE_WHEN,
        }
    )


class AlbumPage(View):
    items: list[AlbumView]
    next: str | None = Field(description=NEXT)


class AlbumItemEntry(BaseModel):
    """A whole source, or a moment of it: from when to when."""

    source_id: UUID
    from_at: Moment | None = None
    to_at: Moment | None = None
    note: str = Field(default="", max_length=SENTENCE_CHARS)

    model_config = example(
        {
            "source_id": EXAMPLE_ID,
            "from_at": "2026-05-01T22:00:40Z",
            "to_at": "2026-05-01T22:01:10Z",
            "note": "puts it under the coat",
        }
    )

    @model_validator(mode="after")
    def _is_a_moment(self) -> Self:
        if (self.from_at is None) != (self.to_at is None):
            raise ValueError("a moment has from_at and to_at; a whole source neither")
        if self.from_at and self.to_at and self.to_at <= self.from_at:
            raise ValueError("to_at must be later than from_at")
        return self


class AlbumItemChange(BaseModel):
    """What is given is changed. `before` moves it: before that item, or, with null, to the end."""

    note: str | None = Field(default=None, max_length=SENTENCE_CHARS)
    before: UUID | None = None

    model_config = example({"note": "puts it under the coat", "before": None})


class AlbumItemView(View):
    item_id: UUID
    source_id: UUID
    source_kind: SourceKind
    source_name: str
    from_at: datetime | None = Field(description="null, as the next: the whole source")
    to_at: datetime | None
    note: str
    added_by: str
    added_at: datetime

    model_config = example(
        {
            "item_id": _ALBUM,
            "source_id": EXAMPLE_ID,
            "source_kind": "camera",
            "source_name": "Till 1",
            "from_at": "2026-05-01T22:00:40Z",
            "to_at": "2026-05-01T22:01:10Z",
            "note": "puts it under the coat",
            "added_by": "owner@shop.example",
            "added_at": EXAMPLE_WHEN,
        }
    )


class AlbumItemPage(View):
    items: list[AlbumItemView]
    next: str | None = Field(description=NEXT)
