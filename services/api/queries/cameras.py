"""Cameras: one, a page of them, added and changed; and how each of them is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, func, insert, select, update

from schemas.judgements import LIVE
from schemas.sources import SourceConfigured
from services.api.access.paging import Order, Row, page
from services.api.access.tables import stores
from services.api.cameras.announcing import camera_query, message_of
from services.api.cameras.views import CameraPage, CameraState, CameraView, ConditionView
from services.api.cursors import Cursor
from services.api.principal import Principal, visible
from services.api.queries.conditions import open_conditions
from services.api.rows import camera_row, configured_row
from services.api.tables import cameras, conditions, runs, sources

ORDER = Order(sources.c.configured_at, cameras.c.source_id)
SILENT_AFTER = timedelta(seconds=45)
"""A camera of which no score came for so long, without a reason, is not watched any more."""


def add_camera(connection: Connection, camera: SourceConfigured) -> None:
    connection.execute(insert(sources).values(configured_row(camera)))
    row = camera_row(camera) | {"announced_at": None}
    connection.execute(insert(cameras).values(row))


def change_camera(connection: Connection, camera: SourceConfigured) -> None:
    """To be told anew. When it was added stays as it is."""
    mine = str(camera.source_id)
    of_source = configured_row(camera)
    del of_source["configured_at"], of_source["is_being_removed"]
    connection.execute(update(sources).where(sources.c.source_id == mine).values(of_source))
    row = camera_row(camera) | {"announced_at": None}
    connection.execute(update(cameras).where(cameras.c.source_id == mine).values(row))


def camera_for_change(
    connection: Connection, principal: Principal, source_id: UUID
) -> SourceConfigured | None:
    """The camera as it is, its row locked until the end of the transaction."""
    query = _visible_cameras(principal).where(cameras.c.source_id == str(source_id))
    row = connection.execute(query.with_for_update()).mappings().first()
    return message_of(row) if row else None


def is_announced(connection: Connection, source_id: UUID) -> bool:
    query = select(cameras.c.announced_at).where(cameras.c.source_id == str(source_id))
    return connection.scalar(query) is not None


def camera_ids(connection: Connection) -> list[UUID]:
    """Of all tenants: they share the network."""
    return [UUID(one) for one in connection.scalars(select(cameras.c.source_id))]


def camera(
    connection: Connection, principal: Principal, source_id: UUID, now: datetime
) -> CameraView | None:
    query = _visible_cameras(principal).where(cameras.c.source_id == str(source_id))
    row = connection.execute(query).mappings().first()
    return _views(connection, [row], now)[0] if row else None


def watched(
    connection: Connection, principal: Principal, wanted: Sequence[UUID] | None, most: int
) -> list[str]:
    """Ids of cameras that are not paused: of those wanted, or of the latest added."""
    query = select(sources.c.source_id).select_from(
        sources.join(cameras, cameras.c.source_id == sources.c.source_id)
    )
    query = query.where(visible(principal), cameras.c.is_paused.is_(False))
    if wanted is not None:
        query = query.where(sources.c.source_id.in_([str(name) for name in wanted]))
    return list(connection.scalars(query.order_by(sources.c.configured_at.desc()).limit(most)))


@dataclass(frozen=True)
class CamerasAsked:
    """Who asks, and for which cameras: those of one store only, where it is named."""

    principal: Principal
    store_id: UUID | None = None


def camera_page(
    connection: Connection, wanted: CamerasAsked, limit: int, after: Cursor | None, now: datetime
) -> CameraPage:
    """Latest added first."""
    query = _visible_cameras(wanted.principal)
    if wanted.store_id:
        query = query.where(sources.c.store_id == str(wanted.store_id))
    rows, token = page(connection, query, ORDER, limit, after)
    return CameraPage(items=_views(connection, rows, now), next=token)


def _visible_cameras(principal: Principal) -> Select[Any]:
    query: Select[Any] = camera_query().where(visible(principal))
    query = query.outerjoin(stores, stores.c.store_id == sources.c.store_id)
    return query.add_columns(stores.c.name.label("store"))


def _views(connection: Connection, rows: Sequence[Row], now: datetime) -> list[CameraView]:
    names = [row["source_id"] for row in rows]
    wrong = open_conditions(connection, names)
    live = runs.c.source_id.in_(names), runs.c.run == LIVE
    query = select(runs).where(*live)
    heard = {row["source_id"]: row for row in connection.execute(query).mappings()} if names else {}
    back = _back_since(connection, names)
    return [
        _view(row, Seen(wrong.get(name, []), heard.get(name), back.get(name)), now)
        for row, name in zip(rows, names, strict=True)
    ]


def _back_since(connection: Connection, names: Sequence[str]) -> dict[str, datetime]:
    """When the latest outage of each ended."""
    if not names:
        return {}
    columns = conditions.c
    query = (
        select(columns.source_id, func.max(columns.ended_at))
        .where(columns.source_id.in_(names), columns.condition == "offline", columns.is_over)
        .group_by(columns.source_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


@dataclass(frozen=True)
class Seen:
    """What is known of a camera beside how it is configured."""

    conditions: list[ConditionView]
    run: Row | None
    back_at: datetime | None


def _view(row: Row, seen: Seen, now: datetime) -> CameraView:
    message = message_of(row)
    state, reason, since = state_of(message, row["announced_at"] is not None, seen, now)
    settings = message.camera.model_dump() if message.camera else {}
    return CameraView(
        store_id=row["store_id"],
        store=row["store"],
        **{name: getattr(message, name) for name in ("source_id", "name", "spec", "origin_at")},
        **settings,
        address=message.address or "",
        record_address=message.record_address,
        has_credentials=message.credentials is not None,
        is_paused=message.is_paused,
        is_announced=row["announced_at"] is not None,
        configured_at=row["configured_at"],
        changed_at=row["changed_at"],
        state=state,
        reason=reason,
        since=since,
        last_clip_at=seen.run["last_at"] if seen.run else None,
        last_score=seen.run["last_score"] if seen.run else None,
        conditions=seen.conditions,
    )


def state_of(
    camera: SourceConfigured, is_announced: bool, seen: Seen, now: datetime
) -> tuple[CameraState, str, datetime]:
    """How it is, why in one sentence where there is something to say, and since when."""
    changed_at, run = camera.configured_at, seen.run
    if camera.is_paused:
        return "paused", "", changed_at
    if not is_announced:
        return "starting", "Kafka does not answer; it begins as soon as Kafka does.", changed_at
    by_name = {condition.condition: condition for condition in seen.conditions}
    if offline := by_name.get("offline"):
        return "offline", offline.detail or "No picture comes.", offline.started_at
    if still := by_name.get("still"):
        return "online", "Nothing moves, so no clips are sent.", still.started_at
    if run is None or run["heard_at"] < changed_at:
        if now - changed_at < SILENT_AFTER:
            return "starting", "", changed_at
        return "starting", "No clip of it has been scored yet.", changed_at
    if now - run["heard_at"] > SILENT_AFTER:
        sentence = "No scores come, and nobody says why: do all services run?"
        return "offline", sentence, run["heard_at"]
    return "online", "", max(run["first_at"], seen.back_at or run["first_at"])
