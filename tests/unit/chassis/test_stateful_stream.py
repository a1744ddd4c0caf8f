"""The stateful stream on the fake broker: states survive, nothing is counted twice or lost."""

import json
from dataclasses import replace
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.policies import PolicySet
from schemas.scores import ClipScored
from schemas.topics import JUDGEMENTS, POLICIES, SCORES, SOURCES, dead_letters
from services.chassis.clock import ManualClock
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.memory_stream import Kept, Killed, Moment
from tests.builders import source
from tests.unit.chassis.counting import GROUP, TOPICS, Counting, clips, put, put_judgements, stream


def indexes(broker: MemoryBroker) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for message in broker.messages(SCORES):
        assert isinstance(message, ClipScored)
        found.setdefault(message.key, []).append(message.clips[0].index)
    return found


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


def test_what_others_own_is_skipped(broker: MemoryBroker) -> None:
    broker.append(SOURCES.name, b"k", b"\xc1")
    stream(broker).run()
    assert broker.messages(dead_letters(SOURCES)) == []
    assert broker.lag(GROUP, SOURCES) == 0
