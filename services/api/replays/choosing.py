"""Whose past is meant: the sources that a request names, as far as they are theirs to see."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from schemas.judgements import LIVE
from services.api.access.tables import stores
from services.api.principal import Principal, of_stores, of_tenant, visible
from services.api.replays.views import MOST_SOURCES, ReplayAsked
from services.api.scores.reading import Span
from services.api.tables import runs, sources

LONGEST_UPLOAD = timedelta(hours=12)


class NothingChosen(Exception):
    """Something that is named is not there, or not theirs. The text is one sentence."""


class TooManyChosen(Exception):
    """The text is one sentence."""


def chosen(
    connection: Connection, principal: Principal, asked: ReplayAsked, span: Span
) -> tuple[UUID, list[str]]:
    """The tenant, and the ids of its sources in order. Uploads that nobody names are among them if
    they were recorded in that time. Raises NothingChosen, TooManyChosen.
    """
    tenant_id = _tenant(connection, principal, asked)
    _require_stores(connection, principal, asked, tenant_id)
    mine = and_(visible(principal), sources.c.tenant_id == str(tenant_id))
    query = select(sources.c.source_id).where(mine, _meant(asked, span))
    found = list(connection.scalars(query.order_by(sources.c.source_id).limit(MOST_SOURCES + 1)))
    missing = {str(each) for each in asked.source_ids}.difference(found)
    if missing and len(found) <= MOST_SOURCES:
        raise NothingChosen(f"There is no source {min(missing)}.")
    if not found:
        raise NothingChosen("There is no source in that stretch of time.")
    if len(found) > MOST_SOURCES:
        raise TooManyChosen(f"A replay takes {MOST_SOURCES} sources at most: name some.")
    return tenant_id, found


def _tenant(connection: Connection, principal: Principal, asked: ReplayAsked) -> UUID:
    """That of whoever asks; the machine's operator means that of what is named first."""
    if principal.tenant_id is not None:
        return principal.tenant_id
    named: Sequence[tuple[ColumnElement[str], ColumnElement[str], Sequence[UUID]]] = (
        (sources.c.tenant_id, sources.c.source_id, asked.source_ids),
        (stores.c.tenant_id, stores.c.store_id, asked.store_ids),
    )
    for owner, key, ids in named:
        if ids and (found := connection.scalar(select(owner).where(key == str(ids[0])))):
            return UUID(found)
    return principal.home


def _require_stores(
    connection: Connection, principal: Principal, asked: ReplayAsked, tenant_id: UUID
) -> None:
    names = {str(each) for each in asked.store_ids}
    query = select(stores.c.store_id).where(
        of_tenant(principal, stores.c.tenant_id),
        of_stores(principal, stores.c.store_id),
        stores.c.tenant_id == str(tenant_id),
        stores.c.store_id.in_(names),
    )
    if missing := names.difference(connection.scalars(query)):
        raise NothingChosen(f"There is no store {min(missing)}.")


def _meant(asked: ReplayAsked, span: Span) -> ColumnElement[bool]:
    named = sources.c.source_id.in_([str(each) for each in asked.source_ids])
    if not asked.store_ids and asked.source_ids:
        return named
    within = or_(sources.c.source_kind == "camera", _recorded_in(span))
    if not asked.store_ids:
        return within
    in_store = sources.c.store_id.in_([str(each) for each in asked.store_ids])
    return or_(named, and_(in_store, within))


def _recorded_in(span: Span) -> ColumnElement[bool]:
    """The condition on sources that the live run has something of in the span; of uploads the
    origin tells as well.
    """
    judged = exists().where(
        runs.c.source_id == sources.c.source_id,
        runs.c.run == LIVE,
        runs.c.first_at < span.until,
        runs.c.last_at >= span.since,
    )
    began = and_(
        sources.c.origin_at < span.until, sources.c.origin_at >= span.since - LONGEST_UPLOAD
    )
    return or_(judged, began)
