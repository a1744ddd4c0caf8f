"""Erasures: one, a page of them; and whether a moment was erased."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from schemas.alerts import Alert
from schemas.base import Message
from schemas.recordings import SegmentRecorded
from schemas.scores import ClipScored, ClipsScored
from services.api.access.paging import Order, page
from services.api.cursors import Cursor
from services.api.erasure.tables import erasures
from services.api.erasure.views import ErasurePage, ErasureView
from services.api.principal import Principal, of_stores, of_tenant
from services.api.scores.cutting import without

Row = Mapping[Any, Any]


def erasure(connection: Connection, principal: Principal, erasure_id: UUID) -> ErasureView | None:
    query = _erasures(principal).where(erasures.c.erasure_id == str(erasure_id))
    row = connection.execute(query).mappings().first()
    return _view(row) if row else None


def erasure_page(
    connection: Connection, principal: Principal, limit: int, after: Cursor | None
) -> ErasurePage:
    """Latest asked for first. Without their proofs, which may be long."""
    order = Order(erasures.c.asked_at, erasures.c.erasure_id)
    rows, token = page(connection, _erasures(principal), order, limit, after)
    views = [_view(row).model_copy(update={"proof": None, "signature": None}) for row in rows]
    return ErasurePage(items=views, next=token)


def _erasures(principal: Principal) -> Any:
    mine = of_tenant(principal, erasures.c.tenant_id), of_stores(principal, erasures.c.store_id)
    return select(erasures).where(*mine)


def _view(row: Row) -> ErasureView:
    fields = {name: row[name] for name in ErasureView.model_fields if name in row}
    return ErasureView.model_validate(
        fields
        | {
            "state": "completed" if row["completed_at"] else "pending",
            "since": row["since_at"],
            "until": row["until_at"],
            "proof": row["proof"].decode() if row["proof"] else None,
        }
    )


def is_erased(connection: Connection, source_id: str, since: datetime, until: datetime) -> bool:
    """Whether a part of the stretch was erased."""
    columns = erasures.c
    query = select(columns.erasure_id).where(
        columns.source_id == source_id, columns.until_at > since, columns.since_at < until
    )
    return connection.execute(query.limit(1)).first() is not None


def not_erased(connection: Connection, messages: Sequence[Message]) -> list[Message]:
    """All but those of stretches that were erased: a replay must not bring them back. Of a block of
    scores the clips that lie there are cut out.
    """
    stretches = _stretches(connection, set(filter(None, map(_source_of, messages))))
    if not stretches:
        return list(messages)
    left = [
        without(
            message, [(since, until) for name, since, until in stretches if name == message.key]
        )
        if isinstance(message, ClipsScored)
        else message
        for message in messages
    ]
    return [message for message in left if message and not _lies_in(_stretch(message), stretches)]


Stretch = tuple[str, datetime, datetime]


def _stretches(connection: Connection, source_ids: Iterable[str]) -> list[Stretch]:
    columns = erasures.c
    query = select(columns.source_id, columns.since_at, columns.until_at)
    rows = connection.execute(query.where(columns.source_id.in_(sorted(source_ids))))
    return [(row.source_id, row.since_at, row.until_at) for row in rows]


def _lies_in(of: Stretch | None, stretches: Sequence[Stretch]) -> bool:
    return of is not None and any(
        of[0] == source_id and of[1] < until and of[2] > since
        for source_id, since, until in stretches
    )


def _source_of(message: Message) -> str | None:
    """Of a message that tells of pictures."""
    if isinstance(message, ClipsScored):
        return message.key
    stretch = _stretch(message)
    return stretch[0] if stretch else None


def _stretch(message: Message) -> Stretch | None:
    """Of what a message tells, where it tells of pictures."""
    if isinstance(message, SegmentRecorded):
        return str(message.source_id), message.started_at, message.ended_at
    if isinstance(message, Alert):
        return _from_origin(message, message.start_s, message.end_s)
    if isinstance(message, ClipScored):
        return _from_origin(message, message.clips[-1].start_s, message.clips[-1].end_s)
    return None


def _from_origin(message: Any, start_s: float, end_s: float) -> Stretch:
    begin, end = (message.origin_at + timedelta(seconds=at_s) for at_s in (start_s, end_s))
    return str(message.source_id), begin, max(end, begin + timedelta(microseconds=1))
