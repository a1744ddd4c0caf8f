"""The audit log: who did what, when, from where; a chain of its own for each tenant (ADR 0031).

Nothing changes a row. Each holds a hash over itself and the hash of the row before, and the head of
the chain is kept apart, so that a row that was changed, taken away or put elsewhere is found.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from services.api.auditing.chain import ORIGIN, Entry, Link, digest
from services.api.principal import Principal
from services.api.tables import NAME_CHARS, metadata, removed_sources, sources
from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier
from services.chassis.storage.database import upsert

ACTION_CHARS = 64
ADDRESS_CHARS = 64
MOST_CHARS = 500
"""Of a text within the detail of a row."""

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("tenant_id", identifier(), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", exact_name(64), nullable=False),
    Column("base_sequence", BigInteger, nullable=False),
    Column("base_hash", exact_name(64), nullable=False),
    **INNODB,
)
"""Where each chain ends, and after which row it begins: older ones ran out of their time."""

audit_log = Table(
    "audit_log",
    metadata,
    Column("tenant_id", identifier(), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("happened_at", UtcDateTime, nullable=False),
    Column("actor_kind", exact_name(16), nullable=False),
    Column("actor_id", identifier()),
    Column("actor_name", String(NAME_CHARS), nullable=False),
    Column("address", exact_name(ADDRESS_CHARS), nullable=False),
    Column("action", exact_name(ACTION_CHARS), nullable=False),
    Column("subject", String(NAME_CHARS), nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", exact_name(64), nullable=False),
    Index("ix_audit_log_happened_at", "tenant_id", "happened_at"),
    Index("ix_audit_log_subject", "tenant_id", "subject"),
    **INNODB,
)
"""`detail` is the text of a JSON object as it was hashed."""


def record(  # noqa: PLR0913 - what a row says
    connection: Connection,
    principal: Principal,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
    address: str = "",
    *,
    tenant_id: UUID | None = None,
    at: datetime | None = None,
) -> int:
    """Append a row to the chain of the principal's tenant, or of `tenant_id` where the machine acts
    for one; its sequence number.

    Counts only with the caller's transaction, which holds the head of the chain from here on: call
    it last. `action` is `noun.verb` in the past tense, `subject` the id of that noun. Secrets do
    not belong into `detail`. The address is the principal's own, unless it is said.
    """
    chain = str(tenant_id or principal.home)
    before = _advanced(connection, chain)
    entry = Entry(
        tenant_id=chain,
        sequence=before.sequence + 1,
        happened_at=at or datetime.now(UTC),
        actor_kind=principal.actor.kind,
        actor_id=str(principal.actor.actor_id) if principal.actor.actor_id else None,
        actor_name=principal.actor.name[:NAME_CHARS],
        address=_ascii(address or principal.actor.address)[:ADDRESS_CHARS],
        action=action,
        subject=subject[:NAME_CHARS],
        detail=canonical(detail or {}),
    )
    sealed = digest(before.hash, entry)
    connection.execute(insert(audit_log).values(**vars(entry), hash=sealed))
    ours = audit_heads.c.tenant_id == chain
    connection.execute(update(audit_heads).where(ours).values(hash=sealed))
    return entry.sequence


def tenant_of(connection: Connection, principal: Principal, source_id: UUID) -> UUID:
    """In whose chain stands what the principal does to the source."""
    if principal.tenant_id is not None:
        return principal.tenant_id
    for table in (sources, removed_sources):
        query = select(table.c.tenant_id).where(table.c.source_id == str(source_id))
        if owner := connection.scalar(query):
            return UUID(owner)
    return principal.home


def prune(
    connection: Connection,
    principal: Principal,
    until: datetime,
    most: int = 10_000,
    at: datetime | None = None,
) -> int:
    """Take away rows of the principal's tenant from before that moment, `most` of them, from the
    beginning of the chain on; how many. The latest row stays, and that they went is a row itself.
    """
    chain = str(principal.home)
    ours = audit_log.c.tenant_id == chain
    head = head_of(connection, chain)
    kept = select(audit_log.c.sequence).where(ours, audit_log.c.happened_at >= until)
    first = connection.scalar(kept.order_by(audit_log.c.sequence).limit(1))
    base = min(head.sequence, first or head.sequence) - 1
    base = min(base, base_of(connection, chain).sequence + most)
    row = connection.execute(
        select(audit_log.c.hash).where(ours, audit_log.c.sequence == base)
    ).first()
    if row is None:
        return 0
    gone = connection.execute(delete(audit_log).where(ours, audit_log.c.sequence <= base))
    connection.execute(
        update(audit_heads)
        .where(audit_heads.c.tenant_id == chain)
        .values(base_sequence=base, base_hash=row.hash)
    )
    detail = {"up_to": base, "hash": row.hash}
    record(connection, principal, "audit.pruned", chain, detail, at=at)
    return int(gone.rowcount)


def head_of(connection: Connection, tenant_id: str) -> Link:
    """Where the chain ends."""
    return _link(connection, tenant_id, "")


def base_of(connection: Connection, tenant_id: str) -> Link:
    """After which row the chain begins."""
    return _link(connection, tenant_id, "base_")


def canonical(detail: Mapping[str, Any]) -> str:
    """JSON whose keys are in order. Texts are cut; what JSON has not becomes text."""
    return json.dumps(_short(detail), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _short(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _short(each) for name, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_short(each) for each in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)[:MOST_CHARS]


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _advanced(connection: Connection, tenant_id: str) -> Link:
    """The head, held until the transaction ends, and counted on by one row."""
    ours = audit_heads.c.tenant_id == tenant_id
    onwards = update(audit_heads).where(ours).values(sequence=audit_heads.c.sequence + 1)
    if connection.execute(onwards).rowcount == 0:
        row = {"tenant_id": tenant_id, "sequence": ORIGIN.sequence, "hash": ORIGIN.hash}
        row |= {"base_sequence": ORIGIN.sequence, "base_hash": ORIGIN.hash}
        upsert(connection, audit_heads, [row], [])
        connection.execute(onwards)
    head = head_of(connection, tenant_id)
    return Link(head.sequence - 1, head.hash)


def _link(connection: Connection, tenant_id: str, prefix: str) -> Link:
    columns = audit_heads.c[f"{prefix}sequence"], audit_heads.c[f"{prefix}hash"]
    query = select(*columns).where(audit_heads.c.tenant_id == tenant_id)
    row = connection.execute(query).first()
    return Link(row[0], row[1]) if row else ORIGIN
