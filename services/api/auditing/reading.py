"""Reading an audit log: pages of it, and whether its chain is whole."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from services.api.audit import audit_log, base_of, head_of
from services.api.auditing.chain import Broken, Entry, Link, follow, require_end
from services.api.auditing.views import AuditEntry, AuditPage, AuditVerification
from services.api.cursors import BadCursor, Cursor

BATCH = 1000
MOST_ROWS = 2**62
_COLUMNS = tuple(audit_log.c[name] for name in Entry.__dataclass_fields__)


@dataclass(frozen=True)
class AuditFilter:
    """Which rows. None: whatever it is."""

    action: str | None = None
    actor: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def apply(self, query: Select[Any]) -> Select[Any]:
        if self.action:
            # `camera.` means all that happened to cameras
            of_noun = audit_log.c.action.startswith(self.action, autoescape=True)
            is_noun = self.action.endswith(".")
            query = query.where(of_noun if is_noun else audit_log.c.action == self.action)
        if self.actor:
            query = query.where(audit_log.c.actor_name == self.actor)
        if self.subject:
            query = query.where(audit_log.c.subject == self.subject)
        if self.since:
            query = query.where(audit_log.c.happened_at >= self.since)
        if self.until:
            query = query.where(audit_log.c.happened_at < self.until)
        return query


def audit_page(
    connection: Connection, tenant_id: str, wanted: AuditFilter, limit: int, after: Cursor | None
) -> AuditPage:
    """Newest first. Raises BadCursor."""
    query = wanted.apply(select(audit_log).where(audit_log.c.tenant_id == tenant_id))
    if after:
        query = query.where(audit_log.c.sequence < _sequence(after))
    query = query.order_by(audit_log.c.sequence.desc()).limit(limit + 1)
    rows = connection.execute(query).mappings().all()
    kept = rows[:limit]
    more = len(rows) > limit
    token = Cursor(kept[-1]["happened_at"], str(kept[-1]["sequence"])).token() if more else None
    return AuditPage(items=[_view(dict(row)) for row in kept], next=token)


def verification(
    connection: Connection, tenant_id: str, noted: Link | None = None
) -> AuditVerification:
    """Follow the whole chain. A head that was noted elsewhere must be one of its rows: whoever can
    write all tables can forge a chain that is whole in itself, but not one with that row.
    """
    base = base_of(connection, tenant_id)
    try:
        reached = _followed(connection, tenant_id, base, noted)
    except Broken as error:
        if base_of(connection, tenant_id) != base:  # rows ran out of their time meanwhile
            return verification(connection, tenant_id, noted)
        return AuditVerification(
            is_whole=False,
            fault=str(error),
            first=base.sequence + 1,
            last=error.sequence - 1,
            head=None,
        )
    return AuditVerification(
        is_whole=True,
        fault="",
        first=base.sequence + 1,
        last=reached.sequence,
        head=f"{reached.sequence}:{reached.hash}",
    )


def _followed(connection: Connection, tenant_id: str, base: Link, noted: Link | None) -> Link:
    """The last row. Raises Broken."""
    reached = base
    while batch := list(_batch(connection, tenant_id, reached)):
        _require_noted(batch, noted)
        reached = follow(reached, batch)
    head = head_of(connection, tenant_id)
    # Rows may have been written since then, each together with its head.
    reached = follow(reached, _batch(connection, tenant_id, reached, head.sequence))
    require_end(reached, head)
    if noted and noted.sequence > reached.sequence:
        raise Broken(reached.sequence + 1, f"Row {noted.sequence}, which was noted, is missing.")
    return reached


def _batch(
    connection: Connection, tenant_id: str, after: Link, up_to: int = MOST_ROWS
) -> Iterator[tuple[Entry, str]]:
    numbers = audit_log.c.sequence > after.sequence, audit_log.c.sequence <= up_to
    query = select(*_COLUMNS, audit_log.c.hash).where(audit_log.c.tenant_id == tenant_id, *numbers)
    for row in connection.execute(query.order_by(audit_log.c.sequence).limit(BATCH)):
        yield Entry(*row[:-1]), row[-1]


def _require_noted(batch: list[tuple[Entry, str]], noted: Link | None) -> None:
    for entry, stored in batch:
        if noted and entry.sequence == noted.sequence and stored != noted.hash:
            raise Broken(entry.sequence, f"Row {entry.sequence} is not the one that was noted.")


def _sequence(cursor: Cursor) -> int:
    """Raises BadCursor."""
    if not (cursor.name.isascii() and cursor.name.isdigit() and len(cursor.name) < 19):
        raise BadCursor("That cursor is of another list.")
    return int(cursor.name)


def _view(row: dict[str, Any]) -> AuditEntry:
    return AuditEntry.model_validate(row | {"detail": json.loads(row["detail"])})
