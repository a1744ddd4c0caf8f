"""Tells `sources.v1` of cameras as the tables have them: a duty.

A change is a row whose `announced_at` is empty, committed before anybody is told; the instance that
has the lease carries it to the topic, and looks afterwards whether the row is still as it was told.
So what lies last on the topic is what the tables have, and what could not be told while Kafka was
away is told once it is back.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, case, select, update

from schemas.clips import ClipSpec
from schemas.sources import CameraSettings, SourceConfigured
from schemas.topics import SOURCES
from services.api.tables import cameras, sources
from services.chassis.storage.database import transaction
from services.chassis.streaming.publisher import Publishing
from services.chassis.streaming.records import Outgoing
from services.chassis.telemetry import logs

log = logs.get("cameras")
RESTS_S = 1.0
AT_ONCE = 100


def camera_query() -> Any:
    """Cameras with what is said of them as sources."""
    shared = cameras.columns.keys()
    of_source = [column for column in sources.columns if column.name not in shared]
    together = sources.join(cameras, cameras.c.source_id == sources.c.source_id)
    return select(cameras, *of_source).select_from(together)


def message_of(row: Mapping[Any, Any]) -> SourceConfigured:
    """The camera that a row of `camera_query` describes."""
    names = "source_id tenant_id store_id name origin_at is_wall_clock address record_address"
    return SourceConfigured(
        source_kind="camera",
        spec=ClipSpec(frames=row["frames"], frame_rate=row["frame_rate"], hop=row["hop"]),
        camera=CameraSettings.model_validate(row["settings"]),
        is_paused=row["is_paused"],
        configured_at=row["changed_at"],
        **{name: row[name] for name in (*names.split(), "credentials")},
    )


class Announcements:
    """Every step may be broken off and done again."""

    def __init__(self, engine: Engine, publishing: Publishing) -> None:
        self._engine, self._publishing = engine, publishing

    def turn(self) -> float:
        """Tell what is not told yet; seconds until the next look. Raises TransientError."""
        query = (
            camera_query()
            .where(cameras.c.announced_at.is_(None), sources.c.is_being_removed.is_(False))
            .order_by(cameras.c.changed_at)
            .limit(AT_ONCE)
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        for row in rows:
            self._tell(message_of(row))
        return 0.0 if len(rows) == AT_ONCE else RESTS_S

    def _tell(self, camera: SourceConfigured) -> None:
        self._publishing.publish(Outgoing(SOURCES, camera))
        name = str(camera.source_id)
        with transaction(self._engine) as connection:
            _note(connection, name, camera.configured_at)
            is_there = _is_there(connection, name)
        if not is_there:  # removed meanwhile: its tombstone may lie before what was told now
            self._publishing.publish(Outgoing(SOURCES, None, key=name))
        log.info("camera told", source=name, name=camera.name, paused=camera.is_paused)


def _note(connection: Connection, name: str, changed_at: datetime) -> None:
    """A row that was changed meanwhile is to be told (again): what lies last must be what is."""
    mine, as_told = cameras.c.source_id == name, cameras.c.changed_at == changed_at
    told = case((as_told, cameras.c.changed_at), else_=None)
    connection.execute(update(cameras).where(mine).values(announced_at=told))


def _is_there(connection: Connection, name: str) -> bool:
    here = sources.c.source_id == name, sources.c.is_being_removed.is_(False)
    return connection.scalar(select(sources.c.source_id).where(*here)) is not None
