"""msgpack bytes <-> message. The `type` inside the payload says which class of the topic it is."""

import reprlib
from typing import Any

import msgpack
from pydantic import ValidationError

from schemas.base import Message
from schemas.topics import Topic


class DecodeError(ValueError):
    """The bytes are not a message of this topic. The text says why, in one line."""


def encode(message: Message) -> bytes:
    return bytes(msgpack.packb(message.wire(), use_bin_type=True))


def decode(topic: Topic, payload: bytes | None) -> Message:
    """Raises DecodeError for anything that is not one of the topic's messages."""
    content = _unpack(payload)
    for message in topic.messages:
        if content.get("type") == message.type_name():
            return _validate(message, content)
    known = ", ".join(message.type_name() for message in topic.messages)
    raise DecodeError(f"type {reprlib.repr(content.get('type'))} is none of {known}")


def _unpack(payload: bytes | None) -> dict[str, Any]:
    if not payload:
        raise DecodeError("the record has no value")
    try:
        content = msgpack.unpackb(payload, raw=False, strict_map_key=True)
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise DecodeError(f"not msgpack: {error or type(error).__name__}") from error
    if not isinstance(content, dict):
        raise DecodeError(f"a message is a map, this is {type(content).__name__}")
    return content


def _validate(message: type[Message], content: dict[str, Any]) -> Message:
    try:
        return message.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "message"
        raise DecodeError(f"{where}: {first['msg']} ({error.error_count()} faults)") from error
