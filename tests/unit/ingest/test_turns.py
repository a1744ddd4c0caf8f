"""Uploads take turns: some are open, others wait for a place."""

from services.ingest.turns import Turns
from services.ingest.upload import Upload
from tests.unit.ingest.uploads import Room, recorded, submitted


def turns_of(room: Room, *deaths: int) -> tuple[Turns, list[Upload]]:
    uploads = [
        Upload(room.around, recorded(submitted(number), number), times)
        for number, times in enumerate(deaths)
    ]
    turns = Turns(most_open=2)
    for upload in uploads:
        turns.add(upload)
    return turns, uploads


def test_open_uploads_take_turns_and_others_wait_for_a_place(room: Room) -> None:
    turns, uploads = turns_of(room, 0, 0, 0)
    order = []
    for _ in range(6):
        upload = turns.take()
        assert upload is not None
        order.append(uploads.index(upload))
        if len(order) == 5:
            turns.finish(upload)
        else:
            turns.give_back(upload)
    assert order == [0, 1, 0, 1, 0, 2]


def test_a_suspect_is_at_work_alone(room: Room) -> None:
    turns, uploads = turns_of(room, 0, 1, 0)
    first = turns.take()
    assert first is uploads[0]
    assert turns._next() is None
    turns.give_back(first)
    suspect = turns.take()
    assert suspect is uploads[1]
    assert turns._next() is None
    turns.finish(suspect)
    assert turns.take() is uploads[2]


def test_closed_turns_end(room: Room) -> None:
    turns, _ = turns_of(room, 0)
    turns.close()
    assert turns.take() is None
