"""A view shows the latest of each key, from the first moment it is ready."""

import threading
from datetime import UTC, datetime

import pytest

from schemas.base import Message
from schemas.policies import PolicySet
from schemas.topics import EMBEDDINGS, POLICIES
from services.chassis.errors import TransientError
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Outgoing
from tests.builders import source

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def policy(number: int, *muted: str) -> PolicySet:
    return PolicySet(source_id=source(number), muted=muted, set_at=NOW)


class Heard:
    """What a subscriber was called with; `wait` for so many calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Message | None]] = []
        self._changed = threading.Condition()

    def __call__(self, key: str, message: Message | None) -> None:
        with self._changed:
            self.calls.append((key, message))
            self._changed.notify_all()

    def wait(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.calls) >= count, 60)


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker([POLICIES, EMBEDDINGS])


def put(broker: MemoryBroker, number: int, message: PolicySet | None) -> None:
    publisher = broker.publisher("api")
    publisher.publish(Outgoing(POLICIES, message, key=str(source(number))))


@pytest.fixture
def view(broker: MemoryBroker) -> CompactedView:
    return CompactedView(broker, POLICIES)


def test_it_is_ready_with_the_latest_of_each_key(broker: MemoryBroker, view: CompactedView) -> None:
    for muted in ("a", "b"):
        put(broker, 1, policy(1, muted))
    put(broker, 2, policy(2))
    put(broker, 3, policy(3))
    put(broker, 3, None)
    view.start().wait_ready()
    assert view.get(str(source(1))) == policy(1, "b")
    assert view.get(str(source(3))) is None
    assert len(view.values()) == 2
    view.stop()


def test_what_changes_is_heard_and_shown(broker: MemoryBroker, view: CompactedView) -> None:
    put(broker, 1, policy(1))
    view.start().wait_ready()
    heard = Heard()
    view.subscribe(heard)
    put(broker, 1, policy(1, "a"))
    put(broker, 1, None)
    heard.wait(3)
    key = str(source(1))
    assert heard.calls == [(key, policy(1)), (key, policy(1, "a")), (key, None)]
    assert view.values() == []
    view.stop()


def test_an_empty_topic_is_ready_at_once(view: CompactedView) -> None:
    view.start().wait_ready()
    assert view.values() == []
    view.stop()


def test_a_compacted_log_is_read_like_a_whole_one(
    broker: MemoryBroker, view: CompactedView
) -> None:
    for n in range(20):
        put(broker, n % 2, policy(n % 2, str(n)))
    broker.compact(POLICIES)
    view.start().wait_ready()
    found = {one.key: one for one in view.values()}
    assert found == {str(source(n % 2)): policy(n % 2, str(n)) for n in (18, 19)}
    view.stop()


def test_what_cannot_be_read_leaves_the_former_value(
    broker: MemoryBroker, view: CompactedView
) -> None:
    put(broker, 1, policy(1))
    broker.append(POLICIES.name, str(source(1)).encode(), b"\xc1")
    broker.append(POLICIES.name, None, b"\xc1")
    view.start().wait_ready()
    assert view.get(str(source(1))) == policy(1)
    view.stop()


def test_a_topic_that_keeps_all_for_a_time_has_no_view(broker: MemoryBroker) -> None:
    with pytest.raises(ValueError, match="not compacted"):
        CompactedView(broker, EMBEDDINGS)


def test_kafka_away_reaches_whoever_waits(broker: MemoryBroker, view: CompactedView) -> None:
    broker.fail("ask", TransientError("away"))
    view.start()
    with pytest.raises(TransientError, match="away"):
        view.wait_ready()
    view.stop()
