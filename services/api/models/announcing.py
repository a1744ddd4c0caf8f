"""Tells `models.v1` of what is deployed as the tables have it: a duty, as that of cameras.

A change is a scope whose `announced_at` is empty. A store that is no more becomes a tombstone.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, case, delete, select, update

from schemas.judgements import LIVE
from schemas.models import ModelsDeployed, Shadow
from schemas.topics import MODELS
from services.api.models.queries import model_row, package
from services.api.models.scopes import Scope, deployed
from services.api.models.tables import deployment_scopes
from services.chassis.storage.database import transaction
from services.chassis.streaming.publisher import Publishing
from services.chassis.streaming.records import Outgoing
from services.chassis.telemetry import logs

log = logs.get("models")
RESTS_S = 1.0
AT_ONCE = 100


def message_of(connection: Connection, row: Mapping[Any, Any]) -> ModelsDeployed | None:
    """What a row of a scope comes to; None for one that is no more."""
    if row["is_removed"]:
        return None
    tenant_id = UUID(row["tenant_id"])
    scope = Scope(tenant_id, UUID(row["store_id"]) if row["store_id"] else None)
    live, shadows = [], []
    for judge in deployed(connection, scope):
        registered = model_row(connection, tenant_id, judge["detector"])
        if registered is None:
            continue
        found = package(registered)
        if judge["run"] == LIVE:
            live.append(found)
        else:
            shadows.append(Shadow(run=judge["run"], package=found))
    return ModelsDeployed(
        scope_id=UUID(scope.scope_id),
        tenant_id=tenant_id,
        store_id=scope.store_id,
        live=tuple(live),
        shadows=tuple(shadows),
        deployed_at=row["changed_at"],
    )


class ModelAnnouncements:
    """Every step may be broken off and done again."""

    def __init__(self, engine: Engine, publishing: Publishing) -> None:
        self._engine, self._publishing = engine, publishing

    def turn(self) -> float:
        """Tell what is not told yet; seconds until the next turn. Raises TransientError."""
        waiting = deployment_scopes.c.announced_at.is_(None)
        query = select(deployment_scopes).where(waiting)
        query = query.order_by(deployment_scopes.c.changed_at).limit(AT_ONCE)
        with transaction(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            messages = [message_of(connection, row) for row in rows]
        for row, message in zip(rows, messages, strict=True):
            self._tell(row, message)
        return 0.0 if len(rows) == AT_ONCE else RESTS_S

    def _tell(self, row: Mapping[Any, Any], message: ModelsDeployed | None) -> None:
        name, mine = row["scope_id"], deployment_scopes.c.scope_id == row["scope_id"]
        self._publishing.publish(Outgoing(MODELS, message, key=name))
        as_told = deployment_scopes.c.changed_at == row["changed_at"]
        told = case((as_told, deployment_scopes.c.changed_at), else_=None)
        with transaction(self._engine) as connection:
            if row["is_removed"]:
                connection.execute(delete(deployment_scopes).where(mine, as_told))
            else:
                connection.execute(update(deployment_scopes).where(mine).values(announced_at=told))
        live = [found.detector for found in message.live] if message else []
        log.info("models told", scope=name, live=live)
