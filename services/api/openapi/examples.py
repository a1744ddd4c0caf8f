"""Examples for the OpenAPI document: of what no model gives by itself, made of its type.

An example that a model or parameter was given stays, and is used wherever the model is.
"""

from collections.abc import Mapping
from typing import Any

from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN

Schema = dict[str, Any]
DEEPEST = 8
"""A model that holds itself ends there."""

OF_FORMAT: Mapping[str, Any] = {
    "uuid": EXAMPLE_ID,
    "date-time": EXAMPLE_WHEN,
    "date": "2026-05-01",
    "time": "22:00:00",
    "duration": "PT1H",
    "email": "night@shop.example",
    "uri": "https://shop.example/hook",
    "binary": "",
    "password": "correct horse battery staple",
}
OF_NAME: Mapping[str, Any] = {
    "cursor": None,
    "filename": "till.mp4",
    "next": None,
    "recorded_at": EXAMPLE_WHEN,
    "time_zone": "Europe/Berlin",
    "username": "admin",
}


class Examples:
    """Makes examples of the schemas of one document."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas

    def of(self, schema: Schema, name: str = "", depth: int = 0) -> Any:
        """A value that the schema allows, as far as its type alone says; `name` is what it is the
        value of.
        """
        if "$ref" in schema:
            return self.of(self._schemas[schema["$ref"].rpartition("/")[2]], name, depth)
        if schema.get("examples"):
            return self._completed(schema, schema["examples"][0], depth)
        if schema.get("enum"):
            return schema["enum"][0]
        if "const" in schema:
            return schema["const"]
        if schema.get("default") is not None:
            return schema["default"]
        return self._by_type(schema, name, depth)

    def _by_type(self, schema: Schema, name: str, depth: int) -> Any:
        choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if choices:
            if name in OF_NAME and _may_be_null(schema):
                return OF_NAME[name]
            fitting = [choice for choice in choices if choice.get("type") != "null"]
            return self.of(fitting[0], name, depth)
        match schema.get("type"):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "string":
                return _text(schema, name)
            case "integer" | "number":
                return _number(schema)
            case "boolean":
                return True
        return None

    def _object(self, schema: Schema, depth: int) -> Any:
        if depth > DEEPEST:
            return {}
        fields = schema.get("properties", {})
        return {name: self.of(field, name, depth + 1) for name, field in fields.items()}

    def _completed(self, schema: Schema, example: Any, depth: int) -> Any:
        """With the required fields that it lacks: FastAPI leaves out what is null."""
        if not isinstance(example, dict):
            return example
        fields = schema.get("properties", {})
        lacking = [name for name in schema.get("required", ()) if name not in example]
        return example | {
            name: None if _may_be_null(fields[name]) else self.of(fields[name], name, depth + 1)
            for name in lacking
        }

    def _array(self, schema: Schema, name: str, depth: int) -> Any:
        if depth > DEEPEST:
            return []
        places = [self.of(place, name, depth + 1) for place in schema.get("prefixItems", ())]
        if places or "items" not in schema:
            return places
        count = max(1, schema.get("minItems", 1))
        return [self.of(schema["items"], name, depth + 1) for _ in range(count)]


def _may_be_null(schema: Schema) -> bool:
    return {"type": "null"} in schema.get("anyOf", ())


def _text(schema: Schema, name: str) -> Any:
    if schema.get("format") in OF_FORMAT:
        return OF_FORMAT[schema["format"]]
    text = OF_NAME.get(name) or name or "text"
    return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 200)]


def _number(schema: Schema) -> Any:
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return min(least, schema.get("maximum", least))
