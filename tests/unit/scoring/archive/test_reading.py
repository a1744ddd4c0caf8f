"""What is read of the archive is what lay on the log, exact at both ends."""

from datetime import timedelta

import numpy as np
import pyarrow.parquet as pq
import pytest

from schemas.clips import ClipSpec
from schemas.embeddings import EmbeddingExtracted
from services.chassis.storage.objects import MemoryObjects
from services.scoring.archive import parts
from services.scoring.archive.reading import Archive
from tests.unit.scoring.archive.builders import (
    DAY,
    DOOR,
    HOP_S,
    NOON,
    TILL,
    Line,
    archived,
    embedding,
    poses,
    wanted,
)


def seen(line: Line, *messages: EmbeddingExtracted) -> None:
    line.take(line.write(*messages))
    line.pass_s(7)


def test_every_field_comes_back(line: Line) -> None:
    spec = ClipSpec(frames=16, frame_rate=7.5, hop=8)
    messages = [
        embedding(0, 1, is_late=True, fresh_count=1),
        embedding(2, is_last=True, source_kind="upload", is_wall_clock=False),
        embedding(4, window=3, spec=spec, cut_at=NOON + timedelta(microseconds=1)),
    ]
    seen(line, *messages)
    assert archived(line.store) == messages


def test_poses_come_back(line: Line) -> None:
    messages = [poses(n) for n in range(7)]
    line.take(line.write(*messages))
    line.pass_s(7)
    asked = wanted(kind="poses", backbone="yolov8_pose", since=NOON - 1000 * DAY)
    assert [one for batch in Archive(line.store).poses(asked) for one in batch] == messages


def test_a_stretch_is_exact_at_both_ends(line: Line) -> None:
    messages = [embedding(n) for n in range(50)]
    seen(line, *messages[:20])
    seen(line, *messages[20:])
    since = messages[11].moment(messages[11].clips[0].start_s)
    until = messages[37].moment(messages[37].clips[0].start_s)
    assert archived(line.store, since=since, until=until) == messages[11:37]
    moment = timedelta(microseconds=1)
    assert archived(line.store, since=since + moment, until=until + moment) == messages[12:38]


@pytest.mark.parametrize("days", range(1, 4))
def test_days_follow_one_another_and_sources_too(line: Line, days: int) -> None:
    per_day = 24 * 3600 / HOP_S
    steps = [round(per_day / 2 * n) for n in range(2 * days)]
    of_till = [embedding(n) for n in steps]
    of_door = [embedding(n, source_id=DOOR) for n in steps]
    seen(line, *(one for pair in zip(of_till, of_door, strict=True) for one in pair))
    assert archived(line.store, sources=(DOOR, TILL)) == of_door + of_till


def test_arrays_say_what_the_messages_say(line: Line) -> None:
    messages = [embedding(2 * n, 2 * n + 1, fresh_count=1 + n % 2) for n in range(6)]
    seen(line, *messages)
    (rows,) = Archive(line.store).embeddings(wanted())
    assert rows.source_id == TILL
    assert (rows.window, rows.spec, rows.source_kind) == (2, ClipSpec(), "camera")
    assert rows.vectors.tobytes() == b"".join(one.vector for one in messages)
    assert rows.first.tolist() == [one.clips[0].index for one in messages]
    assert rows.last.tolist() == [one.clips[-1].index for one in messages]
    assert rows.fresh.tolist() == [one.fresh_count for one in messages]
    microseconds = [round(one.cut_at.timestamp() * 1e6) for one in messages]
    assert rows.cut_us.tolist() == microseconds
    assert not np.any(rows.is_late)


def test_a_batch_is_of_one_window_and_spec(line: Line) -> None:
    seen(line, embedding(0), embedding(1, window=4), embedding(2, window=4))
    assert [len(rows) for rows in Archive(line.store).embeddings(wanted())] == [1, 2]


def test_a_plan_counts_without_reading(line: Line) -> None:
    seen(line, *(embedding(n) for n in range(9)), *(embedding(n, source_id=DOOR) for n in range(4)))
    plan = Archive(line.store).plan(wanted())
    assert (plan.rows, len(plan.parts)) == (13, 2)
    assert plan.size_bytes == sum(info.size_bytes for info in line.store.list("archive/"))
    assert Archive(line.store).plan(wanted(sources=(TILL,))).rows == 9
    assert Archive(line.store).plan(wanted(since=NOON + 2 * DAY)).rows == 0
    assert Archive(line.store).plan(wanted(backbone="another")).rows == 0


def test_row_groups_outside_the_stretch_are_not_read(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROW_GROUP", 10)
    messages = [embedding(n) for n in range(100)]
    seen(line, *messages)
    taken: list[int] = []
    whole = pq.ParquetFile.read_row_group

    def read(file: pq.ParquetFile, number: int) -> object:
        taken.append(number)
        return whole(file, number)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", read)
    since = messages[45].moment(messages[45].clips[0].start_s)
    until = since + timedelta(seconds=HOP_S)
    assert archived(line.store, since=since, until=until) == [messages[45]]
    assert taken == [4]


def test_an_archive_of_nothing_has_nothing(store: MemoryObjects) -> None:
    assert archived(store) == []
