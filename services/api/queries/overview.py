"""What there is to know at a glance: stores and their cameras, the day's alerts, models, lag."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from schemas.judgements import LIVE
from services.api.access.stores import store_page
from services.api.access.views import StoreView
from services.api.cameras.views import CameraView
from services.api.cursors import Cursor
from services.api.overviews import (
    HourView,
    ModelView,
    OverviewView,
    PartView,
    StoreHealthView,
    TroubledView,
)
from services.api.principal import Principal, visible
from services.api.queries.cameras import CamerasAsked, camera_page
from services.api.reviews import queue
from services.api.reviews.queue import QueueFilter
from services.api.tables import alerts, conditions, runs, score_series, sources

PAGE = 500
MOST_CAMERAS = 5_000
MOST_TROUBLED = 50
HOURS = 24
DAY = timedelta(hours=HOURS)
LEFT_OUT = "overloaded", "clips_dropped"


def overview(
    connection: Connection, principal: Principal, parts: Sequence[PartView], now: datetime
) -> OverviewView:
    """Of the stores that the principal sees; alerts are those of the live run."""
    cameras = list(_cameras(connection, principal, now))
    troubled = [each for each in cameras if each.state == "offline" or _is_wrong(each)]
    waiting = queue.page(connection, principal, QueueFilter(), 1, None, now)
    return OverviewView(
        at=now,
        stores=_stores(connection, principal, cameras, now),
        troubled=[
            TroubledView.model_validate(each.model_dump()) for each in troubled[:MOST_TROUBLED]
        ],
        hours=_hours(connection, principal, now),
        open_alerts=_open(connection, principal),
        waiting=waiting.waiting,
        claimed=waiting.claimed,
        models=_models(connection, principal, now),
        lag_s=_lag_s(connection, cameras),
        clips_left_out=_left_out(connection, principal, now),
        parts=list(parts),
    )


def _cameras(connection: Connection, principal: Principal, now: datetime) -> Iterator[CameraView]:
    cursor: str | None = None
    for _ in range(MOST_CAMERAS // PAGE):
        after = Cursor.read(cursor) if cursor else None
        page = camera_page(connection, CamerasAsked(principal), PAGE, after, now)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _is_wrong(camera: CameraView) -> bool:
    return any(each.condition not in ("still", "offline") for each in camera.conditions)


def _stores(
    connection: Connection, principal: Principal, cameras: Sequence[CameraView], now: datetime
) -> list[StoreHealthView]:
    states = Counter((camera.store_id, camera.state) for camera in cameras)
    wrong = Counter(camera.store_id for camera in cameras if _is_wrong(camera))
    since = alerts.c.started_at >= now - DAY, alerts.c.started_at <= now
    query = (
        select(sources.c.store_id, func.count())
        .select_from(alerts.join(sources, sources.c.source_id == alerts.c.source_id))
        .where(alerts.c.run == LIVE, visible(principal), *since)
        .group_by(sources.c.store_id)
    )
    counts = {row[0]: row[1] for row in connection.execute(query)}
    return [
        StoreHealthView(
            store_id=store.store_id,
            name=store.name,
            time_zone=store.hours.time_zone,
            online=states[store.store_id, "online"],
            offline=states[store.store_id, "offline"],
            starting=states[store.store_id, "starting"],
            paused=states[store.store_id, "paused"],
            impaired=wrong[store.store_id],
            alerts=counts.get(str(store.store_id), 0),
        )
        for store in sorted(_all_stores(connection, principal), key=lambda store: store.name)
    ]


def _all_stores(connection: Connection, principal: Principal) -> Iterator[StoreView]:
    cursor: str | None = None
    for _ in range(MOST_CAMERAS // PAGE):
        after = Cursor.read(cursor) if cursor else None
        page = store_page(connection, principal, None, PAGE, after)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _hours(connection: Connection, principal: Principal, now: datetime) -> list[HourView]:
    """The latest day, the hour that runs now included."""
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    query = (
        select(alerts.c.started_at, alerts.c.severity)
        .select_from(alerts.join(sources, sources.c.source_id == alerts.c.source_id))
        .where(alerts.c.run == LIVE, visible(principal), alerts.c.started_at >= first)
        .where(alerts.c.started_at <= now)
    )
    counts = Counter(
        (int((row.started_at - first) / timedelta(hours=1)), row.severity)
        for row in connection.execute(query)
    )
    return [
        HourView(
            at=first + timedelta(hours=hour),
            info=counts[hour, "info"],
            warning=counts[hour, "warning"],
            critical=counts[hour, "critical"],
        )
        for hour in range(HOURS)
    ]


def _open(connection: Connection, principal: Principal) -> int:
    query = (
        select(func.count())
        .select_from(alerts.join(sources, sources.c.source_id == alerts.c.source_id))
        .where(alerts.c.run == LIVE, alerts.c.state == "open", visible(principal))
    )
    return connection.scalar(query) or 0


def _models(connection: Connection, principal: Principal, now: datetime) -> list[ModelView]:
    """Whose scores came within the latest day."""
    columns = score_series.c
    names = columns.model_id, columns.detector, columns.backbone, columns.label
    query = (
        select(*names, func.count(columns.source_id.distinct()), func.max(columns.last_at))
        .select_from(score_series.join(sources, sources.c.source_id == columns.source_id))
        .where(columns.run == LIVE, visible(principal), columns.last_at >= now - DAY)
        .group_by(*names)
        .order_by(columns.model_id, columns.label)
    )
    return [
        ModelView(
            model_id=row[0],
            detector=row[1],
            backbone=row[2],
            label=row[3],
            sources=row[4],
            last_at=row[5],
        )
        for row in connection.execute(query)
    ]


def _lag_s(connection: Connection, cameras: Sequence[CameraView]) -> float | None:
    """How late the latest scores of the cameras came that are online: the slowest's."""
    names = [str(camera.source_id) for camera in cameras if camera.state == "online"]
    if not names:
        return None
    query = select(runs.c.heard_at, runs.c.last_at).where(
        runs.c.run == LIVE, runs.c.source_id.in_(names)
    )
    late = [(row.heard_at - row.last_at).total_seconds() for row in connection.execute(query)]
    return max(0.0, max(late)) if late else None


def _left_out(connection: Connection, principal: Principal, now: datetime) -> int:
    """Clips that were dropped within the latest day, because there was too much to do."""
    columns = conditions.c
    query = (
        select(func.coalesce(func.sum(columns.count), 0))
        .select_from(conditions.join(sources, sources.c.source_id == columns.source_id))
        .where(columns.condition.in_(LEFT_OUT), columns.ended_at >= now - DAY, visible(principal))
    )
    return int(connection.scalar(query) or 0)
