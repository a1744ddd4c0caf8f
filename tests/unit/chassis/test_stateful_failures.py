"""A stateful stream that fails: dead letters, bugs, and records that are gone."""

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest

from schemas.deadletters import DeadLetter
from schemas.judgements import ClipJudged
from schemas.policies import PolicySet
from schemas.topics import JUDGEMENTS, POLICIES, dead_letters
from services.chassis.clock import ManualClock
from services.chassis.errors import TransientError
from services.chassis.streaming.deadletters import DeadLetterLimitExceeded
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.memory_stream import Kept
from services.chassis.streaming.records import Outgoing, Record
from services.chassis.streaming.sequence import RecordsSkipped
from tests.builders import source
from tests.unit.chassis.counting import GROUP, Count, Counting, clips, put, put_judgements, stream


def test_an_invalid_record_is_a_dead_letter_and_changes_nothing(broker: MemoryBroker) -> None:
    kept = Kept()
    put_judgements(broker, 5, sources=1)
    broker.append(JUDGEMENTS.name, b"k", b"\xc1")
    stream(broker, kept, Counting(poison=2)).run()
    letters = broker.messages(dead_letters(JUDGEMENTS))
    reasons = {one.reason.split(":")[0] for one in letters if isinstance(one, DeadLetter)}
    assert reasons == {"not msgpack", "poison"}
    assert clips(kept)[str(source(0))] == 4


def test_a_transient_failure_is_tried_again(broker: MemoryBroker) -> None:
    kept = Kept()
    put_judgements(broker, 5, sources=1)
    broker.fail("produce", TransientError("away"), TransientError("away"))
    stream(broker, kept).run()
    assert clips(kept) == {str(source(0)): 5}


def test_a_bug_acknowledges_nothing_and_the_second_time_its_record_is_put_aside(
    broker: MemoryBroker,
) -> None:
    kept = Kept()
    put_judgements(broker, 9, sources=1)
    first = stream(broker, kept, Counting(bug=4))
    with pytest.raises(ZeroDivisionError):
        first.run()
    first.kill()
    assert broker.lag(GROUP, JUDGEMENTS) == 9
    assert kept.changelog == {}
    stream(broker, kept, Counting(bug=4)).run()
    (letter,) = broker.messages(dead_letters(JUDGEMENTS))
    assert isinstance(letter, DeadLetter)
    assert letter.reason == "took the service down twice: ZeroDivisionError: a bug"
    assert clips(kept) == {str(source(0)): 8}


class Broken(Counting):
    """A bad deploy."""

    def _score(
        self, state: Count, record: Record, message: ClipJudged
    ) -> tuple[Count, Iterable[Outgoing]]:
        raise ZeroDivisionError("everywhere")


def test_a_bug_that_every_record_meets_drains_no_topic(broker: MemoryBroker) -> None:
    kept = Kept()
    put_judgements(broker, 50, sources=1)
    for _ in range(20):
        member = stream(broker, kept, Broken())
        member.limits = replace(member.limits, batch_records=1)
        with pytest.raises((ZeroDivisionError, DeadLetterLimitExceeded)):
            member.run()
        member.kill()
    assert len(broker.messages(dead_letters(JUDGEMENTS))) <= 3


def test_what_retention_deleted_is_reported_and_is_no_skipped_record(broker: MemoryBroker) -> None:
    kept = Kept()
    put_judgements(broker, 3, sources=1)
    first = stream(broker, kept)
    first.run()
    first.close()
    put_judgements(broker, 20, sources=1, start=3)
    (partition,) = {one.partition for one in broker.records(JUDGEMENTS)}
    broker.delete_before(partition, 10)
    member = stream(broker, kept)
    member.run()
    assert member.lost == [(partition, 3, 9)]
    assert clips(kept) == {str(source(0)): 16}


def test_a_skipped_record_stops_the_stream(broker: MemoryBroker) -> None:
    put_judgements(broker, 3, sources=1)
    (partition,) = {one.partition for one in broker.records(JUDGEMENTS)}
    member = stream(broker)
    member.turn()
    put_judgements(broker, 3, sources=1, start=3)
    member._consumer._next[partition] = 5
    with pytest.raises(RecordsSkipped):
        member.turn()


def test_compaction_makes_gaps_that_are_no_skipped_records(broker: MemoryBroker) -> None:
    for muted in ("a", "b", "c"):
        put(
            broker,
            POLICIES,
            PolicySet(source_id=source(0), muted=(muted,), set_at=ManualClock().now()),
        )
    broker.compact(POLICIES)
    kept = Kept()
    stream(broker, kept).run()
    ((_, packed),) = kept.changelog.items()
    assert json.loads(packed)["muted"] == ["c"]
