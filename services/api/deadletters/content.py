"""What may be shown of a record that nobody could use: its message, no bytes or secrets. Pure."""

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import msgpack

from schemas.deadletters import DeadLetter

HIDDEN = "(not shown)"
SECRET = ("secret", "password", "credential", "token", "ticket", "sealed", "signature", "auth")
"""A field whose name has one of these in it is not shown, whatever it holds."""

DEEPEST, MOST_ITEMS, MOST_CHARS = 8, 50, 2_000


def shown(letter: DeadLetter) -> dict[str, Any]:
    """The fields of a view that the letter's record fills."""
    value = letter.record_value
    return {
        "key": None if letter.record_key is None else _text(letter.record_key),
        "headers": {
            name: HIDDEN if _is_secret(name) else _text(text)
            for name, text in letter.record_headers.items()
        },
        "sha256": None if value is None else hashlib.sha256(value).hexdigest(),
        "content": content_of(value),
    }


def content_of(value: bytes | None) -> dict[str, Any] | None:
    """None for what is no map of msgpack."""
    try:
        content = msgpack.unpackb(value or b"", raw=False, strict_map_key=False)
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException):
        return None
    return _map(content, 0) if isinstance(content, dict) else None


def _map(content: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    return {
        str(name)[:MOST_CHARS]: HIDDEN if _is_secret(str(name)) else _plain(value, depth + 1)
        for name, value in list(content.items())[:MOST_ITEMS]
    }


def _plain(value: Any, depth: int) -> Any:
    """What JSON knows, of bounded size."""
    if depth > DEEPEST:
        return "…"
    match value:
        case dict():
            return _map(value, depth)
        case list():
            more = [f"… {len(value) - MOST_ITEMS} more"] if len(value) > MOST_ITEMS else []
            return [*(_plain(each, depth + 1) for each in value[:MOST_ITEMS]), *more]
        case bytes():
            return f"{len(value)} bytes"
        case float() if not math.isfinite(value):
            return str(value)
        case str() | bool() | int() | float() | None:
            return value[:MOST_CHARS] if isinstance(value, str) else value
    return type(value).__name__


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")[:MOST_CHARS]
