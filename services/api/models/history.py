"""What was deployed when, by whom and why; and, of it, what was live before."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Select, insert, or_, select

from schemas.judgements import LIVE
from services.api.access.paging import Order, Row, page
from services.api.access.tables import stores
from services.api.cursors import Cursor
from services.api.models.deployment_views import (
    HistoryEntryDetail,
    HistoryEntryView,
    HistoryPage,
)
from services.api.models.scopes import Scope
from services.api.models.tables import deployment_history as table
from services.api.models.views import Action
from services.api.principal import Principal, of_stores

PLAIN = (
    "entry_id action store_id store run backbone detector_before detector_after is_automatic"
    " reason replay_run"
)
"""What is shown as it is kept."""


@dataclass(frozen=True)
class Entry:
    """One change of what is deployed. `comparison`: of the replay that spoke for it."""

    action: Action
    run: str
    backbone: str
    detector_before: str | None
    detector_after: str | None
    happened_by: str
    reason: str = ""
    is_automatic: bool = False
    replay_run: str | None = None
    comparison: Mapping[str, Any] | None = None


def append(connection: Connection, scope: Scope, entry: Entry, at: datetime) -> UUID:
    entry_id = uuid4()
    connection.execute(
        insert(table).values(
            entry_id=str(entry_id),
            scope_id=scope.scope_id,
            tenant_id=str(scope.tenant_id),
            store_id=str(scope.store_id) if scope.store_id else None,
            happened_at=at,
            **vars(entry),
        )
    )
    return entry_id


def former_live(
    connection: Connection, scope: Scope, backbone: str, usable: Collection[str]
) -> str | None:
    """What a rollback goes back to: of what was live before, the latest that may still be. None:
    nothing of the scope's own.
    """
    query = (
        select(table.c.action, table.c.detector_after)
        .where(table.c.scope_id == scope.scope_id, table.c.backbone == backbone)
        .where(table.c.run == LIVE)
        .order_by(table.c.happened_at, table.c.entry_id)
    )
    stack = lives((row.action, row.detector_after) for row in connection.execute(query))[:-1]
    return next((each for each in reversed(stack) if each in usable), None)


def lives(entries: Iterable[tuple[str, str | None]]) -> list[str]:
    """What was live one after another, with what was rolled back taken out; the last is live now.

    A rollback goes down to what it went back to, over what could not be any more. Pure.
    """
    stack: list[str] = []
    for action, detector in entries:
        if action == "promoted" and detector is not None:
            stack.append(detector)
            continue
        stack = stack[:-1]
        while stack and stack[-1] != detector:
            stack.pop()
    return stack


def entry_page(
    connection: Connection,
    principal: Principal,
    store_id: UUID | None,
    limit: int,
    after: Cursor | None,
) -> HistoryPage:
    """Latest first: what concerns the tenant as a whole, and the stores they may see."""
    query = _visible(principal)
    if store_id is not None:
        query = query.where(table.c.store_id == str(store_id))
    order = Order(table.c.happened_at, table.c.entry_id)
    rows, token = page(connection, query, order, limit, after)
    return HistoryPage(items=[HistoryEntryView(**_shown(row)) for row in rows], next=token)


def entry(
    connection: Connection, principal: Principal, entry_id: UUID
) -> HistoryEntryDetail | None:
    query = _visible(principal).where(table.c.entry_id == str(entry_id))
    row = connection.execute(query).mappings().first()
    return HistoryEntryDetail(**_shown(row), comparison=row["comparison"]) if row else None


def _shown(row: Row) -> dict[str, Any]:
    plain = {name: row[name] for name in PLAIN.split()}
    return plain | {"at": row["happened_at"], "by": row["happened_by"]}


def _visible(principal: Principal) -> Select[Any]:
    return (
        select(table, stores.c.name.label("store"))
        .select_from(table.outerjoin(stores, stores.c.store_id == table.c.store_id))
        .where(table.c.tenant_id == str(principal.home))
        .where(or_(table.c.store_id.is_(None), of_stores(principal, table.c.store_id)))
    )
