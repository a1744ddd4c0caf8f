"""The value types of streaming: what came from Kafka, and what shall go there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from schemas.base import Message
from schemas.topics import Topic

Headers = Mapping[str, bytes]


class Partition(NamedTuple):
    topic: str
    number: int


@dataclass(frozen=True)
class Record:
    """One record as it lies on the log."""

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = field(default_factory=dict)


@dataclass(frozen=True)
class Incoming:
    """A decoded record. `prepared` is whatever the handler's `prepare` made of it."""

    record: Record
    message: Message
    prepared: Any = None


@dataclass(frozen=True)
class Outgoing:
    """A message for a topic. `parent` are the headers of the record that caused it."""

    topic: Topic
    message: Message
    parent: Headers = field(default_factory=dict)
