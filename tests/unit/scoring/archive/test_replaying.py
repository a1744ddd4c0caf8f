"""A replay reads of the archive the rows that it would read off the log."""

from datetime import timedelta

from schemas.codec import encode
from schemas.topics import EMBEDDINGS
from services.scoring.archive.reading import Archive
from services.scoring.replay.archived import ArchivedRows
from services.scoring.replay.rows import Row, RowDecoder
from tests.unit.scoring.archive.builders import (
    DAY,
    DOOR,
    NOON,
    STORE,
    TENANT,
    TILL,
    Line,
    embedding,
    poses,
)


def plain(row: object) -> tuple[object, ...]:
    assert isinstance(row, Row)
    return (vars(row.of) | {"sequence": None, "life": None, "name": None}, *row[1:])


def test_rows_are_those_of_the_log(line: Line) -> None:
    messages = [
        embedding(0, 1),
        embedding(2, 3, fresh_count=1),
        embedding(4, is_late=True, cut_at=NOON + timedelta(microseconds=3)),
        embedding(0, origin=NOON + timedelta(hours=1), is_wall_clock=False),
        embedding(5, source_kind="upload", is_last=True),
    ]
    of_door = [embedding(n, source_id=DOOR) for n in range(3)]
    line.take(line.write(*messages, *of_door))
    line.pass_s(7)
    archived = ArchivedRows(Archive(line.store), "embeddings", TENANT, [STORE])
    batches = archived.rows("i3d_k400", [TILL, DOOR], NOON, NOON + DAY)
    found = [row for batch in batches for row in batch]
    decoder = RowDecoder(EMBEDDINGS, "i3d_k400")
    assert [plain(row) for row in found] == [
        plain(decoder(encode(one))) for one in (*messages, *of_door)
    ]
    assert found[0].of is found[1].of  # type: ignore[union-attr]


def test_poses_are_messages(line: Line) -> None:
    messages = [poses(n) for n in range(3)]
    line.take(line.write(*messages))
    line.pass_s(7)
    archived = ArchivedRows(Archive(line.store), "poses", TENANT)
    batches = archived.rows("yolov8_pose", [TILL], NOON - 1000 * DAY, NOON + DAY)
    assert [one for batch in batches for one in batch] == messages
