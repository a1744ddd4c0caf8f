"""Within a major version only optional fields may be added."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas import documents, generate
from schemas.base import Message
from schemas.evolution import breaking_changes

Schema = dict[str, Any]
BASE: Schema = {
    "title": "Thing",
    "type": "object",
    "$defs": {
        "Inner": {
            "type": "object",
            "properties": {"a": {"type": "integer", "default": 1}, "b": {"type": "string"}},
            "required": ["b"],
        }
    },
    "properties": {
        "type": {"const": "thing.v1", "type": "string"},
        "size": {"type": "integer", "minimum": 0, "description": "bytes"},
        "kind": {"enum": ["x", "y"], "default": "x"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "inner": {"$ref": "#/$defs/Inner"},
        "many": {"type": "array", "items": {"$ref": "#/$defs/Inner"}},
    },
    "required": ["type", "size", "inner"],
}


def changed(change: Callable[[Schema], object]) -> Schema:
    schema = copy.deepcopy(BASE)
    change(schema)
    return schema


ALLOWED: dict[str, Callable[[Schema], object]] = {
    "nothing changed": lambda s: s.copy(),
    "an optional field was added": lambda s: s["properties"].update(extra={"type": "string"}),
    "an optional field was added inside": lambda s: s["$defs"]["Inner"]["properties"].update(
        c={"type": "number", "default": 0.0}
    ),
    "a description changed": lambda s: s["properties"]["size"].update(description="octets"),
    "a description was dropped": lambda s: s["properties"]["size"].pop("description"),
    "the class has another name": lambda s: s.update(title="Item"),
    "a nested type moved into place": lambda s: s["properties"].update(
        inner=copy.deepcopy(s["$defs"]["Inner"])
    ),
}
BREAKING: dict[str, tuple[Callable[[Schema], object], str]] = {
    "a field was removed": (lambda s: s["properties"].pop("note"), "message.note: removed"),
    "a required field was added": (
        lambda s: (s["properties"].update(new={"type": "string"}), s["required"].append("new")),
        "message.new: added as required",
    ),
    "an optional field became required": (
        lambda s: s["required"].append("note"),
        "message.note: became required",
    ),
    "a required field became optional": (
        lambda s: s["required"].remove("size"),
        "message.size: became optional",
    ),
    "a type changed": (
        lambda s: s["properties"]["size"].update(type="number"),
        "message.size/type: changed from 'integer' to 'number'",
    ),
    "a bound was added": (
        lambda s: s["properties"]["size"].update(maximum=9),
        "message.size: maximum 9 added",
    ),
    "a bound was dropped": (
        lambda s: s["properties"]["size"].pop("minimum"),
        "message.size: minimum 0 removed",
    ),
    "an enumeration grew": (
        lambda s: s["properties"]["kind"]["enum"].append("z"),
        "message.kind/enum: changed from ['x', 'y'] to ['x', 'y', 'z']",
    ),
    "a default changed": (
        lambda s: s["properties"]["kind"].update(default="y"),
        "message.kind: default changed from 'x' to 'y'",
    ),
    "null is no longer allowed": (
        lambda s: s["properties"]["note"]["anyOf"].pop(),
        "message.note/anyOf: changed from",
    ),
    "a field inside was removed": (
        lambda s: s["$defs"]["Inner"]["properties"].pop("a"),
        "message.inner.a: removed",
    ),
    "a field inside a list changed": (
        lambda s: s["properties"]["many"].update(items={"type": "string"}),
        "message.many/items: ",
    ),
    "the type name changed": (
        lambda s: s["properties"]["type"].update(const="thing.v2"),
        "message.type/const: changed",
    ),
    "unknown keys are refused": (
        lambda s: s.update(additionalProperties=False),
        "message: additionalProperties False added",
    ),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_this_change_is_allowed(name: str) -> None:
    assert breaking_changes(BASE, changed(ALLOWED[name])) == []


@pytest.mark.parametrize("name", BREAKING)
def test_this_change_breaks(name: str) -> None:
    change, told = BREAKING[name]
    assert any(line.startswith(told) for line in breaking_changes(BASE, changed(change)))


@pytest.mark.parametrize(
    "message", documents.all_messages(), ids=lambda message: message.type_name()
)
def test_the_class_does_not_break_its_committed_schema(message: type[Message]) -> None:
    path = generate.HERE / "json" / f"{message.type_name()}.json"
    committed = json.loads(path.read_text("utf-8"))
    assert breaking_changes(committed, documents.json_schema(message)) == []


def test_the_generator_refuses_to_overwrite_what_the_classes_would_break(tmp_path: Path) -> None:
    for path in (generate.HERE / "json").glob("*.json"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    assert generate.refusals(tmp_path) == []
    scored = tmp_path / "nightclerk.clip.scored.v1.json"
    schema = json.loads(scored.read_text("utf-8"))
    schema["properties"]["confidence"] = {"type": "number"}
    scored.write_text(json.dumps(schema), "utf-8")
    assert generate.refusals(tmp_path) == ["nightclerk.clip.scored.v1: message.confidence: removed"]
