"""Videos: uploads and how far their analysis got."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, delete, insert, select, update

from schemas.judgements import LIVE
from schemas.sources import SourceConfigured
from services.api.access.paging import Order, Row, page
from services.api.access.stores import Place
from services.api.access.tables import stores
from services.api.cursors import Cursor
from services.api.faces.pieces import PIECE_S
from services.api.faces.rule import hidden_among
from services.api.principal import Principal, visible
from services.api.sums import Scored, scored
from services.api.tables import runs, sources, videos
from services.api.views import VideoPage, VideoView

ORDER = Order(videos.c.submitted_at, videos.c.video_id)
NOTHING_SCORED = Scored(0, 0.0)


@dataclass(frozen=True)
class NewVideo:
    """What the API knows of an upload before anybody worked on it."""

    video_id: UUID
    filename: str
    size_bytes: int
    content_type: str
    object_key: str
    submitted_at: datetime
    recorded_at: datetime | None = None

    @property
    def origin_at(self) -> datetime:
        """Time zero of the video's grid."""
        return self.recorded_at or self.submitted_at


def add_video(connection: Connection, place: Place, video: NewVideo) -> None:
    connection.execute(
        insert(sources).values(
            source_id=str(video.video_id),
            source_kind="upload",
            tenant_id=str(place.tenant_id),
            store_id=str(place.store_id),
            name=video.filename,
            origin_at=video.origin_at,
            is_wall_clock=video.recorded_at is not None,
            recorded_at=video.recorded_at,
            configured_at=video.submitted_at,
            changed_at=video.submitted_at,
            is_being_removed=False,
        )
    )
    connection.execute(
        insert(videos).values(
            video_id=str(video.video_id),
            size_bytes=video.size_bytes,
            content_type=video.content_type,
            object_key=video.object_key,
            state="submitted",
            decoded=0.0,
            clip_count=0,
            clips_missing=0,
            is_paused=False,
            submitted_at=video.submitted_at,
        )
    )


def drop_video(connection: Connection, video_id: UUID) -> None:
    """Of an upload that nobody was told of."""
    connection.execute(delete(videos).where(videos.c.video_id == str(video_id)))
    connection.execute(delete(sources).where(sources.c.source_id == str(video_id)))


def rename_video(connection: Connection, video_id: UUID, name: str, now: datetime) -> None:
    mine = sources.c.source_id == str(video_id)
    connection.execute(update(sources).where(mine).values(name=name, changed_at=now))


def pause_video(connection: Connection, video_id: UUID, is_paused: bool, now: datetime) -> None:
    mine = videos.c.video_id == str(video_id)
    connection.execute(update(videos).where(mine).values(is_paused=is_paused))
    of_it = sources.c.source_id == str(video_id)
    connection.execute(update(sources).where(of_it).values(changed_at=now))


def video_row(connection: Connection, principal: Principal, video_id: UUID) -> Row | None:
    query = _videos(principal).where(videos.c.video_id == str(video_id))
    return connection.execute(query).mappings().first()


def source_of(row: Row) -> SourceConfigured:
    """What `sources.v1` is told of the upload of a `video_row`."""
    names = "tenant_id store_id origin_at is_wall_clock recorded_at is_paused"
    return SourceConfigured(
        source_id=row["video_id"],
        source_kind="upload",
        name=row["filename"],
        configured_at=row["changed_at"],
        **{name: row[name] for name in names.split()},
    )


def video(connection: Connection, principal: Principal, video_id: UUID) -> VideoView | None:
    row = video_row(connection, principal, video_id)
    return _views(connection, principal, [row])[0] if row else None


def video_page(
    connection: Connection, principal: Principal, limit: int, after: Cursor | None
) -> VideoPage:
    """Newest first."""
    rows, token = page(connection, _videos(principal), ORDER, limit, after)
    return VideoPage(items=_views(connection, principal, rows), next=token)


def _videos(principal: Principal) -> Select[Any]:
    together = videos.join(sources, sources.c.source_id == videos.c.video_id)
    together = together.outerjoin(stores, stores.c.store_id == sources.c.store_id)
    store = sources.c.store_id, stores.c.name.label("store")
    names = "tenant_id recorded_at origin_at is_wall_clock changed_at"
    columns = sources.c.name.label("filename"), *(sources.c[name] for name in names.split())
    return select(videos, *columns, *store).select_from(together).where(visible(principal))


def _views(connection: Connection, principal: Principal, rows: Sequence[Row]) -> list[VideoView]:
    names = [row["video_id"] for row in rows]
    hidden = hidden_among(connection, principal, names)
    sums = scored(connection, names, LIVE)
    live = runs.c.source_id.in_(names), runs.c.run == LIVE
    query = select(runs).where(*live)
    heard = {row["source_id"]: row for row in connection.execute(query).mappings()} if names else {}
    return [
        _view(
            row,
            sums.get(row["video_id"], NOTHING_SCORED),
            heard.get(row["video_id"]),
            row["video_id"] in hidden,
        )
        for row in rows
    ]


def _view(row: Row, sums: Scored, run: Row | None, is_hidden: bool) -> VideoView:
    known = {name: row[name] for name in VideoView.model_fields if name in row}
    return VideoView.model_validate(
        known
        | {
            "playable": row["playable_key"] is not None,
            "piece_s": PIECE_S if is_hidden else None,
            "clips_scored": sums.clips,
            "alert_count": run["alerts_seen"] if run else 0,
            "top_score": sums.top if sums.clips else None,
            "progress": _progress(row, sums.clips, run["last_end_s"] if run else 0.0),
        }
    )


def _progress(row: Row, clips: int, scored_s: float) -> float:
    """By clips once their number is final, else by time, as far as the duration is known."""
    if row["state"] == "done":
        return 1.0
    if row["state"] == "scoring" and row["clip_count"]:
        share = clips / row["clip_count"]
    else:
        share = scored_s / row["duration_s"] if row["duration_s"] else 0.0
    return float(min(share, 0.999))
