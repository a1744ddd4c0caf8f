"""What all views of the API share: frozen pydantic models, each with an example for OpenAPI."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

EXAMPLE_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
EXAMPLE_WHEN = "2026-05-01T22:00:00Z"


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class OfStore(View):
    """What belongs to a store. What is known from clips alone belongs to none."""

    store_id: UUID | None
    store: str | None = Field(description="the store's name")


STORE_EXAMPLE = {"store_id": "7c9e6679-7425-50de-944b-e07fc1f90ae7", "store": "Station Road"}


def example(content: dict[str, Any]) -> ConfigDict:
    return ConfigDict(frozen=True, json_schema_extra={"examples": [content]})
