"""What the routes read and write in the tables. Rows in, views out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, delete, func, insert, select

from services.api.tables import alerts, clips, deliveries, videos
from services.api.views import (
    AlertPage,
    AlertView,
    ClipView,
    DeliveryView,
    HeadSay,
    HeadView,
    Timeline,
    VideoPage,
    VideoView,
)

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Page:
    limit: int
    offset: int


@dataclass(frozen=True)
class NewVideo:
    """What the API knows of an upload before anybody worked on it."""

    video_id: UUID
    filename: str
    size_bytes: int
    content_type: str
    object_key: str
    submitted_at: datetime


def add_video(connection: Connection, video: NewVideo) -> None:
    connection.execute(
        insert(videos).values(
            video_id=str(video.video_id),
            filename=video.filename,
            size_bytes=video.size_bytes,
            content_type=video.content_type,
            object_key=video.object_key,
            state="submitted",
            decoded=0.0,
            clip_count=0,
            submitted_at=video.submitted_at,
        )
    )


def drop_video(connection: Connection, video_id: UUID) -> None:
    connection.execute(delete(videos).where(videos.c.video_id == str(video_id)))


def video_row(connection: Connection, video_id: UUID) -> Row | None:
    query = select(videos).where(videos.c.video_id == str(video_id))
    return connection.execute(query).mappings().first()


def video(connection: Connection, video_id: UUID) -> VideoView | None:
    row = video_row(connection, video_id)
    return _video_views(connection, [row])[0] if row else None


def video_page(connection: Connection, page: Page) -> VideoPage:
    """Newest first."""
    total = connection.scalar(select(func.count()).select_from(videos)) or 0
    newest = select(videos).order_by(videos.c.submitted_at.desc(), videos.c.video_id)
    rows = _page(connection, newest, page)
    return VideoPage(
        items=_video_views(connection, rows), total=total, limit=page.limit, offset=page.offset
    )


def timeline(connection: Connection, video_id: UUID, after: int, limit: int) -> Timeline | None:
    """Clips past index `after`, at most `limit` of them, and all alerts of the video."""
    row = video_row(connection, video_id)
    if row is None:
        return None
    of_video = clips.c.source_id == str(video_id)
    query = select(clips).where(of_video, clips.c.position > after).order_by(clips.c.position)
    found = connection.execute(query.limit(limit + 1)).mappings().all()
    scored = found[:limit]
    latest: Row = scored[-1] if scored else {}
    return Timeline(
        video_id=video_id,
        state=row["state"],
        duration_s=row["duration_s"],
        backbone=latest.get("backbone"),
        head=latest.get("head"),
        model_id=latest.get("model_id"),
        high_mark=latest.get("high_mark"),
        heads=[HeadView.model_validate(one) for one in latest.get("heads") or ()],
        clips=[_clip_view(one) for one in scored],
        next_after=latest["position"] if len(found) > limit else None,
        alerts=_alerts_of(connection, video_id),
    )


def alert_page(
    connection: Connection, page: Page, source_id: UUID | None, state: str | None
) -> AlertPage:
    """Newest first; of one video, in its order of time."""
    wanted = _alerts()
    count = select(func.count()).select_from(alerts)
    if source_id:
        wanted = wanted.where(alerts.c.source_id == str(source_id))
        count = count.where(alerts.c.source_id == str(source_id))
    if state:
        wanted, count = wanted.where(alerts.c.state == state), count.where(alerts.c.state == state)
    order = (alerts.c.start_s,) if source_id else (alerts.c.recorded_at.desc(), alerts.c.start_s)
    rows = _page(connection, wanted.order_by(*order, alerts.c.alert_id), page)
    return AlertPage(
        items=[AlertView.model_validate(dict(row)) for row in rows],
        total=connection.scalar(count) or 0,
        limit=page.limit,
        offset=page.offset,
    )


def alert(connection: Connection, alert_id: UUID) -> AlertView | None:
    row = connection.execute(_alerts().where(alerts.c.alert_id == str(alert_id))).mappings().first()
    return AlertView.model_validate(dict(row)) if row else None


def deliveries_of(connection: Connection, alert_id: UUID) -> list[DeliveryView]:
    """All attempts, in order of time."""
    query = (
        select(deliveries)
        .where(deliveries.c.alert_id == str(alert_id))
        .order_by(deliveries.c.attempted_at, deliveries.c.delivery_id, deliveries.c.attempt)
    )
    rows = connection.execute(query).mappings()
    return [DeliveryView.model_validate(dict(row)) for row in rows]


def _page(connection: Connection, query: Select[Any], page: Page) -> Sequence[Row]:
    return connection.execute(query.limit(page.limit).offset(page.offset)).mappings().all()


def _alerts() -> Select[Any]:
    together = alerts.outerjoin(videos, videos.c.video_id == alerts.c.source_id)
    return select(alerts, videos.c.filename).select_from(together)


def _alerts_of(connection: Connection, video_id: UUID) -> list[AlertView]:
    query = _alerts().where(alerts.c.source_id == str(video_id)).order_by(alerts.c.start_s)
    return [AlertView.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def _clip_view(row: Row) -> ClipView:
    return ClipView(
        index=row["position"],
        start_s=row["start_s"],
        end_s=row["end_s"],
        score=row["score"],
        calibrated=row["calibrated"],
        heads=[HeadSay.model_validate(one) for one in row["heads"]] if row["heads"] else None,
    )


def _video_views(connection: Connection, rows: Sequence[Row]) -> list[VideoView]:
    """Those that are done carry their sums with them; the others' clips are counted."""
    names = [row["video_id"] for row in rows]
    at_work = [row["video_id"] for row in rows if row["state"] != "done"]
    scored = _sums(
        connection,
        select(
            clips.c.source_id,
            func.count().label("clips_scored"),
            func.max(clips.c.end_s).label("scored_s"),
            func.max(clips.c.calibrated).label("top_score"),
        ).where(clips.c.source_id.in_(at_work)),
        clips.c.source_id,
    )
    raised = _sums(
        connection,
        select(alerts.c.source_id, func.count().label("alert_count")).where(
            alerts.c.source_id.in_(names)
        ),
        alerts.c.source_id,
    )
    return [
        _video_view(row, scored.get(row["video_id"], {}) | raised.get(row["video_id"], {}))
        for row in rows
    ]


def _sums(connection: Connection, query: Select[Any], by: Any) -> dict[str, dict[str, Any]]:
    rows = connection.execute(query.group_by(by)).mappings()
    return {row["source_id"]: dict(row) for row in rows}


def _video_view(row: Row, sums: Row) -> VideoView:
    if row["state"] == "done":
        sums = {**sums, "clips_scored": row["clip_count"], "top_score": row["top_score"]}
    count = sums.get("clips_scored", 0)
    told = {name: row[name] for name in VideoView.model_fields if name in row}
    return VideoView.model_validate(
        told
        | {
            "playable": row["playable_key"] is not None,
            "clips_scored": count,
            "alert_count": sums.get("alert_count", 0),
            "top_score": sums.get("top_score"),
            "progress": _progress(row, count, sums.get("scored_s", 0.0)),
        }
    )


def _progress(row: Row, count: int, scored_s: float) -> float:
    """By clips once their number is final, else by time, as far as the duration is known."""
    if row["state"] == "done":
        return 1.0
    if row["state"] == "scoring" and row["clip_count"]:
        share = count / row["clip_count"]
    else:
        share = scored_s / row["duration_s"] if row["duration_s"] else 0.0
    return float(min(share, 0.999))
