"""What a member was handling when it died without a word."""

from pathlib import Path

import pytest

from services.chassis.streaming.inbox import Entry, Rejected
from services.chassis.streaming.marker import Death, FileMarker
from services.chassis.streaming.records import Partition, Record

P0, P1 = Partition("t", 0), Partition("t", 1)


def entry(offset: int, partition: Partition = P0) -> Entry:
    record = Record(partition, offset, b"k", b"v")
    return Entry(partition, offset, offset + 1, lambda: Rejected(record, "", True), record)


def die(folder: Path, *batch: Entry) -> None:
    """A process of the group dies with that batch at work."""
    marker = FileMarker(folder, "g")
    marker.begin(batch)
    marker.close()


def deaths(folder: Path) -> dict[Partition, Death]:
    marker = FileMarker(folder, "g")
    marker.close()
    return marker.deaths


def test_a_fresh_member_suspects_nothing(tmp_path: Path) -> None:
    assert deaths(tmp_path) == {}


def test_the_next_process_finds_what_the_dead_one_was_handling(tmp_path: Path) -> None:
    die(tmp_path, entry(3), entry(4), entry(9, P1))
    assert deaths(tmp_path) == {P0: Death(3, 4, 1), P1: Death(9, 9, 1)}


def test_deaths_at_the_same_record_add_up(tmp_path: Path) -> None:
    die(tmp_path, entry(3), entry(4))
    die(tmp_path, entry(3))
    die(tmp_path, entry(3))
    assert deaths(tmp_path)[P0] == Death(3, 3, 3)


def test_another_record_begins_at_one(tmp_path: Path) -> None:
    die(tmp_path, entry(3))
    die(tmp_path, entry(4))
    assert deaths(tmp_path)[P0] == Death(4, 4, 1)


def test_what_was_handled_is_no_longer_suspected(tmp_path: Path) -> None:
    die(tmp_path, entry(3), entry(4))
    marker = FileMarker(tmp_path, "g")
    for offset in (3, 4):
        marker.begin([entry(offset)])
        marker.end([entry(offset)])
    assert marker.deaths == {}
    marker.close()
    assert deaths(tmp_path) == {}


def test_an_error_that_is_remembered_elsewhere_is_no_death(tmp_path: Path) -> None:
    marker = FileMarker(tmp_path, "g")
    marker.begin([entry(3)])
    marker.fail()
    marker.close()
    assert deaths(tmp_path) == {}


def test_the_suspects_of_another_partition_are_kept_meanwhile(tmp_path: Path) -> None:
    die(tmp_path, entry(3))
    marker = FileMarker(tmp_path, "g")
    marker.begin([entry(9, P1)])
    marker.end([entry(9, P1)])
    marker.close()
    assert deaths(tmp_path) == {P0: Death(3, 3, 1)}


def test_members_on_one_machine_have_files_of_their_own(tmp_path: Path) -> None:
    first, second = FileMarker(tmp_path, "g"), FileMarker(tmp_path, "g")
    first.begin([entry(1)])
    second.begin([entry(2)])
    first.close()
    second.close()
    heirs = [FileMarker(tmp_path, "g") for _ in range(3)]
    assert [one.deaths.get(P0) for one in heirs] == [Death(1, 1, 1), Death(2, 2, 1), None]
    for one in heirs:
        one.close()


def test_groups_do_not_mix(tmp_path: Path) -> None:
    die(tmp_path, entry(3))
    other = FileMarker(tmp_path, "other")
    assert other.deaths == {}
    other.close()


@pytest.mark.parametrize("text", ["[", "{}", "[1]", '[["t", 0, "x", 1, 1]]', "null"])
def test_a_file_that_cannot_be_read_suspects_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "g.0.json").write_text(text)
    assert deaths(tmp_path) == {}
