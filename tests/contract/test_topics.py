"""Laws of the registry."""

import re
from collections import Counter
from itertools import chain

import pytest
from pydantic_core import PydanticUndefined

from schemas import documents
from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.deadletters import DeadLetter
from schemas.topics import DAY_MS, TOPICS, Topic, dead_letters

SERVICES = {"ingest", "features", "scoring", "alerts", "api", "reextraction"}
NAME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*\.v[1-9][0-9]*")
every_topic = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)


def leaves(kind: type[Message] = Message) -> set[type[Message]]:
    """Every message class of the package that has a type name, thus can be sent."""
    found = set(chain.from_iterable(leaves(child) for child in kind.__subclasses__()))
    named = kind.model_fields["type"].default is not PydanticUndefined
    return found | ({kind} if named and kind.__module__.startswith("schemas.") else set())


def test_names_are_unique() -> None:
    names = [topic.name for topic in documents.all_topics()]
    assert len(set(names)) == len(names)


def test_type_names_are_unique() -> None:
    names = [message.type_name() for message in leaves()]
    assert len(set(names)) == len(names)


def test_every_message_travels_on_a_topic() -> None:
    assert leaves() == set(documents.all_messages())


def test_a_message_travels_on_one_topic_only_but_clips_which_have_a_lane_each() -> None:
    sent = Counter(message for topic in TOPICS for message in topic.messages)
    assert [message for message, topics in sent.items() if topics > 1] == [ClipRecorded]


@every_topic
def test_the_name_ends_in_the_major_version_and_the_types_agree(topic: Topic) -> None:
    assert NAME.fullmatch(topic.name)
    major = topic.name.rsplit(".", 1)[1]
    assert all(message.type_name().endswith(f".{major}") for message in topic.messages)


@every_topic
def test_somebody_writes_it_and_somebody_reads_it(topic: Topic) -> None:
    assert topic.producers
    assert topic.consumers
    parties = {name.split(".")[0] for name in (*topic.producers, *topic.consumers)}
    assert parties <= SERVICES


@every_topic
def test_the_key_is_a_required_field_of_every_message(topic: Topic) -> None:
    for message in topic.messages:
        assert topic.key == message.KEY
        assert message.model_fields[topic.key].is_required()


@every_topic
def test_it_is_kept_for_a_stated_time_and_described(topic: Topic) -> None:
    assert 0 < topic.retention_ms <= 90 * DAY_MS
    kept = "delete.retention.ms" if topic.is_compacted else "retention.ms"
    assert int(topic.config[kept]) == topic.retention_ms
    assert topic.description.endswith(".")


@every_topic
def test_clips_are_bounded_in_bytes_too(topic: Topic) -> None:
    if topic.name.startswith("clips."):
        assert topic.retention_bytes > topic.max_message_bytes


@every_topic
def test_the_dead_letter_twin_has_room_for_the_largest_record(topic: Topic) -> None:
    twin = dead_letters(topic)
    assert twin.name == topic.dead_letter_name == f"{topic.name}.dlq"
    assert twin.messages == (DeadLetter,)
    assert twin.max_message_bytes > topic.max_message_bytes
    assert twin.retention_ms == 7 * DAY_MS
    assert twin.producers == (topic.consumers[0],)
