"""How far a group is behind on one partition, by its commit and the note beside it."""

import pytest

from services.chassis.streaming.broker import Position
from services.chassis.streaming.lag import Backlog, backlog
from services.chassis.streaming.positions import Note


@pytest.mark.parametrize(
    ("first", "committed", "expected"),
    [
        (0, None, Backlog(100, 0)),
        (40, None, Backlog(100, 0)),  # what was deleted before its time is nothing it lost
        (0, Position(30), Backlog(70, 0)),
        (0, Position(30, "a note of another program"), Backlog(70, 0)),
        (0, Position(30, Note(done=90).pack()), Backlog(10, 0)),  # 30 waits for its neighbour
        (0, Position(30, Note(done=10).pack()), Backlog(70, 0)),
        (50, Position(30, Note(done=40).pack()), Backlog(60, 10)),  # deleted before it was read
        (0, Position(100, Note(done=100).pack()), Backlog(0, 0)),
    ],
)
def test_what_is_handled_but_held_is_not_unread(
    first: int, committed: Position | None, expected: Backlog
) -> None:
    assert backlog(first, 100, committed) == expected
