"""Sources: one, a page of them, and their timelines."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Select, select

from schemas.clips import SourceKind
from schemas.judgements import LIVE
from services.api import timeline as scores
from services.api.access.paging import Order, Row, page
from services.api.access.tables import stores
from services.api.cursors import Cursor
from services.api.keeping.tables import face_rules
from services.api.principal import Principal, visible
from services.api.queries.alerts import LONGEST_EPISODE, alerts_between
from services.api.queries.conditions import conditions_between
from services.api.queries.conditions import extent as extent_of_conditions
from services.api.scores.reading import Span, series_between
from services.api.tables import removed_sources, runs, sources
from services.api.views import Resolution, RunView, SourcePage, SourceView

ORDER = Order(sources.c.configured_at, sources.c.source_id)


@dataclass(frozen=True)
class Stretch:
    """What part of a timeline is asked for; None: from its beginning, or to its end."""

    since: datetime | None = None
    until: datetime | None = None
    run: str = LIVE
    resolution: Resolution = "auto"
    limit: int = 10_000


def source_row(connection: Connection, principal: Principal, source_id: UUID) -> Row | None:
    query = _sources(principal).where(sources.c.source_id == str(source_id))
    return connection.execute(query).mappings().first()


def source(connection: Connection, principal: Principal, source_id: UUID) -> SourceView | None:
    row = source_row(connection, principal, source_id)
    return _views(connection, [row])[0] if row else None


@dataclass(frozen=True)
class SourceFilter:
    """Which sources: of one kind or one store only."""

    kind: SourceKind | None = None
    store_id: UUID | None = None


class Ownership(NamedTuple):
    """Whose a source is, and for whom its faces are hidden, where there is a rule."""

    tenant_id: str | None
    store_id: str | None
    hidden_for: str | None


def owners_of(connection: Connection, source_ids: Collection[str]) -> dict[str, Ownership]:
    """Of those of them that are there, and are not being removed."""
    columns = sources.c.tenant_id, sources.c.store_id, face_rules.c.blurred_for
    together = sources.outerjoin(face_rules, face_rules.c.tenant_id == sources.c.tenant_id)
    query = select(sources.c.source_id, *columns).select_from(together)
    query = query.where(sources.c.source_id.in_(source_ids), sources.c.is_being_removed.is_(False))
    return {row[0]: Ownership(*row[1:]) for row in connection.execute(query)}


def source_page(
    connection: Connection,
    principal: Principal,
    wanted: SourceFilter,
    limit: int,
    after: Cursor | None,
) -> SourcePage:
    """Latest configured first."""
    query = _sources(principal)
    if wanted.kind:
        query = query.where(sources.c.source_kind == wanted.kind)
    if wanted.store_id:
        query = query.where(sources.c.store_id == str(wanted.store_id))
    rows, token = page(connection, query, ORDER, limit, after)
    return SourcePage(items=_views(connection, rows), next=token)


def _sources(principal: Principal) -> Select[Any]:
    together = sources.outerjoin(stores, stores.c.store_id == sources.c.store_id)
    query = select(sources, stores.c.name.label("store")).select_from(together)
    return query.where(visible(principal))


def is_removable(
    connection: Connection, principal: Principal, source_id: UUID, kind: SourceKind
) -> bool:
    """Whether it is, or was, one of that kind of theirs: a removal that broke off may be asked for
    again.
    """
    for table in (sources, removed_sources):
        query = select(table.c.source_kind, table.c.tenant_id, table.c.store_id).where(
            table.c.source_id == str(source_id)
        )
        row = connection.execute(query).first()
        if row is not None:
            return row.source_kind == kind and principal.may_see(row.tenant_id, row.store_id)
    return False


def _views(connection: Connection, rows: Sequence[Row]) -> list[SourceView]:
    names = [row["source_id"] for row in rows]
    query = select(runs).where(runs.c.source_id.in_(names)).order_by(runs.c.run)
    of_source: dict[str, list[RunView]] = {name: [] for name in names}
    for row in connection.execute(query).mappings() if names else ():
        of_source[row["source_id"]].append(RunView.model_validate(dict(row)))
    return [SourceView(**dict(row), runs=of_source[row["source_id"]]) for row in rows]


def timeline(
    connection: Connection, principal: Principal, source_id: UUID, stretch: Stretch
) -> dict[str, Any] | None:
    """The content of a TimelineView; plain, since a month of minutes is forty thousand numbers."""
    row = source_row(connection, principal, source_id)
    if row is None:
        return None
    span = _span(connection, row, stretch)
    resolution = _resolution(stretch, span)
    found = series_between(connection, str(source_id), stretch.run, span)
    read = scores.read(connection, found, span, resolution, stretch.limit)
    heads = scores.heads(found)
    seen = replace(span, until=read.until)
    is_end = stretch.until is None and read.next is None
    of_alerts = replace(seen, until=seen.until + LONGEST_EPISODE) if is_end else seen
    return {
        "source_id": str(source_id),
        "run": stretch.run,
        "resolution": resolution,
        "origin_at": _iso(row["origin_at"]),
        "is_wall_clock": row["is_wall_clock"],
        "since": _iso(seen.since),
        "until": _iso(seen.until),
        "heads": heads,
        "clips": read.clips,
        "maxima": read.maxima,
        "alerts": alerts_between(connection, str(source_id), stretch.run, of_alerts),
        "conditions": conditions_between(connection, str(source_id), of_alerts),
        "next": Cursor(read.next, resolution).token() if read.next else None,
    }


def _resolution(stretch: Stretch, span: Span) -> scores.Resolution:
    return scores.resolution_for(span) if stretch.resolution == "auto" else stretch.resolution


def _span(connection: Connection, row: Row, stretch: Stretch) -> Span:
    """What is asked for; where an end is left open that of what the run has of the source, and of
    what was wrong with it.
    """
    if stretch.since and stretch.until:
        return Span(stretch.since, max(stretch.since, stretch.until))
    of_run = runs.c.source_id == row["source_id"], runs.c.run == stretch.run
    query = select(runs.c.first_at, runs.c.last_at).where(*of_run)
    extents = [
        connection.execute(query).first(),
        extent_of_conditions(connection, row["source_id"]),
    ]
    origin_at = row["origin_at"]
    first_at = min((extent[0] for extent in extents if extent), default=origin_at)
    last_at = max((extent[1] for extent in extents if extent), default=origin_at)
    after_last = last_at + timedelta(seconds=1)
    since = stretch.since or min(first_at, stretch.until or first_at)
    until = stretch.until or max(after_last, since)
    return Span(since, max(since, until))


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
