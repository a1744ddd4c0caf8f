"""Kafka headers are CloudEvents 1.0 attributes and a W3C trace context."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from schemas.base import Message
from schemas.samples import samples
from services.chassis.streaming.headers import headers_for

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def headers(message: Message, now: datetime = NOW, parent: bytes | None = None) -> dict[str, str]:
    made = headers_for(message, "ingest", now, {"traceparent": parent} if parent else {})
    return {name: value.decode("ascii") for name, value in made.items()}


@pytest.mark.parametrize("message", samples(), ids=lambda message: message.type)
def test_the_required_attributes_are_there_and_well_formed(message: Message) -> None:
    made = headers(message)
    assert made["ce_specversion"] == "1.0"
    assert made["ce_type"] == message.type
    assert made["ce_source"] == "/nightclerk/ingest"
    assert UUID(made["ce_id"]).version == 5
    assert datetime.fromisoformat(made["ce_time"]) == NOW
    assert made["content-type"] == "application/msgpack"
    assert TRACEPARENT.fullmatch(made["traceparent"])


@pytest.mark.parametrize("message", samples(), ids=lambda message: message.type)
def test_the_same_fact_has_the_same_id_whenever_it_is_told(message: Message) -> None:
    later = NOW + timedelta(days=1)
    assert headers(message)["ce_id"] == headers(message.model_copy(), later)["ce_id"]


def test_different_facts_have_different_ids() -> None:
    ids = [headers(message)["ce_id"] for message in samples()]
    assert len(set(ids)) == len(ids)


def test_a_trace_goes_on_in_a_new_span() -> None:
    parent = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    made = headers(samples()[0], parent=parent)["traceparent"]
    assert made.startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert made != parent.decode()


@pytest.mark.parametrize("parent", [b"", b"rubbish", b"00-0AF7-b7-01", b"\xff\xfe"])
def test_a_trace_that_cannot_be_read_starts_anew(parent: bytes) -> None:
    assert TRACEPARENT.fullmatch(headers(samples()[0], parent=parent)["traceparent"])
