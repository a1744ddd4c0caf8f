"""What may change within a major version: optional fields may be added, nothing else.

Works on two JSON Schemas of one message, the old one and the new one.
"""

from collections.abc import Iterator
from typing import Any

SILENT = frozenset({"title", "description", "examples", "$id", "$schema", "$defs"})
"""Keywords that say nothing about the bytes."""


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """One sentence per change that a reader or writer of the old schema would not survive."""
    return list(_compare("message", _inline(old, old), _inline(new, new)))


def _compare(where: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        if "properties" in old and "properties" in new:
            yield from _compare_fields(where, old, new)
        else:
            yield from _compare_keywords(where, old, new)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for position, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _compare(f"{where}[{position}]", before, after)
    elif old != new:
        yield f"{where}: changed from {old!r} to {new!r}"


def _compare_fields(where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    before, after = old["properties"], new["properties"]
    was, now = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(before.keys() - after.keys()):
        yield f"{where}.{name}: removed"
    for name in sorted((after.keys() - before.keys()) & now):
        yield f"{where}.{name}: added as required"
    for name in sorted(before.keys() & after.keys()):
        if (name in was) != (name in now):
            change = "became required" if name in now else "became optional"
            yield f"{where}.{name}: {change}"
        yield from _compare(f"{where}.{name}", before[name], after[name])
    rest = {"properties", "required"}
    yield from _compare_keywords(where, _without(old, rest), _without(new, rest))


def _compare_keywords(where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for keyword in sorted((old.keys() | new.keys()) - SILENT):
        if keyword not in new:
            yield f"{where}: {keyword} {old[keyword]!r} removed"
        elif keyword not in old:
            yield f"{where}: {keyword} {new[keyword]!r} added"
        elif keyword == "default":
            if old[keyword] != new[keyword] and not isinstance(new[keyword], dict):
                yield f"{where}: default changed from {old[keyword]!r} to {new[keyword]!r}"
        else:
            yield from _compare(f"{where}/{keyword}", old[keyword], new[keyword])


def _without(schema: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name not in names}


def _inline(node: Any, root: dict[str, Any]) -> Any:
    """The schema with its local references written out. Our messages do not recurse."""
    if isinstance(node, list):
        return [_inline(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref", "")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        target = root["$defs"][reference.removeprefix("#/$defs/")]
        return _inline({**target, **_without(node, {"$ref"})}, root)
    return {name: _inline(value, root) for name, value in node.items() if name != "$defs"}
