"""Kafka headers: CloudEvents attributes and the W3C trace context.

CloudEvents Kafka binding 1.0.2 (binary mode), https://www.w3.org/TR/trace-context/ version 00.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from random import getrandbits

from schemas.base import Message
from schemas.codec import encode
from schemas.ids import event_id
from services.chassis.streaming.records import Headers, Outgoing

TELLING_BYTES = 4096
_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")


def headers_for(
    message: Message, source: str, now: datetime, parent: Headers, value: bytes | None = None
) -> dict[str, bytes]:
    """Headers of a message made by service `source` because of a record with headers `parent`.

    `value` is the encoded message, where it is at hand already.
    """
    type_name = message.type_name()
    identity = event_id(type_name, *_telling(encode(message) if value is None else value))
    return {
        **_constant(type_name, source, now),
        "ce_id": str(identity).encode(),
        "content-type": b"application/msgpack",
        "traceparent": continue_trace(parent.get("traceparent")),
    }


def tombstone_headers(outgoing: Outgoing, source: str, now: datetime) -> dict[str, bytes]:
    """Headers of a record without a value. Its event is that a key was removed."""
    type_name = f"{outgoing.topic.messages[0].type_name()}.removed"
    identity = event_id(type_name, outgoing.record_key + now.isoformat().encode())
    return {
        **_constant(type_name, source, now),
        "ce_id": str(identity).encode(),
        "traceparent": continue_trace(outgoing.parent.get("traceparent")),
    }


@lru_cache(maxsize=8)
def _constant(type_name: str, source: str, now: datetime) -> Mapping[str, bytes]:
    """What messages of one type have in common that go out together."""
    return {
        "ce_specversion": b"1.0",
        "ce_type": type_name.encode(),
        "ce_source": f"/nightclerk/{source}".encode(),
        "ce_time": now.isoformat().encode(),
    }


def continue_trace(traceparent: bytes | None) -> bytes:
    """A new span of the same trace; a new trace where there is none that can be read."""
    match = _TRACEPARENT.fullmatch(traceparent or b"")
    trace, flags = match.groups() if match else (b"%032x" % getrandbits(128), b"01")
    return b"00-" + trace + b"-" + b"%016x" % getrandbits(64) + b"-" + flags


def _telling(value: bytes) -> tuple[bytes, ...]:
    """Enough of a message to tell it from others: ids and times stand first, pixels after them."""
    if len(value) <= 2 * TELLING_BYTES:
        return (value,)
    return value[:TELLING_BYTES], value[-TELLING_BYTES:]
