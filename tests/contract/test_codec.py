"""Whatever the bytes: a message of the topic or DecodeError, never anything else."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import documents
from schemas.base import Message
from schemas.codec import DecodeError, decode, encode
from schemas.samples import samples
from schemas.topics import SCORES, TOPICS, VIDEOS, Topic
from schemas.videos import VideoSubmitted

SAMPLES = samples()
PAIRS = [
    (topic, sample)
    for topic in documents.all_topics()
    for sample in SAMPLES
    if type(sample) in topic.messages
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text()
    | st.binary()
    | st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1e999"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


def read(topic: Topic, payload: bytes | None) -> Message | None:
    """The message, or nothing when the codec refuses in one line. Anything else propagates."""
    try:
        message = decode(topic, payload)
    except DecodeError as error:
        reason = str(error)
    else:
        assert type(message) in topic.messages
        return message
    assert reason.strip()
    assert len(reason) < 2000
    return None


@pytest.mark.parametrize(("topic", "sample"), PAIRS, ids=lambda one: getattr(one, "name", ""))
def test_a_message_survives_the_round_trip(topic: Topic, sample: Message) -> None:
    assert decode(topic, encode(sample)) == sample


@pytest.mark.parametrize(("topic", "sample"), PAIRS, ids=lambda one: getattr(one, "name", ""))
def test_unknown_keys_are_ignored(topic: Topic, sample: Message) -> None:
    payload = msgpack.packb({**sample.wire(), "from_the_future": {"x": [1, b"2"]}})
    assert decode(topic, payload) == sample


def test_absent_options_are_left_out_of_the_bytes() -> None:
    submitted = next(sample for sample in SAMPLES if isinstance(sample, VideoSubmitted))
    assert None not in submitted.wire().values()


@given(st.sampled_from(TOPICS), st.binary(max_size=400))
def test_random_bytes_are_refused(topic: Topic, payload: bytes) -> None:
    assert read(topic, payload) is None


@given(st.sampled_from(TOPICS), VALUES)
def test_random_values_are_refused(topic: Topic, value: Any) -> None:
    assert read(topic, msgpack.packb(value)) is None


@given(st.data())
def test_a_payload_with_changed_bytes_is_read_or_refused(data: st.DataObject) -> None:
    topic, sample = data.draw(st.sampled_from(PAIRS))
    payload = bytearray(encode(sample))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    read(topic, bytes(payload))


@given(st.data())
def test_a_truncated_payload_is_refused(data: st.DataObject) -> None:
    topic, sample = data.draw(st.sampled_from(PAIRS))
    payload = encode(sample)
    assert read(topic, payload[: data.draw(st.integers(0, len(payload) - 1))]) is None


@given(st.data())
def test_a_field_of_any_value_is_read_or_refused(data: st.DataObject) -> None:
    topic, sample = data.draw(st.sampled_from(PAIRS))
    content = sample.wire()
    content[data.draw(st.sampled_from(sorted(content)))] = data.draw(VALUES)
    read(topic, msgpack.packb(content))


@given(st.data())
def test_what_was_read_can_be_sent_on_and_read_again(data: st.DataObject) -> None:
    topic, sample = data.draw(st.sampled_from(PAIRS))
    content = sample.wire()
    content[data.draw(st.sampled_from(sorted(content)))] = data.draw(SCALARS)
    message = read(topic, msgpack.packb(content))
    if message is not None:
        assert decode(topic, encode(message)) == message


REFUSED: dict[str, bytes | None] = {
    "no value": None,
    "no bytes": b"",
    "a number": b"\x07",
    "a list": msgpack.packb([1, 2]),
    "a map with no type": msgpack.packb({"video_id": "x"}),
    "a map with numbers as keys": msgpack.packb({1: 2}),
    "the reserved byte": b"\xc1",
    "a very deep list": b"\x91" * 5000 + b"\xc0",
    "a length that is not there": b"\xdd\xff\xff\xff\xff",
    "a huge type name": msgpack.packb({"type": "x" * 100_000}),
    "a type that is a list": msgpack.packb({"type": [1]}),
    "text that is not UTF-8": b"\x81\xa4type\xa2\xff\xfe",
    "a time stamp past the end of time": b"\x81\xa4type\xc7\x0c\xff" + b"\xff" * 12,
    "two values": msgpack.packb({}) * 2,
}


@pytest.mark.parametrize("name", REFUSED)
def test_this_is_refused(name: str) -> None:
    assert read(SCORES, REFUSED[name]) is None


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_has_no_utc_is_refused(moment: str) -> None:
    submitted = next(sample for sample in SAMPLES if isinstance(sample, VideoSubmitted))
    payload = msgpack.packb({**submitted.wire(), "submitted_at": moment})
    assert read(VIDEOS, payload) is None


@given(st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)))  # noqa: DTZ001
def test_times_are_read_in_any_zone_and_kept_in_utc(naive: datetime) -> None:
    submitted = next(sample for sample in SAMPLES if isinstance(sample, VideoSubmitted))
    moment = naive.replace(tzinfo=timezone(timedelta(hours=9)))
    payload = msgpack.packb({**submitted.wire(), "submitted_at": moment.isoformat()})
    message = decode(VIDEOS, payload)
    assert isinstance(message, VideoSubmitted)
    assert message.submitted_at == moment
    assert message.submitted_at.tzinfo is UTC
