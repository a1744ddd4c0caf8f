"""What a tenant or a store has too much of: the oldest that nobody holds goes first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, func, select

from services.api import holds
from services.api.keeping.cuts import SizeBound
from services.api.keeping.rules import Kind
from services.api.keeping.tables import evidence_sizes
from services.api.tables import segments, sources, videos

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Measured:
    """A table whose rows are so many bytes in the object store each."""

    table: Table
    source_id: ColumnElement[str]
    moment: ColumnElement[Any]
    is_stored: ColumnElement[bool]
    is_free: Callable[[], ColumnElement[bool]]


MEASURES: Mapping[Kind, Measured] = {
    "recordings": Measured(
        segments,
        segments.c.source_id,
        segments.c.started_at,
        segments.c.object_key.is_not(None),
        lambda: holds.is_free(segments.c.source_id, segments.c.started_at, segments.c.ended_at),
    ),
    "evidence": Measured(
        evidence_sizes,
        evidence_sizes.c.source_id,
        evidence_sizes.c.dated_at,
        evidence_sizes.c.size_bytes > 0,
        lambda: holds.is_free(
            evidence_sizes.c.source_id, evidence_sizes.c.started_at, evidence_sizes.c.ended_at
        ),
    ),
    "uploads": Measured(
        videos,
        videos.c.video_id,
        videos.c.submitted_at,
        videos.c.size_bytes > 0,
        lambda: holds.is_source_free(videos.c.video_id),
    ),
}


def too_much(connection: Connection, kind: Kind, bound: SizeBound, most: int) -> Sequence[Row]:
    """The oldest free rows that stand between what there is and the bound; at most so many. What is
    held counts, and stays: then newer rows go in its place.
    """
    of = MEASURES[kind]
    mine = and_(of.source_id.in_(select(sources.c.source_id).where(bound.of_sources)), of.is_stored)
    total = connection.scalar(select(func.sum(of.table.c.size_bytes)).where(mine)) or 0
    over = int(total) - bound.most_bytes
    if over <= 0:
        return []
    query = select(of.table).where(mine, of.is_free()).order_by(of.moment).limit(most)
    found = []
    for row in connection.execute(query).mappings():
        if over <= 0:
            break
        found.append(row)
        over -= row["size_bytes"]
    return found
