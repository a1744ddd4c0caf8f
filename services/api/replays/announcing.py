"""Tells `replays.v1` of replays as the table has them: a duty, as that of cameras.

A change is a row whose `announced_at` is empty: asked for, cancelled, embedded anew, removed. What
lies last on the topic is what the table has; of one that was removed a tombstone.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select, update

from schemas.replays import ReplayRequested
from schemas.topics import REPLAYS
from services.api.replays.queries import Row, sources_of
from services.api.replays.tables import replays
from services.chassis.clock import Clock
from services.chassis.storage.database import transaction
from services.chassis.streaming.publisher import Publishing
from services.chassis.streaming.records import Outgoing
from services.chassis.telemetry import logs

log = logs.get("replays")
RESTS_S = 1.0
AT_ONCE = 20
SAME = "run tenant_id backbone package input windows_per_s is_cancelled extracted_at requested_at"
CHANGING = ("requested_at", "is_cancelled", "extracted_at", "removed_at")


def message_of(row: Row, source_ids: list[str]) -> ReplayRequested:
    """The replay that a row describes."""
    fields: dict[str, Any] = {name: row[name] for name in SAME.split()}
    return ReplayRequested(
        since=row["since_at"],
        until=row["until_at"],
        sources=tuple(map(UUID, source_ids)),
        **fields,
    )


class ReplayAnnouncements:
    """Every step may be broken off and done again."""

    def __init__(self, engine: Engine, publishing: Publishing, clock: Clock) -> None:
        self._engine, self._publishing, self._clock = engine, publishing, clock

    def turn(self) -> float:
        """Tell what is not told yet; seconds until the next turn. Raises TransientError."""
        waiting = replays.c.announced_at.is_(None)
        query = select(replays).where(waiting).order_by(replays.c.requested_at).limit(AT_ONCE)
        with transaction(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            named = {row["run"]: sources_of(connection, row["run"]) for row in rows}
        for row in rows:
            self._tell(row, named[row["run"]])
        return 0.0 if len(rows) == AT_ONCE else RESTS_S

    def _tell(self, row: Row, source_ids: list[str]) -> None:
        is_there = row["removed_at"] is None and bool(source_ids)
        message = message_of(row, source_ids) if is_there else None
        self._publishing.publish(Outgoing(REPLAYS, message, key=row["run"]))
        self._note(row, self._clock.now())
        log.info("replay told", run=row["run"], is_removed=not is_there)

    def _note(self, row: Row, now: datetime) -> None:
        """A row that was changed meanwhile is to be told again."""
        as_told = [replays.c[name].is_not_distinct_from(row[name]) for name in CHANGING]
        with transaction(self._engine) as connection:
            mine = update(replays).where(replays.c.run == row["run"], *as_told)
            connection.execute(mine.values(announced_at=now))
