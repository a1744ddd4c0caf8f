"""A stateful handler that counts clips by source."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schemas import groups
from schemas.base import Message
from schemas.codec import encode
from schemas.judgements import ClipJudged
from schemas.policies import PolicySet
from schemas.topics import JUDGEMENTS, POLICIES, SCORES, SOURCES, Topic
from services.chassis.clock import ManualClock
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.memory_stream import Kept, MemoryStream
from services.chassis.streaming.records import Outgoing, Record, Tombstone
from tests.builders import judged, scored, source

GROUP = groups.episodes()
TOPICS = [JUDGEMENTS, POLICIES, SOURCES]
QUIET_FOR = timedelta(seconds=10)


@dataclass(frozen=True)
class Count:
    """How many clips of a source there were, the last one's index, the policies it has."""

    clips: int = 0
    next_index: int = 0
    muted: tuple[str, ...] = ()
    closed: bool = False


class Counting:
    """Scores each clip once; a tombstone of the source removes the state; ticks close it."""

    def __init__(self, poison: int | None = None, bug: int | None = None) -> None:
        self.poison, self.bug = poison, bug
        self.packed = 0

    def unpack(self, packed: bytes) -> Count:
        content = json.loads(packed)
        return Count(**{**content, "muted": tuple(content["muted"])})

    def pack(self, state: Count) -> bytes:
        self.packed += 1
        return json.dumps(state.__dict__).encode()

    def __call__(
        self, state: Count | None, record: Record, message: Message | Tombstone
    ) -> tuple[Count | None, Iterable[Outgoing]]:
        state = state or Count()
        if isinstance(message, Tombstone):
            return (None if message.topic == SOURCES else replace(state, muted=())), ()
        if isinstance(message, PolicySet):
            return replace(state, muted=message.muted), ()
        assert isinstance(message, ClipJudged)
        return self._score(state, record, message)

    def _score(
        self, state: Count, record: Record, message: ClipJudged
    ) -> tuple[Count, Iterable[Outgoing]]:
        index = message.clips[0].index
        if index == self.poison:
            raise InvalidMessage("poison")
        if index == self.bug:
            raise ZeroDivisionError("a bug")
        answer = scored(index, calibrated=min(state.clips / 1000, 1), source_id=message.source_id)
        outputs = [Outgoing(SCORES, answer, record.headers)]
        if index < state.next_index:
            return state, ()
        return replace(state, clips=state.clips + 1, next_index=index + 1), outputs

    def tick(self, state: Count, now: datetime) -> tuple[Count | None, Iterable[Outgoing]]:
        if state.closed or now < ManualClock().now() + QUIET_FOR:
            return state, ()
        return replace(state, closed=True), ()


def stream(
    broker: MemoryBroker,
    kept: Kept | None = None,
    step: Counting | None = None,
    clock: ManualClock | None = None,
) -> MemoryStream:
    return MemoryStream(
        broker, GROUP, TOPICS, step or Counting(), kept or Kept(), clock or ManualClock()
    )


def put(broker: MemoryBroker, topic: Topic, *messages: Message) -> None:
    for message in messages:
        broker.append(topic.name, message.key.encode(), encode(message))


def put_judgements(broker: MemoryBroker, count: int, sources: int = 3, start: int = 0) -> None:
    for n in range(start, start + count):
        put(broker, JUDGEMENTS, judged(n // sources, source_id=source(n % sources)))


def clips(kept: Kept) -> dict[str, int]:
    return {key.decode(): json.loads(state)["clips"] for (_, key), state in kept.changelog.items()}
