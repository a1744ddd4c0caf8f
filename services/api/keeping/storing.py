"""Retention rules and holds in the tables: as they were entered, and what they come to."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, select

from schemas import topics
from services.api.access.paging import Order, page
from services.api.access.tables import stores
from services.api.config import Keeping
from services.api.cursors import Cursor
from services.api.holds import EVER
from services.api.keeping.rules import (
    KINDS,
    NO_RULES,
    Kind,
    Origin,
    RetentionRules,
    in_force,
    machine_days,
    machine_gb,
)
from services.api.keeping.tables import retention_rules
from services.api.keeping.views import (
    HoldPage,
    HoldView,
    KindView,
    MachineKindView,
    RetentionView,
)
from services.api.principal import Principal, visible
from services.api.scores.series import EPOCH
from services.api.tables import NAME_CHARS, holds, sources
from services.chassis.storage.database import upsert

DAY = timedelta(days=1)


def enter(
    connection: Connection,
    principal: Principal,
    place: tuple[Origin, UUID, UUID],
    rules: RetentionRules,
    now: datetime,
) -> None:
    """`place` is tenant or store, its id, and the tenant's. Empty rules take those there away."""
    scope, scope_id, tenant_id = place
    if rules == NO_RULES:
        here = retention_rules.c.scope == scope, retention_rules.c.scope_id == str(scope_id)
        connection.execute(delete(retention_rules).where(*here))
        return
    row = {
        "scope": scope,
        "scope_id": str(scope_id),
        "tenant_id": str(tenant_id),
        "content": rules.model_dump(mode="json", exclude_none=True),
        "changed_at": now,
        "changed_by": principal.actor.name[:NAME_CHARS],
    }
    upsert(connection, retention_rules, [row], ["content", "changed_at", "changed_by"])


def retention(
    connection: Connection, keeping: Keeping, tenant_id: UUID, store_id: UUID | None
) -> RetentionView:
    """Of the tenant as a whole, or of one of its stores."""
    entered: dict[Origin, Any] = {"tenant": _entered(connection, "tenant", tenant_id)}
    if store_id is not None:
        entered["store"] = _entered(connection, "store", store_id)
    layers = {
        origin: RetentionRules.model_validate(row["content"])
        for origin, row in entered.items()
        if row is not None
    }
    scope: Origin = "tenant" if store_id is None else "store"
    row = entered[scope]
    return RetentionView(
        scope=scope,
        scope_id=store_id or tenant_id,
        rules=layers.get(scope, NO_RULES),
        in_force=[_kind_view(keeping, kind, layers) for kind in KINDS],
        of_machine=of_machine(),
        changed_at=row["changed_at"] if row else None,
        changed_by=row["changed_by"] if row else "",
    )


def of_machine() -> list[MachineKindView]:
    """Records of all tenants lie side by side on a topic: Kafka lets go of them by age alone."""
    kept = {
        "embeddings": topics.EMBEDDINGS,
        "poses": topics.POSES,
        "clips": topics.CLIPS_LIVE,
    }
    return [
        MachineKindView(
            what=what,
            days=timedelta(milliseconds=topic.retention_ms) / DAY,
            set_by=f"topic {topic.name}",
        )
        for what, topic in kept.items()
    ]


def _entered(connection: Connection, scope: Origin, scope_id: UUID) -> Any:
    here = retention_rules.c.scope == scope, retention_rules.c.scope_id == str(scope_id)
    return connection.execute(select(retention_rules).where(*here)).mappings().first()


def _kind_view(keeping: Keeping, kind: Kind, layers: dict[Origin, RetentionRules]) -> KindView:
    found = in_force(keeping, kind, layers)
    return KindView(
        kind=kind,
        most_days=machine_days(keeping, kind),
        most_gb=machine_gb(keeping, kind),
        **vars(found),
    )


def hold_page(
    connection: Connection,
    principal: Principal,
    source_id: UUID | None,
    limit: int,
    after: Cursor | None,
) -> HoldPage:
    """The latest first; of one source only, where it is named."""
    query = _holds(principal)
    if source_id is not None:
        query = query.where(holds.c.source_id == str(source_id))
    rows, token = page(connection, query, Order(holds.c.held_at, holds.c.hold_id), limit, after)
    return HoldPage(items=[_hold_view(row) for row in rows], next=token)


def hold(connection: Connection, principal: Principal, hold_id: UUID) -> HoldView | None:
    query = _holds(principal).where(holds.c.hold_id == str(hold_id))
    row = connection.execute(query).mappings().first()
    return _hold_view(row) if row else None


def _holds(principal: Principal) -> Any:
    together = holds.join(sources, sources.c.source_id == holds.c.source_id)
    together = together.outerjoin(stores, stores.c.store_id == sources.c.store_id)
    of_source = sources.c.name.label("source_name"), sources.c.store_id
    query = select(holds, *of_source, stores.c.name.label("store")).select_from(together)
    return query.where(visible(principal))


def _hold_view(row: Any) -> HoldView:
    return HoldView(
        hold_id=row["hold_id"],
        source_id=row["source_id"],
        source_name=row["source_name"],
        store_id=row["store_id"],
        store=row["store"],
        alert_id=row["hold_id"] if row["is_of_alert"] else None,
        since=row["since_at"] if row["since_at"] > EPOCH else None,
        until=row["until_at"] if row["until_at"] < EVER else None,
        reason=row["reason"],
        held_by=row["held_by"],
        held_at=row["held_at"],
    )
