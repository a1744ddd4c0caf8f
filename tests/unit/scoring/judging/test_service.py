"""The judging service: its memory is the log, and no source holds a partition for ever."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import encode
from schemas.deadletters import DeadLetter
from schemas.judgements import ClipJudged
from schemas.topics import EMBEDDINGS, JUDGEMENTS, dead_letters
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Incoming, Outgoing, Partition, Record
from services.chassis.streaming.worker import Limits
from services.scoring.heads import Head
from services.scoring.judging.core import Seen
from services.scoring.judging.detector import Detector
from services.scoring.judging.following import IDLE_S, FollowingHandler
from services.scoring.judging.live import JudgingHandler
from tests.builders import ORIGIN, source
from tests.checkpoints import card, cosine, judging, mean_head, vector_window
from tests.unit.scoring.judging.test_core import person_head, run, scene_head
from tests.unit.scoring.poses.people import at, standing

GROUP = "judging.live.i3d_k400"
CONTEXT = Detector((mean_head(4),))
ALONE = Detector((Head(cosine(), card(cosine())),))


class Log:
    """One partition, read by handlers in turn as the consume loop reads it."""

    partition = Partition("embeddings.v1", 0)

    def __init__(self, messages: Sequence[Seen]) -> None:
        self._messages = messages
        self.done = self.committed = 0

    def read(self, handler: FollowingHandler, count: int, batch: int = 3) -> list[ClipJudged]:
        """Hand on the records from the commit until `count` new ones were handled."""
        found: list[ClipJudged] = []
        end = min(self.done + count, len(self._messages))
        for start in range(self.committed, end, batch):
            items = self.items(handler, start, min(start + batch, end))
            found += messages(handler.handle(items, Event()))
            handler.settle()
        self.done = end
        self.committed = handler.held().get(self.partition, end)
        return found

    def items(self, handler: FollowingHandler, start: int, end: int) -> list[Incoming]:
        return [self._item(handler, at) for at in range(start, end)]

    def _item(self, handler: FollowingHandler, offset: int) -> Incoming:
        message = self._messages[offset]
        record = Record(self.partition, offset, message.key.encode(), b"")
        return Incoming(record, message, handler.prepare(message), again=offset < self.done)


def messages(outputs: Iterable[Outgoing]) -> list[ClipJudged]:
    return [out.message for out in outputs if isinstance(out.message, ClipJudged)]


def windows(count: int, sources: int = 1) -> list[Seen]:
    return [
        vector_window(n // sources, ((n * 7 % 11) / 11, 0.0), source_id=source(n % sources))
        for n in range(count)
    ]


def walking(count: int) -> list[Seen]:
    return [
        standing(index + 5 * (index > 6), at(0.1 + 0.05 * (index % 9), 1 + index // 4))
        for index in range(count)
    ]


@given(st.lists(st.integers(1, 8), min_size=1, max_size=5), st.sampled_from(["windows", "poses"]))
def test_a_restart_anywhere_changes_no_score(reads: list[int], kind: str) -> None:
    detector = CONTEXT if kind == "windows" else Detector((scene_head(3), person_head()))
    seen = windows(24, sources=3) if kind == "windows" else walking(24)
    log, found = Log(seen), list[ClipJudged]()
    for count in [*reads, len(seen)]:
        found += log.read(judging(detector), count)  # each a new process
    assert found == run(detector, seen)


def test_a_detector_of_single_windows_keeps_and_holds_nothing() -> None:
    handler, log = judging(ALONE), Log(windows(50))
    log.read(handler, 50)
    assert handler.held() == {}
    assert log.committed == 50


def test_what_another_network_saw_is_left_to_its_own_detector() -> None:
    """Two networks put embeddings on one topic."""
    mixed = [
        vector_window(index, (1.0, 0.0), backbone=backbone)
        for index in range(10)
        for backbone in (ALONE.backbone, "videomae2_s_k710")
    ]
    log = Log(mixed)
    found = log.read(judging(ALONE), len(mixed))
    assert [message.backbone for message in found] == [ALONE.backbone] * 10
    assert log.committed == len(mixed)


def test_what_was_embedded_anew_for_a_replay_is_not_judged_live() -> None:
    again = [vector_window(index, (1.0, 0.0), made_for="again") for index in range(3)]
    log = Log([*again, *windows(3)])
    assert len(log.read(judging(ALONE), 6)) == 3


def test_the_lag_is_bounded_by_the_context_whatever_the_number_of_records() -> None:
    handler, log = judging(CONTEXT), Log(windows(600, sources=20))
    for _ in range(6):
        log.read(handler, 100)
        assert log.done - log.committed <= 20 * 4


def test_an_idle_source_holds_its_partition_no_longer() -> None:
    seen = [*windows(3), *(vector_window(n, (1.0, 0.0), source_id=source(9)) for n in range(40))]
    handler, log = judging(CONTEXT), Log(seen)
    log.read(handler, len(seen))
    assert log.committed == 0
    pass_time(handler, IDLE_S + 1)
    assert handler.held() == {}


def test_a_dead_source_holds_its_partition_for_a_number_of_records_at_most() -> None:
    seen = [*windows(3), *(vector_window(n, (1.0, 0.0), source_id=source(9)) for n in range(700))]
    handler, log = judging(CONTEXT), Log(seen)
    log.read(handler, len(seen), batch=50)
    assert len(handler) == 1
    assert log.done - log.committed <= 4


def test_a_source_that_ended_holds_nothing() -> None:
    handler = judging(CONTEXT)
    Log([vector_window(n, (1.0, 0.0), is_last=n == 5) for n in range(6)]).read(handler, 6)
    assert handler.held() == {}


def test_a_partition_of_another_member_is_forgotten() -> None:
    handler, log = judging(CONTEXT), Log(windows(6))
    log.read(handler, 6)
    handler.forget([log.partition])
    assert handler.held() == {}


def test_what_was_not_acknowledged_is_judged_the_same_again() -> None:
    handler, log = judging(CONTEXT), Log(windows(6))
    log.read(handler, 3)
    items = [log._item(handler, offset) for offset in (3, 4, 5)]
    first = messages(handler.handle(items, Event()))
    assert messages(handler.handle(items, Event())) == first


def pass_time(handler: JudgingHandler, seconds: float) -> datetime:
    now = ORIGIN
    for second in range(int(seconds) + 2):
        now = ORIGIN + timedelta(seconds=second)
        handler.tick(now)
    return now


@contextmanager
def running(broker: MemoryBroker, detector: Detector) -> Iterator[None]:
    limits = Limits(batch_records=8, queue_records=32, tick_s=0.01)
    loop = ConsumeLoop(
        broker,
        GROUP,
        [EMBEDDINGS],
        judging(detector),
        broker.publisher("scoring"),
        limits,
    )
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        yield
    finally:
        loop.stop()
        thread.join(30)


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker([EMBEDDINGS, JUDGEMENTS])


def test_in_the_loop_each_window_is_judged_once_through_restarts(broker: MemoryBroker) -> None:
    seen = windows(60, sources=5)
    for start in range(0, 60, 20):
        for message in seen[start : start + 20]:
            broker.append(EMBEDDINGS.name, message.key.encode(), encode(message))
        with running(broker, CONTEXT):
            broker.wait_until(lambda at=start: len(broker.records(JUDGEMENTS)) >= at + 20)  # type: ignore[misc]
    found = broker.messages(JUDGEMENTS)
    assert len(found) == 60
    for number in range(5):
        own = [one for one in found if one.key == str(source(number))]
        assert own == run(CONTEXT, [one for one in seen if one.key == str(source(number))])


def test_what_cannot_be_judged_is_a_dead_letter_and_the_rest_goes_on(broker: MemoryBroker) -> None:
    wrong = vector_window(0, (float("nan"), 0.0))
    for message in [wrong, vector_window(1, (1.0, 0.0)), vector_window(2, (1.0, 0.0), window=3)]:
        broker.append(EMBEDDINGS.name, message.key.encode(), encode(message))
    with running(broker, ALONE):
        broker.wait_until(lambda: broker.lag(GROUP, EMBEDDINGS) == 0)
    reasons = [
        letter.reason
        for letter in broker.messages(dead_letters(EMBEDDINGS))
        if isinstance(letter, DeadLetter)
    ]
    assert len(broker.messages(JUDGEMENTS)) == 1
    assert "not finite" in reasons[0]
    assert len(reasons) == 2
