"""Whoever wants nothing fetches nothing: what comes meanwhile counts as read."""

import pytest

from schemas.topics import SCORES
from services.chassis.errors import TransientError
from services.chassis.streaming import consumer
from services.chassis.streaming.broker import Bounds
from services.chassis.streaming.membership import MemoryConsumer
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Partition
from tests.unit.chassis.consuming.harness import (
    Scoring,
    loop,
    put_embeddings,
    running,
    until_read,
)
from tests.waiting import wait_until


class Resting(Scoring):
    """Rests while it is told to."""

    def __init__(self, rests: bool = True) -> None:
        super().__init__()
        self.rests = rests

    def is_resting(self) -> bool:
        return self.rests


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "PASS_EVERY_S", 0.05)


def test_at_rest_nothing_is_handled_and_afterwards_what_comes_from_then_on(
    broker: MemoryBroker,
) -> None:
    put_embeddings(broker, 30)
    handler = Resting()
    with running(loop(broker, handler)):
        until_read(broker)
        assert handler.taken == []
        handler.rests = False
        count = 30

        def is_awake() -> bool:
            nonlocal count
            put_embeddings(broker, 1, start=count)
            count += 1
            return bool(handler.taken)

        wait_until(is_awake)
        put_embeddings(broker, 12, start=count)
        until_read(broker)
    taken = [index for _, index in handler.taken]
    assert min(taken) >= 10  # the 30 of three sources were passed over
    assert len(set(handler.taken)) == len(handler.taken) == len(broker.messages(SCORES))
    assert len(taken) > 12


def test_what_waits_when_rest_begins_is_let_go(broker: MemoryBroker) -> None:
    put_embeddings(broker, 12)
    handler = Resting(rests=False)
    with running(loop(broker, handler)):
        until_read(broker)
        handler.rests = True
        put_embeddings(broker, 300, start=12)
        until_read(broker)
        taken = len(handler.taken)
        put_embeddings(broker, 30, start=312)
        until_read(broker)
    assert len(handler.taken) == taken < 312


def test_at_rest_an_outage_is_waited_out(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, ask, outages = Resting(), MemoryConsumer.bounds, iter(range(3))

    def bounds(one: MemoryConsumer, partition: Partition) -> Bounds:
        if handler.ticked.is_set() and next(outages, None) is not None:
            raise TransientError("Kafka is away")
        return ask(one, partition)

    monkeypatch.setattr(MemoryConsumer, "bounds", bounds)
    with running(loop(broker, handler)) as member:
        assert handler.ticked.wait(30)
        put_embeddings(broker, 30)
        until_read(broker)
        assert member.ready
        assert next(outages, None) is None
    assert handler.taken == []


def test_partitions_come_and_go_at_rest(broker: MemoryBroker) -> None:
    handlers = [Resting(), Resting()]
    with running(loop(broker, handlers[0])):
        put_embeddings(broker, 30)
        until_read(broker)
        with running(loop(broker, handlers[1])):
            put_embeddings(broker, 30, start=30)
            until_read(broker)
        put_embeddings(broker, 30, start=60)
        until_read(broker)
    assert handlers[0].taken == handlers[1].taken == []
