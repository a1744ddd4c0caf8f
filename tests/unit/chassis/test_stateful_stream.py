"""The stateful stream on the fake broker: states survive, nothing is counted twice or lost."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import groups
from schemas.base import Message
from schemas.codec import encode
from schemas.deadletters import DeadLetter
from schemas.judgements import ClipJudged
from schemas.policies import PolicySet
from schemas.scores import ClipScored
from schemas.topics import JUDGEMENTS, POLICIES, SCORES, SOURCES, Topic, dead_letters
from services.chassis.clock import ManualClock
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.streaming.deadletters import DeadLetterLimitExceeded
from services.chassis.streaming.journal import FileJournal, MemoryJournal
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.memory_stream import Kept, Killed, MemoryStream, Moment
from services.chassis.streaming.records import Outgoing, Record, Tombstone
from services.chassis.streaming.sequence import RecordsSkipped
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


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker([*TOPICS, SCORES])


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


def indexes(broker: MemoryBroker) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for message in broker.messages(SCORES):
        assert isinstance(message, ClipScored)
        found.setdefault(message.key, []).append(message.clips[0].index)
    return found


def clips(kept: Kept) -> dict[str, int]:
    return {key.decode(): json.loads(state)["clips"] for (_, key), state in kept.changelog.items()}


def test_states_follow_the_records_and_outputs_keep_their_order(broker: MemoryBroker) -> None:
    kept = Kept()
    put_judgements(broker, 90)
    stream(broker, kept).run()
    assert clips(kept) == {str(source(n)): 30 for n in range(3)}
    assert indexes(broker) == {str(source(n)): list(range(30)) for n in range(3)}
    assert broker.lag(GROUP, JUDGEMENTS) == 0


def test_a_state_is_packed_once_a_batch_however_many_records_concern_it(
    broker: MemoryBroker,
) -> None:
    step = Counting()
    put_judgements(broker, 400, sources=4)
    member = stream(broker, step=step)
    member.turn()
    assert step.packed == 4


@pytest.mark.parametrize("moment", ["published", "written"])
def test_killed_at_any_moment_nothing_is_lost_or_counted_twice(
    broker: MemoryBroker, moment: Moment
) -> None:
    kept = Kept()
    put_judgements(broker, 60)
    dying = stream(broker, kept)
    dying.die_when = moment
    with pytest.raises(Killed):
        dying.run()
    assert broker.lag(GROUP, JUDGEMENTS) == 60
    stream(broker, kept).run()
    assert clips(kept) == {str(source(n)): 20 for n in range(3)}
    assert {key: sorted(set(seen)) for key, seen in indexes(broker).items()} == {
        str(source(n)): list(range(20)) for n in range(3)
    }


@given(
    st.lists(
        st.tuples(st.sampled_from(["take", "published", "written", "restart"]), st.integers(1, 9)),
        max_size=12,
    )
)
def test_whatever_happens_in_the_end_every_clip_counts_once(
    happenings: list[tuple[Moment | str, int]],
) -> None:
    broker, kept = MemoryBroker([*TOPICS, SCORES]), Kept()
    put_judgements(broker, 60, sources=5)
    member = stream(broker, kept)
    for what, most in happenings:
        member.limits = replace(member.limits, batch_records=most)
        if what == "restart":
            member.close()
            member = stream(broker, kept)
        elif what == "take":
            member.turn()
        else:
            member.die_when = what  # type: ignore[assignment]
            with pytest.raises(Killed):
                member.turn()
            member = stream(broker, kept)
    member.run()
    assert clips(kept) == {str(source(n)): 12 for n in range(5)}


def test_a_takeover_goes_on_with_the_states_of_the_dead_one(broker: MemoryBroker) -> None:
    kept = Kept()
    first, second = stream(broker, kept), stream(broker, kept)
    put_judgements(broker, 60, sources=12)
    for _ in range(3):
        first.turn()
        second.turn()
    first.kill()
    put_judgements(broker, 60, sources=12, start=60)
    second.run()
    assert clips(kept) == {str(source(n)): 10 for n in range(12)}


def test_several_topics_of_the_same_keys_meet_in_one_state(broker: MemoryBroker) -> None:
    kept = Kept()
    put_judgements(broker, 1, sources=1)
    policy = PolicySet(source_id=source(0), muted=("fight",), set_at=ManualClock().now())
    put(broker, POLICIES, policy)
    stream(broker, kept).run()
    ((_, packed),) = kept.changelog.items()
    assert json.loads(packed)["muted"] == ["fight"]
    assert json.loads(packed)["clips"] == 1


def test_a_tombstone_of_the_source_removes_its_state(broker: MemoryBroker) -> None:
    kept = Kept()
    put_judgements(broker, 4, sources=2)
    member = stream(broker, kept)
    member.run()
    broker.append(SOURCES.name, str(source(0)).encode(), None)
    member.run()
    assert clips(kept) == {str(source(1)): 2}
    put_judgements(broker, 1, sources=1)
    member.run()
    assert clips(kept) == {str(source(1)): 2, str(source(0)): 1}


def test_a_tick_reaches_every_state_that_is_ours_and_writes_what_it_changes(
    broker: MemoryBroker,
) -> None:
    kept, clock = Kept(), ManualClock()
    put_judgements(broker, 6, sources=6)
    first = stream(broker, kept, clock=clock)
    first.run()
    first.close()
    member = stream(broker, kept, clock=clock)
    member.run()
    member.tick()
    assert closed(kept) == 0
    clock.wait(10, Event())
    member.tick()
    assert closed(kept) == 6


def closed(kept: Kept) -> int:
    return sum(json.loads(state)["closed"] for state in kept.changelog.values())


def test_a_tick_that_changes_nothing_writes_nothing(broker: MemoryBroker) -> None:
    step = Counting()
    put_judgements(broker, 6)
    member = stream(broker, step=step)
    member.run()
    written = step.packed
    member.tick()
    assert step.packed == written


def test_an_invalid_record_is_a_dead_letter_and_changes_nothing(broker: MemoryBroker) -> None:
    kept = Kept()
    put_judgements(broker, 5, sources=1)
    broker.append(JUDGEMENTS.name, b"k", b"\xc1")
    stream(broker, kept, Counting(poison=2)).run()
    letters = broker.messages(dead_letters(JUDGEMENTS))
    reasons = {one.reason.split(":")[0] for one in letters if isinstance(one, DeadLetter)}
    assert reasons == {"not msgpack", "poison"}
    assert clips(kept)[str(source(0))] == 4


def test_what_others_own_is_skipped(broker: MemoryBroker) -> None:
    broker.append(SOURCES.name, b"k", b"\xc1")
    stream(broker).run()
    assert broker.messages(dead_letters(SOURCES)) == []
    assert broker.lag(GROUP, SOURCES) == 0


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


def test_the_journal_survives_in_its_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("journal") / "at"
    broker = MemoryBroker([JUDGEMENTS])
    put_judgements(broker, 2, sources=1)
    first, second = broker.records(JUDGEMENTS)
    FileJournal(path).note(first, "ZeroDivisionError: x")
    again = FileJournal(path)
    assert again.is_second(first, "ZeroDivisionError: x")
    assert not again.is_second(first, "another")
    assert not again.is_second(second, "ZeroDivisionError: x")


def test_a_broken_journal_is_an_empty_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("journal") / "at"
    path.write_text("{")
    assert FileJournal(path).content == MemoryJournal().content
