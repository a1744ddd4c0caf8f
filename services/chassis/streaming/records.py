"""The value types of streaming: what came from Kafka, and what shall go there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from schemas.base import Message
from schemas.topics import Topic

Headers = Mapping[str, bytes]


class Partition(NamedTuple):
    topic: str
    number: int


class Record(NamedTuple):
    """One record as it lies on the log."""

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = MappingProxyType({})


class Verbatim(NamedTuple):
    """A record that is to lie on a topic byte for byte, whether it is one of its messages or not.
    The same key comes to the same partition as ever.
    """

    topic: Topic
    key: bytes | None
    value: bytes | None
    headers: Headers = MappingProxyType({})


@dataclass(frozen=True)
class Tombstone:
    """A record without a value on a compacted topic: its key was removed."""

    topic: Topic
    key: bytes


class Incoming(NamedTuple):
    """A decoded record. `message` is None for the tombstone of a compacted topic: then the
    record's key says whose; and for what a handler did not want. `prepared` is whatever the
    handler's `prepare` made of the message.

    `again` is true for a record that was handled before this start or takeover: it is to be taken
    into the state, and nothing is to be put out for it.
    """

    record: Record
    message: Message | None
    prepared: Any = None
    again: bool = False


@dataclass(frozen=True)
class Outgoing:
    """A message for a topic. `parent` are the headers of the record that caused it.

    Without a message it is a tombstone for `key`, which removes that key from a compacted topic.
    """

    topic: Topic
    message: Message | None
    parent: Headers = field(default_factory=dict)
    key: str | None = None

    def __post_init__(self) -> None:
        if self.message is None and (self.key is None or not self.topic.is_compacted):
            raise ValueError(
                f"a tombstone needs a key and a compacted topic, not {self.topic.name}"
            )

    @property
    def record_key(self) -> bytes:
        """The key of the record on Kafka: order is kept among equal keys."""
        key = self.key if self.message is None else self.message.key
        assert key is not None
        return key.encode()
