"""Recordings: the segments of a camera between two moments, and the stretches that they make."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, select

from services.api.tables import segments
from services.api.view import EXAMPLE_WHEN, View, example

LONGEST_SEGMENT = timedelta(minutes=11)
"""No segment that overlaps a stretch begins earlier than so long before it."""
JOINT = timedelta(seconds=1)
"""Segments no further apart make one stretch."""

Row = Mapping[Any, Any]


class RecordedStretch(View):
    """A camera was recorded without a gap from one moment to another."""

    since: datetime
    until: datetime
    size_bytes: int
    is_stored: bool = Field(description="all of it lies in the object store, not only on a worker")


class RecordingsView(View):
    """What was recorded of a camera, oldest first; what lies between is not there."""

    items: list[RecordedStretch]

    model_config = example(
        {
            "items": [
                {
                    "since": EXAMPLE_WHEN,
                    "until": EXAMPLE_WHEN,
                    "size_bytes": 52428800,
                    "is_stored": False,
                },
            ]
        }
    )


def segments_between(
    connection: Connection, source_id: UUID, since: datetime, until: datetime
) -> list[Row]:
    """Those that overlap and are not gone, in order of time. The caller may see the source."""
    query = (
        select(segments)
        .where(
            segments.c.source_id == str(source_id),
            segments.c.started_at >= since - LONGEST_SEGMENT,
            segments.c.started_at < until,
            segments.c.ended_at > since,
            segments.c.is_gone.is_(False),
        )
        .order_by(segments.c.started_at)
    )
    return list(connection.execute(query).mappings())


def stretches(rows: Iterable[Row]) -> list[RecordedStretch]:
    """Segments that follow one another, put together."""
    found: list[RecordedStretch] = []
    for row in rows:
        latest = found[-1] if found else None
        if latest is not None and row["started_at"] <= latest.until + JOINT:
            found[-1] = RecordedStretch(
                since=latest.since,
                until=max(latest.until, row["ended_at"]),
                size_bytes=latest.size_bytes + row["size_bytes"],
                is_stored=latest.is_stored and row["object_key"] is not None,
            )
        else:
            found.append(
                RecordedStretch(
                    since=row["started_at"],
                    until=row["ended_at"],
                    size_bytes=row["size_bytes"],
                    is_stored=row["object_key"] is not None,
                )
            )
    return found
