"""What all views of the API share: frozen pydantic models, each with an example for OpenAPI."""

from typing import Any

from pydantic import BaseModel, ConfigDict

EXAMPLE_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
EXAMPLE_WHEN = "2026-05-01T22:00:00Z"


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


def example(content: dict[str, Any]) -> ConfigDict:
    return ConfigDict(frozen=True, json_schema_extra={"examples": [content]})
