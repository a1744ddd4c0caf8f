"""What may be committed, and the note beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.streaming.broker import Position
from services.chassis.streaming.deadletters import LetterCounts
from services.chassis.streaming.positions import Note, Positions, Strike
from services.chassis.streaming.records import Partition

P0, P1 = Partition("clips.bulk.v1", 0), Partition("clips.bulk.v1", 1)


def begun(start: int = 0, note: Note = Note()) -> Positions:
    positions = Positions()
    positions.begin(P0, start, note)
    return positions


def advance(
    positions: Positions, reached: int, held: int | None = None, partition: Partition = P0
) -> None:
    positions.advance({partition: reached}, {} if held is None else {partition: held}, {})


def committed(positions: Positions) -> dict[Partition, tuple[int, int]]:
    """The offset to commit and how far the note says that it is done."""
    fresh = positions.uncommitted()
    return {one: (place.offset, Note.unpack(place.note).done) for one, place in fresh.items()}


@pytest.mark.parametrize(
    "note",
    [
        Note(),
        Note(done=7),
        Note(7, LetterCounts(1, 2, 3, 4)),
        Note(7, LetterCounts(), Strike(3, 9, 'ValueError: für 한글 \x00 "quoted"')),
    ],
)
def test_a_note_is_read_as_it_was_written(note: Note) -> None:
    assert Note.unpack(note.pack()) == note


@pytest.mark.parametrize(
    "packed", ["", "{", "[]", "null", "7", '{"done": "x"}', '{"done": 1}', "a note of another tool"]
)
def test_a_note_of_another_program_is_an_empty_one(packed: str) -> None:
    assert Note.unpack(packed) == Note()


@given(st.text(max_size=300))
def test_whatever_the_error_a_note_fits_into_what_kafka_takes(error: str) -> None:
    assert len(Note(1 << 60, LetterCounts(), Strike(0, 1, error)).pack().encode()) < 4096


def test_where_a_group_begins_is_committed() -> None:
    assert committed(begun(5)) == {P0: (5, 5)}


def test_nothing_is_committed_twice() -> None:
    positions = begun()
    advance(positions, 3)
    assert committed(positions) == {P0: (3, 3)}
    assert committed(positions) == {}
    advance(positions, 3)
    assert committed(positions) == {}


def test_a_commit_stays_below_what_is_held_and_the_note_goes_on() -> None:
    positions = begun()
    advance(positions, 5, held=2)
    assert committed(positions) == {P0: (2, 5)}
    advance(positions, 6, held=2)
    assert committed(positions) == {P0: (2, 6)}
    positions.advance({}, {}, {})
    assert committed(positions) == {P0: (6, 6)}


def test_what_comes_again_moves_the_offset_but_not_how_far_it_is_done() -> None:
    positions = begun(3, Note(done=9))
    advance(positions, 5)
    assert committed(positions) == {P0: (5, 9)}
    assert positions.done(P0) == 9


def test_a_failed_commit_is_given_out_again() -> None:
    positions = begun()
    first = positions.uncommitted()
    positions.not_committed({P0, P1})
    assert positions.uncommitted() == first


def test_partitions_that_went_are_neither_committed_nor_moved() -> None:
    positions = begun()
    positions.forget({P0})
    advance(positions, 9)
    positions.strike({P0: Strike(0, 1, "x")})
    positions.not_committed({P0})
    assert positions.uncommitted() == {}
    assert positions.done(P0) == 0
    assert positions.strike_of(P0) is None


def test_a_strike_is_committed_and_forgotten_once_its_records_are_done() -> None:
    positions = begun()
    positions.strike({P0: Strike(2, 4, "x")})
    (position,) = positions.uncommitted().values()
    assert Note.unpack(position.note).strike == Strike(2, 4, "x")
    advance(positions, 4)
    assert positions.strike_of(P0) == Strike(2, 4, "x")
    advance(positions, 5)
    assert positions.strike_of(P0) is None


def test_the_counts_of_a_topic_are_those_that_came_furthest() -> None:
    positions = Positions()
    positions.begin(P0, 0, Note(letters=LetterCounts(3, 3, 9)))
    positions.begin(P1, 0, Note(letters=LetterCounts(5, 5, 9)))
    positions.begin(Partition("other", 0), 0, Note(letters=LetterCounts(50, 50, 90)))
    assert positions.letters(P0.topic) == LetterCounts(5, 5, 9)
    assert positions.letters("never") == LetterCounts()


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.none() | st.integers(0, 8), st.booleans()), max_size=40
    )
)
def test_no_commit_goes_past_a_held_record_and_in_the_end_all_is_committed(
    moves: list[tuple[int, int | None, bool]],
) -> None:
    """Moves: so many records more, the oldest one held so far back, whether the commit fails."""
    positions, reached, kafka = begun(), 0, Position(0)
    for count, held_back, fails in moves:
        reached += count
        held = None if held_back is None else max(0, reached - held_back)
        advance(positions, reached, held)
        for place in positions.uncommitted().values():
            assert place.offset <= (reached if held is None else held)
            assert Note.unpack(place.note).done == reached
            if fails:
                positions.not_committed({P0})
            else:
                kafka = place
    positions.advance({}, {}, {})
    kafka = positions.uncommitted().get(P0, kafka)
    assert kafka.offset == reached
