"""A compacted topic as a table in memory."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from schemas.base import Message
from schemas.sources import SourceConfigured
from schemas.topics import SOURCES
from services.chassis.errors import TransientError
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Outgoing
from tests.builders import source

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
PATIENCE_S = 30.0


def configured(number: int, name: str = "door") -> SourceConfigured:
    return SourceConfigured(
        source_id=source(number),
        source_kind="camera",
        name=name,
        origin_at=NOON,
        configured_at=NOON,
    )


class Heard:
    """What a subscriber heard, in order."""

    def __init__(self) -> None:
        self.items: list[tuple[str, Message | None]] = []
        self._changed = threading.Condition()

    def __call__(self, key: str, message: Message | None) -> None:
        with self._changed:
            self.items.append((key, message))
            self._changed.notify_all()

    def wait_for(self, item: tuple[str, Message | None]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: item in self.items, PATIENCE_S)


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker([SOURCES])


@pytest.fixture
def view(broker: MemoryBroker) -> Iterator[CompactedView]:
    view = CompactedView(broker, SOURCES)
    yield view
    view.stop()
    view.raise_failure()


def put(broker: MemoryBroker, *messages: SourceConfigured) -> None:
    publisher = broker.publisher("api")
    for message in messages:
        publisher.publish(Outgoing(SOURCES, message))
    publisher.flush()


def remove(broker: MemoryBroker, number: int) -> None:
    publisher = broker.publisher("api")
    publisher.publish(Outgoing(SOURCES, None, key=str(source(number))))
    publisher.flush()


def test_once_ready_it_has_the_latest_of_every_key(
    broker: MemoryBroker, view: CompactedView
) -> None:
    put(broker, *(configured(number) for number in range(50)), configured(7, "window"))
    remove(broker, 8)
    view.start()
    view.wait_ready(PATIENCE_S)
    assert len(view.values()) == 49
    assert view.get(str(source(7))) == configured(7, "window")
    assert view.get(str(source(8))) is None
    assert view.get("nobody") is None


def test_an_empty_topic_is_ready_at_once(view: CompactedView) -> None:
    view.start()
    view.wait_ready(PATIENCE_S)
    assert view.values() == ()


def test_subscribers_hear_of_the_past_and_of_what_follows(
    broker: MemoryBroker, view: CompactedView
) -> None:
    put(broker, configured(1))
    remove(broker, 2)
    early, late = Heard(), Heard()
    view.subscribe(early)
    view.start()
    view.wait_ready(PATIENCE_S)
    assert dict(early.items) == {str(source(1)): configured(1), str(source(2)): None}
    view.subscribe(late)
    assert late.items == [(str(source(1)), configured(1))]
    put(broker, configured(3))
    remove(broker, 1)
    for heard in (early, late):
        heard.wait_for((str(source(1)), None))
        heard.wait_for((str(source(3)), configured(3)))
    assert list(view.values()) == [configured(3)]


def test_a_record_that_is_no_message_changes_nothing(
    broker: MemoryBroker, view: CompactedView
) -> None:
    put(broker, configured(1))
    broker.append(SOURCES.name, str(source(1)).encode(), b"rubbish")
    view.start()
    view.wait_ready(PATIENCE_S)
    assert view.get(str(source(1))) == configured(1)


def test_a_subscriber_that_breaks_is_no_secret(broker: MemoryBroker) -> None:
    def broken(_: str, __: Message | None) -> None:
        raise ValueError("a bug")

    put(broker, configured(1))
    view, failed = CompactedView(broker, SOURCES), threading.Event()
    view.subscribe(broken)
    view.start(failed.set)
    assert failed.wait(PATIENCE_S)
    with pytest.raises(ValueError, match="a bug"):
        view.wait_ready(PATIENCE_S)
    view.stop()


def test_what_cannot_be_read_in_time_is_transient(view: CompactedView) -> None:
    with pytest.raises(TransientError, match=r"sources\.v1 could not be read within 0 s"):
        view.wait_ready(0)
