"""Bugs, outages and deaths in the consume loop: nothing is lost, one record harms only itself."""

import threading
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from schemas.deadletters import DeadLetter
from schemas.embeddings import EmbeddingExtracted
from schemas.topics import EMBEDDINGS, SCORES, dead_letters
from services.chassis.errors import TransientError
from services.chassis.streaming.deadletters import DeadLetterLimitExceeded
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.worker import Limits
from tests.builders import source
from tests.unit.chassis.consuming.harness import (
    GROUP,
    QUICK,
    FixedBroker,
    Scoring,
    indexes_by_source,
    loop,
    put_embeddings,
    running,
    until_read,
)


def fail_at(index: int, error: Exception) -> Callable[[EmbeddingExtracted], None]:
    def fail(message: EmbeddingExtracted) -> None:
        if message.clips[0].index == index:
            raise error

    return fail


def test_a_bug_commits_nothing_of_its_batch_and_a_restart_goes_on(broker: MemoryBroker) -> None:
    put_embeddings(broker, 30, sources=1)
    with pytest.raises(ZeroDivisionError):
        loop(broker, Scoring(fail_at(10, ZeroDivisionError()))).run()
    assert 0 < broker.lag(GROUP, EMBEDDINGS) <= 30 - 8
    with running(loop(broker, Scoring())):
        until_read(broker)
    found = indexes_by_source(broker.messages(SCORES))[str(source(0))]
    assert sorted(set(found)) == list(range(30))
    assert len(found) <= 30 + QUICK.batch_records


def test_a_record_that_takes_the_service_down_twice_is_put_aside(broker: MemoryBroker) -> None:
    put_embeddings(broker, 30, sources=1)
    poison = fail_at(10, ZeroDivisionError("by this record"))
    with pytest.raises(ZeroDivisionError):
        loop(broker, Scoring(poison)).run()
    with running(loop(broker, Scoring(poison))):
        until_read(broker)
    (letter,) = broker.messages(dead_letters(EMBEDDINGS))
    assert isinstance(letter, DeadLetter)
    assert letter.reason == "took the service down twice: ZeroDivisionError: by this record"
    found = indexes_by_source(broker.messages(SCORES))[str(source(0))]
    assert sorted(set(found)) == [n for n in range(30) if n != 10]


IMPATIENT = Limits(
    batch_records=4, queue_records=16, max_retries=1, backoff_s=0.001, max_backoff_s=0.001
)


def test_a_permanent_error_taken_for_a_transient_one_stops_only_its_record(
    broker: MemoryBroker,
) -> None:
    def fail(message: EmbeddingExtracted) -> None:
        if message.source_id == source(1) and message.clips[0].index == 2:
            raise TransientError("the store does not answer")

    put_embeddings(broker, 30)
    with pytest.raises(TransientError):
        loop(broker, Scoring(fail), IMPATIENT).run()
    with running(loop(broker, Scoring(fail), IMPATIENT)):
        until_read(broker)
    (letter,) = broker.messages(dead_letters(EMBEDDINGS))
    assert isinstance(letter, DeadLetter)
    assert letter.reason == "took the service down twice: TransientError: the store does not answer"


def test_an_outage_puts_nothing_aside_however_often_the_service_goes_down(
    broker: MemoryBroker,
) -> None:
    def fail(_: EmbeddingExtracted) -> None:
        raise TransientError("the store does not answer")

    put_embeddings(broker, 30)
    for _ in range(5):
        with pytest.raises(TransientError):
            loop(broker, Scoring(fail), IMPATIENT).run()
    assert broker.messages(dead_letters(EMBEDDINGS)) == []
    with running(loop(broker, Scoring())):
        until_read(broker)
    assert {
        key: sorted(set(seen)) for key, seen in indexes_by_source(broker.messages(SCORES)).items()
    } == {str(source(n)): list(range(10)) for n in range(3)}


def test_another_bug_at_the_same_record_is_another_matter(broker: MemoryBroker) -> None:
    put_embeddings(broker, 3, sources=1)
    for text in ("first", "second"):
        with pytest.raises(ZeroDivisionError):
            loop(broker, Scoring(fail_at(1, ZeroDivisionError(text)))).run()
    assert broker.messages(dead_letters(EMBEDDINGS)) == []


def test_a_bug_that_every_record_meets_drains_no_topic(broker: MemoryBroker) -> None:
    put_embeddings(broker, 50, sources=1)

    def broken(_: EmbeddingExtracted) -> None:
        raise ZeroDivisionError("a bad deploy")

    for _ in range(20):
        with pytest.raises((ZeroDivisionError, DeadLetterLimitExceeded)):
            loop(broker, Scoring(broken)).run()
    assert len(broker.messages(dead_letters(EMBEDDINGS))) <= 3


def test_a_record_that_kills_the_process_is_put_aside_after_three_deaths(tmp_path: Path) -> None:
    broker = MemoryBroker([EMBEDDINGS, SCORES], state_dir=tmp_path)
    put_embeddings(broker, 30, sources=1)
    for _ in range(3):
        die_at(broker, index=10)
    with running(loop(broker, Scoring(fail_at(10, AssertionError("met again"))))):
        until_read(broker)
    (letter,) = broker.messages(dead_letters(EMBEDDINGS))
    assert isinstance(letter, DeadLetter)
    assert letter.reason == "3 processes died without a word while handling it"
    assert len(indexes_by_source(broker.messages(SCORES))[str(source(0))]) >= 29


def die_at(broker: MemoryBroker, index: int) -> None:
    """A member is handling that record when its process ends: no except, no finally."""
    at_work, never = Event(), Event()

    def hang(message: EmbeddingExtracted) -> None:
        if message.clips[0].index == index:
            at_work.set()
            never.wait()

    one = FixedBroker(broker)
    consume = loop(one, Scoring(hang))
    thread = threading.Thread(target=consume.run, daemon=True)
    consume._worker._thread.daemon = True
    thread.start()
    assert at_work.wait(60)
    consume._worker._marker.close()  # type: ignore[attr-defined]  # as the kernel does
    one.members[0].kill()


def test_a_kill_between_produce_and_commit_repeats_but_loses_nothing(broker: MemoryBroker) -> None:
    put_embeddings(broker, 40)
    one = FixedBroker(broker)
    broker.fail("commit", *[TransientError("away")] * 1000)
    with running(loop(one, Scoring())):
        broker.wait_until(lambda: len(broker.messages(SCORES)) == 40)
        one.members[0].kill()
    broker._failures.clear()
    with running(loop(broker, Scoring())):
        until_read(broker)
    found = indexes_by_source(broker.messages(SCORES))
    assert {key: sorted(set(seen)) for key, seen in found.items()} == {
        str(source(n)): list(range(14 if n == 0 else 13)) for n in range(3)
    }
