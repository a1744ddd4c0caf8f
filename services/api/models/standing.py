"""How a detector stands in a scope: footage of cameras that it judged live, alarms, verdicts."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from schemas.judgements import LIVE
from services.api.models.scopes import Scope
from services.api.models.tables import deployment_scopes, deployments
from services.api.reviews.tables import reviews
from services.api.tables import alerts, score_series, sources

DAY_S = 86_400.0
BURST_S = 600
"""Alarms of a camera within so long are one burst: one cause, mostly."""
Alarm = tuple[str, datetime]
"""At which source, and when."""


@dataclass(frozen=True)
class Standing:
    """Since a moment. `camera_days` are days of footage, of all cameras together."""

    cameras: int
    camera_days: float
    alarms: int
    judged_true: int
    judged_false: int


@dataclass(frozen=True)
class Footage:
    """Clips of a source that a head scored; they lie evenly from the first to the last."""

    source_id: str
    detector: str
    model_id: str
    clips: int
    clip: timedelta
    first_at: datetime
    last_at: datetime

    def seconds_since(self, moment: datetime) -> float:
        whole = self.last_at - self.first_at + self.clip
        part = self.last_at - max(self.first_at, moment) + self.clip
        return self.clips * self.clip.total_seconds() * max(part / whole, 0.0)


@dataclass(frozen=True)
class Judged:
    """A detector in a scope, and the ids by which alerts name its heads."""

    scope: Scope
    backbone: str
    detector: str
    model_ids: Collection[str]


def standing(connection: Connection, judged: Judged, since: datetime) -> Standing:
    where = cameras_of(judged.scope, judged.backbone)
    days = camera_days(footage_since(connection, judged, since), since)
    of_verdict = (
        select(reviews.c.verdict, func.count())
        .select_from(alerts.outerjoin(reviews, reviews.c.alert_id == alerts.c.alert_id))
        .where(_alarms(judged, since))
        .group_by(reviews.c.verdict)
    )
    counts = {verdict: int(count) for verdict, count in connection.execute(of_verdict)}
    return Standing(
        cameras=int(connection.scalar(select(func.count()).where(where)) or 0),
        camera_days=days,
        alarms=sum(counts.values()),
        judged_true=counts.get("true", 0),
        judged_false=counts.get("false", 0),
    )


def alarms_since(connection: Connection, judged: Judged, since: datetime) -> list[Alarm]:
    """In order of time."""
    query = select(alerts.c.source_id, alerts.c.started_at).where(_alarms(judged, since))
    rows = connection.execute(query.order_by(alerts.c.started_at, alerts.c.alert_id))
    return [(row.source_id, row.started_at) for row in rows]


def footage_since(connection: Connection, judged: Judged, since: datetime) -> list[Footage]:
    """What the detector scored live; what was dark, left out or not watched is not in it."""
    return _footage(connection, judged.scope, judged.backbone, since, judged.detector)


def _footage(
    connection: Connection,
    scope: Scope,
    backbone: str,
    since: datetime,
    detector: str | None = None,
) -> list[Footage]:
    """Of that detector, or of all of the backbone."""
    ours = select(sources.c.source_id).where(cameras_of(scope, backbone))
    columns = score_series.c
    query = select(
        columns.source_id,
        columns.detector,
        columns.model_id,
        columns.clips,
        columns.hop,
        columns.frame_rate,
        columns.first_at,
        columns.last_at,
    ).where(
        columns.source_id.in_(ours),
        columns.run == LIVE,
        columns.backbone == backbone,
        columns.last_at >= since,
    )
    if detector is not None:
        query = query.where(columns.detector == detector)
    return [
        Footage(
            row.source_id,
            row.detector,
            row.model_id,
            row.clips,
            timedelta(seconds=row.hop / row.frame_rate),
            row.first_at,
            row.last_at,
        )
        for row in connection.execute(query)
    ]


def camera_days(footage: Iterable[Footage], since: datetime) -> float:
    """Of all cameras together. Heads see the same clips: of each camera the one that saw most
    counts. Pure.
    """
    seconds: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for stretch in footage:
        of_heads = seconds[stretch.source_id, stretch.detector]
        of_heads[stretch.model_id] += stretch.seconds_since(since)
    return sum(max(of_head.values()) for of_head in seconds.values()) / DAY_S


def bursts(found: Iterable[Alarm]) -> list[datetime]:
    """When each began. Alarms come in order of time. Pure."""
    latest: dict[str, datetime] = {}
    begun = []
    for source_id, at in found:
        before = latest.get(source_id)
        if before is None or (at - before).total_seconds() >= BURST_S:
            latest[source_id] = at
            begun.append(at)
    return begun


def lately(
    connection: Connection, scope: Scope, backbone: str, since: datetime
) -> tuple[float, int]:
    """Camera-days, and bursts of alarms in them, of all that was live there meanwhile."""
    footage = _footage(connection, scope, backbone, since)
    judged = Judged(scope, backbone, "", {stretch.model_id for stretch in footage})
    return camera_days(footage, since), len(bursts(alarms_since(connection, judged, since)))


def cameras_of(scope: Scope, backbone: str) -> ColumnElement[bool]:
    """The condition on sources that what is live in the scope judges: of a tenant those are left
    out whose store has a live detector of its own.
    """
    ours = [
        sources.c.source_kind == "camera",
        sources.c.is_being_removed.is_(False),
        sources.c.tenant_id == str(scope.tenant_id),
    ]
    if scope.store_id is not None:
        return and_(*ours, sources.c.store_id == str(scope.store_id))
    owned = (
        select(deployment_scopes.c.store_id)
        .join(deployments, deployments.c.scope_id == deployment_scopes.c.scope_id)
        .where(
            deployment_scopes.c.tenant_id == str(scope.tenant_id),
            deployment_scopes.c.store_id.is_not(None),
            deployments.c.run == LIVE,
            deployments.c.backbone == backbone,
        )
    )
    return and_(*ours, or_(sources.c.store_id.is_(None), sources.c.store_id.not_in(owned)))


def _alarms(judged: Judged, since: datetime) -> ColumnElement[bool]:
    ours = select(sources.c.source_id).where(cameras_of(judged.scope, judged.backbone))
    return and_(
        alerts.c.source_id.in_(ours),
        alerts.c.run == LIVE,
        alerts.c.kind == "incident",
        alerts.c.model_id.in_(sorted(judged.model_ids)),
        alerts.c.started_at >= since,
    )
