"""What the archive writes: every record once in effect, whatever breaks off."""

from datetime import timedelta
from threading import Event

import pytest

from schemas.archive import Part
from services.chassis.errors import TransientError
from services.chassis.storage.objects import MemoryObjects
from tests.unit.scoring.archive.builders import (
    DAY,
    DOOR,
    EMBEDDED,
    GONE,
    NEXT_STORE,
    NOON,
    STORE,
    TENANT,
    TILL,
    Line,
    archived,
    camera,
    embedding,
    poses,
)


class FlakyObjects(MemoryObjects):
    """Refuses some puts."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses = 0

    def put(self, key, stream, content_type):  # type: ignore[no-untyped-def]
        if self.refuses:
            self.refuses -= 1
            raise TransientError("the store is away")
        return super().put(key, stream, content_type)


def parts_of(store: MemoryObjects) -> list[Part]:
    found = [Part.read(info.key) for info in store.list("archive/")]
    assert None not in found
    return [part for part in found if part is not None]


def test_what_comes_is_written_once_it_waited_long_enough(line: Line) -> None:
    messages = [embedding(2 * n, 2 * n + 1) for n in range(5)]
    line.take(line.write(*messages))
    line.pass_s(4)
    assert parts_of(line.store) == []
    assert line.handler.held() == {EMBEDDED: 0}
    line.pass_s(3)
    (part,) = parts_of(line.store)
    assert (part.of.tenant_id, part.of.store_id, part.of.source_id) == (TENANT, STORE, TILL)
    assert (part.of.day, part.first, part.end, part.rows) == (NOON.date(), 0, 5, 5)
    assert line.handler.held() == {}
    assert archived(line.store) == messages


def test_a_part_holds_one_source_one_day_and_one_backbone(line: Line) -> None:
    late = embedding(1, origin=NOON + DAY)
    line.take(line.write(embedding(0), embedding(0, source_id=DOOR), late))
    line.take(line.write(embedding(2, backbone="videomae"), embedding(3, dim=4), poses(1)))
    line.pass_s(7)
    found = {
        (one.of.source_id, one.of.day, one.of.backbone, one.rows) for one in parts_of(line.store)
    }
    assert found == {
        (TILL, NOON.date(), "i3d_k400", 1),
        (DOOR, NOON.date(), "i3d_k400", 1),
        (TILL, (NOON + DAY).date(), "i3d_k400", 1),
        (TILL, NOON.date(), "videomae", 1),
        (TILL, NOON.date(), "yolov8_pose", 1),
    }
    assert len(parts_of(line.store)) == 6


def test_the_day_is_that_of_the_first_clip_in_utc(line: Line) -> None:
    midnight = NOON.replace(hour=0) + DAY
    line.take(line.write(embedding(0, 1, origin=midnight - timedelta(seconds=1))))
    line.pass_s(7)
    assert parts_of(line.store)[0].of.day == NOON.date()


def test_too_much_is_written_at_once(store: MemoryObjects) -> None:
    line = Line(store, most_bytes=20_000)
    line.configure(camera(TILL))
    for n in range(200):
        line.take(line.write(embedding(n)))
        assert line.gathering.size_bytes <= 20_000
    assert parts_of(store)
    line.close()


def test_a_restart_writes_what_was_not_committed_again_and_nothing_twice(line: Line) -> None:
    messages = [embedding(n) for n in range(10)]
    line.take(line.write(*messages))
    line.pass_s(7)
    line.handler = line.new_member()
    line.take(line.log())
    line.pass_s(7)
    assert len(parts_of(line.store)) == 1, "the same rows are the same object"
    line.handler = line.new_member()
    line.take(line.log(start=4))
    line.pass_s(7)
    assert len(parts_of(line.store)) == 2
    assert archived(line.store) == messages


def test_a_batch_that_is_handled_again_counts_once() -> None:
    flaky = FlakyObjects()
    line = Line(flaky, most_bytes=10)
    line.configure(camera(TILL))
    messages = [embedding(n) for n in range(3)]
    batch = line.write(*messages)
    flaky.refuses = 1
    with pytest.raises(TransientError):
        line.handler.handle(batch, Event())
    assert line.handler.held() == {EMBEDDED: 0}
    line.take(batch)
    assert archived(flaky) == messages
    assert [part.rows for part in parts_of(flaky)] == [3]
    line.close()


def test_partitions_that_went_are_read_again_when_they_come_back(line: Line) -> None:
    messages = [embedding(n) for n in range(4)]
    line.handler.handle(line.write(*messages), Event())
    line.handler.forget([EMBEDDED])
    assert line.handler.held() == {}
    line.take(line.log())
    line.pass_s(7)
    assert archived(line.store) == messages


def test_of_a_source_that_is_gone_nothing_is_written(line: Line) -> None:
    line.take(line.write(embedding(0), embedding(0, source_id=DOOR), embedding(0, source_id=GONE)))
    line.configure(gone=[DOOR])
    line.pass_s(7)
    assert [part.of.source_id for part in parts_of(line.store)] == [TILL]
    assert line.handler.held() == {}


def test_what_was_embedded_anew_for_a_replay_is_that_replays(line: Line) -> None:
    line.take(line.write(embedding(0), embedding(1, made_for="again")))
    line.pass_s(7)
    assert archived(line.store) == [embedding(0)]


def test_a_camera_that_was_moved_is_found_in_both_stores(line: Line) -> None:
    line.take(line.write(embedding(0)))
    line.pass_s(7)
    line.configure(camera(TILL, NEXT_STORE))
    line.take(line.write(embedding(1)))
    line.pass_s(7)
    assert {part.of.store_id for part in parts_of(line.store)} == {STORE, NEXT_STORE}
    assert len(archived(line.store)) == 2
    assert len(archived(line.store, stores=[NEXT_STORE])) == 1
