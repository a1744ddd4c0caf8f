"""Targets: one, a page of them, added and changed; and the attempts to reach them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, false, func, insert, select, update

from schemas.targets import TargetConfigured
from services.api.access.paging import Order, Row, page
from services.api.cursors import Cursor
from services.api.principal import Principal, of_stores, of_tenant, visible
from services.api.tables import deliveries, sources
from services.api.targets.announcing import message_of
from services.api.targets.entry import Owner, opened_secrets
from services.api.targets.tables import targets
from services.api.targets.views import AttemptPage, AttemptView, TargetPage, TargetView
from services.chassis.sealing import Sealing, SealingFault

ORDER = Order(targets.c.configured_at, targets.c.target_id)
ATTEMPTS = Order(deliveries.c.attempted_at, deliveries.c.delivery_id)
MOST_OF_A_TENANT = 500


def add(connection: Connection, target: TargetConfigured, owner: Owner) -> None:
    """To be told."""
    row = _row(target) | {
        "store_id": str(owner.store_id) if owner.store_id else None,
        "disabled_reason": "",
        "is_removed": False,
        "configured_at": target.configured_at,
    }
    connection.execute(insert(targets).values(row))


def change(connection: Connection, target: TargetConfigured) -> None:
    """To be told anew; once it is switched on, why it was off is history."""
    mine = targets.c.target_id == str(target.target_id)
    history = {"disabled_reason": "", "disabled_at": None} if target.is_enabled else {}
    connection.execute(update(targets).where(mine).values(_row(target) | history))


def remove(connection: Connection, target_id: UUID, now: datetime) -> None:
    """Shown to nobody from here on; the tombstone follows."""
    gone = {"is_removed": True, "announced_at": None, "changed_at": now}
    connection.execute(update(targets).where(targets.c.target_id == str(target_id)).values(gone))


def count(connection: Connection, tenant_id: UUID) -> int:
    query = select(func.count()).where(targets.c.tenant_id == str(tenant_id))
    return int(connection.scalar(query) or 0)


def row_of(connection: Connection, principal: Principal, target_id: UUID) -> Row | None:
    """The row, locked until the end of the transaction where the database knows how."""
    query = _theirs(principal).where(targets.c.target_id == str(target_id)).with_for_update()
    return connection.execute(query).mappings().first()


def target_of(row: Row) -> tuple[TargetConfigured, Owner]:
    store_id = UUID(row["store_id"]) if row["store_id"] else None
    return message_of(row), Owner(UUID(row["tenant_id"]), store_id)


def target(
    connection: Connection, principal: Principal, target_id: UUID, sealing: Sealing
) -> TargetView | None:
    query = _theirs(principal).where(targets.c.target_id == str(target_id))
    row = connection.execute(query).mappings().first()
    return _view(row, sealing) if row else None


def target_page(
    connection: Connection,
    principal: Principal,
    limit: int,
    after: Cursor | None,
    sealing: Sealing,
) -> TargetPage:
    """Latest added first."""
    rows, token = page(connection, _theirs(principal), ORDER, limit, after)
    return TargetPage(items=[_view(row, sealing) for row in rows], next=token)


def unseen_sources(connection: Connection, principal: Principal, wanted: list[UUID]) -> set[UUID]:
    """Those of the wanted that the principal may not know of."""
    named = sources.c.source_id.in_([str(one) for one in wanted]) if wanted else false()
    query = select(sources.c.source_id).where(visible(principal), named)
    return set(wanted) - {UUID(found) for found in connection.scalars(query)}


def attempts_of_target(
    connection: Connection, target_id: UUID, limit: int, after: Cursor | None
) -> AttemptPage:
    """Latest first. The caller may see the target."""
    query = select(deliveries).where(deliveries.c.target_id == str(target_id))
    return _attempts(connection, query, limit, after)


def attempts_of_alert(
    connection: Connection, alert_id: UUID, limit: int, after: Cursor | None
) -> AttemptPage:
    """Latest first. The caller may see the alert."""
    query = select(deliveries).where(deliveries.c.alert_id == str(alert_id))
    return _attempts(connection, query, limit, after)


def _attempts(
    connection: Connection, query: Select[Any], limit: int, after: Cursor | None
) -> AttemptPage:
    rows, token = page(connection, query, ATTEMPTS, limit, after)
    return AttemptPage(items=[AttemptView.model_validate(dict(row)) for row in rows], next=token)


def _theirs(principal: Principal) -> Select[Any]:
    return select(targets).where(
        of_tenant(principal, targets.c.tenant_id),
        of_stores(principal, targets.c.store_id),
        targets.c.is_removed.is_(False),
    )


def _row(target: TargetConfigured) -> dict[str, Any]:
    plain = "channel name shown address secrets language after_s is_enabled"
    return {name: getattr(target, name) for name in plain.split()} | {
        "target_id": str(target.target_id),
        "tenant_id": str(target.tenant_id),
        "wants": target.wants.model_dump(mode="json"),
        "pacing": target.pacing.model_dump(mode="json"),
        "changed_at": target.configured_at,
        "announced_at": None,
    }


def _view(row: Row, sealing: Sealing) -> TargetView:
    try:
        signing = len(opened_secrets(sealing, row["secrets"]))
    except SealingFault:
        signing = 0
    named = {
        name: row[name] for name in TargetView.model_fields if name in row and name != "address"
    }
    return TargetView.model_validate(
        named
        | {
            "address": row["shown"],
            "secrets": signing,
            "is_announced": row["announced_at"] is not None,
        }
    )
