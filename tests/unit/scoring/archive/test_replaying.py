"""A replay reads of the archive the rows that it would read off the log."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from schemas.archive import ArchiveKind
from schemas.codec import encode
from schemas.replays import ReplayRequested
from schemas.topics import EMBEDDINGS
from services.scoring.archive.reading import Archive
from services.scoring.replay.archived import ArchivedRows
from services.scoring.replay.core import Replay
from services.scoring.replay.inputs import AT_ONCE
from services.scoring.replay.planning import stretch_of
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
from tests.unit.scoring.replay.test_core import DETECTOR


def plain(row: object) -> tuple[object, ...]:
    assert isinstance(row, Row)
    return (vars(row.of) | {"sequence": None, "life": None, "name": None}, *row[1:])


def read(
    line: Line,
    kind: ArchiveKind,
    backbone: str,
    sources: tuple[UUID, ...],
    stores: Collection[UUID] | None = None,
) -> list[object]:
    request = ReplayRequested(
        run="again",
        tenant_id=TENANT,
        since=NOON - 1000 * DAY,
        until=NOON + DAY,
        sources=sources,
        backbone=backbone,
        requested_at=NOON,
        input="archive",
    )
    archived = ArchivedRows(Archive(line.store), kind, request, stores)
    replay = Replay(DETECTOR, stretch_of(request))
    batches = archived.batches(archived.span(replay), replay, None, AT_ONCE)
    return [row for batch in batches for row in batch.rows]


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
    found = read(line, "embeddings", "i3d_k400", (TILL, DOOR), stores=[STORE])
    decoder = RowDecoder(EMBEDDINGS, "i3d_k400")
    assert [plain(row) for row in found] == [
        plain(decoder(encode(one))) for one in (*messages, *of_door)
    ]
    assert found[0].of is found[1].of  # type: ignore[union-attr]


def test_poses_are_messages(line: Line) -> None:
    messages = [poses(n) for n in range(3)]
    line.take(line.write(*messages))
    line.pass_s(7)
    assert read(line, "poses", "yolov8_pose", (TILL,)) == messages
