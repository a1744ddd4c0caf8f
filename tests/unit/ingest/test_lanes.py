"""Several uploads at a time: fair, cancelled one by one, and nothing held once they are done."""

from pathlib import Path

import pytest

from schemas.topics import VIDEOS
from services.chassis.clock import ManualClock
from services.chassis.errors import TransientError
from services.chassis.streaming.records import Partition
from services.ingest.lanes import Lanes
from services.ingest.service import UploadHandler
from tests.builders import ORIGIN, source
from tests.unit.ingest.uploads import WAIT_S, Room


def test_every_upload_ends_and_nothing_is_held_then(room: Room) -> None:
    for number in range(12):
        room.lanes.submit(room.upload(room.put(number), offset=number))
    room.heard.wait(room.lanes, 12)
    assert set(room.heard.ends().values()) == {"decoded"}
    assert all(len(room.heard.clips(number)) == 2 for number in range(12))


def test_the_first_unfinished_upload_of_each_partition_is_held(room: Room) -> None:
    room.gate.opened.clear()
    for number, partition in enumerate((0, 1, 0, 1)):
        room.lanes.submit(room.upload(room.put(number), offset=7 + number, partition=partition))
    name = VIDEOS.name
    assert room.lanes.held() == {Partition(name, 0): 7, Partition(name, 1): 8}


def test_short_uploads_are_not_held_up_by_long_ones(room: Room) -> None:
    for number, count in enumerate((6000, 6000, 20, 20, 20)):
        room.lanes.submit(room.upload(room.put(number, count), offset=number))
    with room.heard.changed:
        short = [source(number) for number in (2, 3, 4)]
        assert room.heard.changed.wait_for(lambda: set(short) <= set(room.heard.ends()), WAIT_S)
    assert source(1) not in room.heard.ends()


def test_the_clips_of_each_upload_keep_their_order(room: Room) -> None:
    for number in range(3):
        room.lanes.submit(room.upload(room.put(number, 1800), offset=number))
    room.heard.wait(room.lanes, 3)
    for number in range(3):
        indexes = [clip.index for clip in room.heard.clips(number)]
        assert indexes == sorted(indexes)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_removed_video_stops_and_leaves_nothing(room: Room, name: str) -> None:
    room.gate.opened.clear()
    for number in range(5):
        room.lanes.submit(room.upload(room.put(number, name=name), offset=number))
    for number in (0, 4, 9):
        room.lanes.remove(source(number))
    room.lanes.submit(room.upload(room.put(9, name=name), offset=9))
    room.gate.opened.set()
    room.heard.wait(room.lanes, 3)
    assert set(room.heard.ends()) == {source(1), source(2), source(3)}
    for number in (0, 4, 9):
        kept = [info.key for info in room.store.list(f"videos/{source(number)}/")]
        assert kept in ([], [f"videos/{source(number)}/original"])


def test_a_paused_video_keeps_its_place_and_takes_none_from_others(room: Room) -> None:
    """More are paused than may be open; one of them was paused before it came."""
    for number in range(4):
        room.lanes.pause(source(number), is_paused=True)
        room.lanes.submit(room.upload(room.put(number), offset=number))
    room.lanes.submit(room.upload(room.put(4), offset=4))
    with room.heard.changed:
        assert room.heard.changed.wait_for(lambda: source(4) in room.heard.ends(), WAIT_S)
    assert set(room.heard.ends()) == {source(4)}
    assert min(room.lanes.held().values()) == 0
    for number in range(4):
        room.lanes.pause(source(number), is_paused=False)
    room.heard.wait(room.lanes, 5)
    assert all(len(room.heard.clips(number)) == 2 for number in range(5))


def test_a_video_is_paused_between_two_turns_and_goes_on_where_it_was(room: Room) -> None:
    room.lanes.submit(room.upload(room.put(0, 6000)))
    with room.heard.changed:
        assert room.heard.changed.wait_for(lambda: room.heard.clips(0), WAIT_S)
        room.lanes.pause(source(0), is_paused=True)
        room.lanes.submit(room.upload(room.put(1), offset=1))
    room.heard.wait_ends(1)
    assert source(0) not in room.heard.ends()
    room.lanes.pause(source(0), is_paused=False)
    room.heard.wait(room.lanes, 2)
    indexes = [clip.index for clip in room.heard.clips(0)]
    assert indexes == list(range(len(indexes)))


def test_a_partition_that_goes_takes_only_its_own_uploads(room: Room) -> None:
    room.gate.opened.clear()
    for number in range(4):
        room.lanes.submit(room.upload(room.put(number), number, partition=number % 2))
    room.lanes.abandon([Partition(VIDEOS.name, 0)])
    room.gate.opened.set()
    room.heard.wait(room.lanes, 2)
    assert set(room.heard.ends()) == {source(1), source(3)}
    assert [len(room.heard.clips(number)) for number in (1, 3)] == [2, 2]


def test_an_outage_of_kafka_is_outlasted(room: Room) -> None:
    room.heard.outages = 2
    room.lanes.submit(room.upload(room.put(0)))
    room.heard.wait(room.lanes, 1)
    assert len(room.heard.clips(0)) >= 2


def test_a_lasting_outage_ends_the_service(tmp_path: Path) -> None:
    made = Room(tmp_path)
    made.heard.outages = 10**6
    lanes = Lanes(lambda: made.heard, ManualClock(), 1)
    lanes.submit(made.upload(made.put(0)))
    lanes.start()
    for thread in lanes._threads:
        thread.join(WAIT_S)
    with pytest.raises(TransientError):
        lanes.raise_failure()
    with pytest.raises(TransientError):
        list(UploadHandler(made.around, lanes).tick(ORIGIN))
    assert lanes.held()
