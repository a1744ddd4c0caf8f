"""Small parts of a day that is over become one; no row is lost or doubled, whatever breaks off."""

from pathlib import Path

import pytest

from schemas.archive import Part
from services.scoring.archive import parts
from services.scoring.archive.compaction import RESTS_S
from tests.unit.scoring.archive.builders import (
    DAY,
    DOOR,
    NOON,
    Line,
    archived,
    embedding,
)


def keys(line: Line) -> list[str]:
    return [info.key for info in line.store.list("archive/")]


def written(line: Line, lots: int = 4, rows: int = 5) -> list[object]:
    """So many parts of each camera."""
    messages = [embedding(n) for n in range(lots * rows)]
    of_door = [embedding(n, source_id=DOOR) for n in range(lots * rows)]
    for lot in range(lots):
        some = slice(lot * rows, (lot + 1) * rows)
        line.take(line.write(*messages[some], *of_door[some]))
        line.pass_s(7)
    assert len(keys(line)) == 2 * lots
    return [*messages, *of_door]


def until_rest(line: Line, folder: Path) -> int:
    compaction, turns = line.compaction(folder), 0
    while compaction.turn() != RESTS_S:
        turns += 1
    return turns


def test_a_day_that_is_over_becomes_one_part_a_source(line: Line, tmp_path: Path) -> None:
    messages = written(line)
    line.clock.step((2 * DAY).total_seconds())
    assert until_rest(line, tmp_path) == 2
    found = [Part.read(key) for key in keys(line)]
    assert sorted(part.rows for part in found if part) == [20, 20]
    assert archived(line.store) == messages
    assert not list(tmp_path.iterdir())
    assert until_rest(line, tmp_path) == 0


def test_a_day_that_is_not_over_stays(line: Line, tmp_path: Path) -> None:
    written(line)
    assert until_rest(line, tmp_path) == 0


def test_what_is_another_members_is_left_to_it(line: Line, tmp_path: Path) -> None:
    written(line)
    line.clock.step((2 * DAY).total_seconds())
    line.handler.forget([record.record.partition for record in line.log()])
    assert until_rest(line, tmp_path) == 0


def test_what_was_written_twice_is_there_once(line: Line, tmp_path: Path) -> None:
    messages = written(line)
    line.handler = line.new_member()
    line.take(line.log(start=7))
    line.pass_s(7)
    line.clock.step((2 * DAY).total_seconds())
    until_rest(line, tmp_path)
    found = [Part.read(key) for key in keys(line)]
    assert sorted(part.rows for part in found if part) == [20, 20]
    assert archived(line.store) == messages


def test_a_crash_after_the_new_part_loses_and_doubles_nothing(line: Line, tmp_path: Path) -> None:
    messages = written(line)
    before = {key: line.store.get(key) for key in keys(line)}
    line.clock.step((2 * DAY).total_seconds())
    until_rest(line, tmp_path)
    merged = keys(line)
    for key, content in list(before.items())[1:5]:
        line.put(key, content)
    assert archived(line.store) == messages
    until_rest(line, tmp_path)
    assert keys(line) == merged


def test_parts_that_vanish_while_they_are_read_are_found_in_the_merged_one(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = written(line)
    line.clock.step((2 * DAY).total_seconds())
    reads, read = [0], parts.tables

    def tables(*arguments: object) -> object:
        reads[0] += 1
        if reads[0] == 3:
            monkeypatch.setattr(parts, "tables", read)
            until_rest(line, tmp_path)
        return read(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(parts, "tables", tables)
    assert archived(line.store) == messages


def test_vectors_of_another_length_stay_apart(line: Line, tmp_path: Path) -> None:
    line.take(line.write(embedding(0), embedding(1, dim=4)))
    line.pass_s(7)
    line.clock.step((NOON - NOON + 2 * DAY).total_seconds())
    until_rest(line, tmp_path)
    assert len(keys(line)) == 2
