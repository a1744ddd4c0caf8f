"""Scopes: a tenant or one of its stores, and what is deployed in it. Writes count with the caller's
transaction; whoever changes what is deployed locks the scope's row first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from schemas.judgements import LIVE
from services.api.models.tables import deployment_scopes, deployments
from services.chassis.storage.database import upsert

Row = Mapping[Any, Any]
NOTHING_YET = "0"
"""The version of a scope in which nothing was ever deployed."""


@dataclass(frozen=True)
class Scope:
    """All stores of a tenant, or one of them."""

    tenant_id: UUID
    store_id: UUID | None = None

    @property
    def scope_id(self) -> str:
        return str(self.store_id or self.tenant_id)


@dataclass(frozen=True)
class Judge:
    """A detector under a run."""

    run: str
    backbone: str
    detector: str
    since_by: str = ""
    budget_per_day: float | None = None
    former_per_day: float | None = None


def version_of(changed_at: datetime | None) -> str:
    """What If-Match compares: changes with each change of what is deployed in a scope."""
    return f"{changed_at:%Y%m%dT%H%M%S.%f}" if changed_at else NOTHING_YET


def changed_at_of(connection: Connection, scope: Scope) -> datetime | None:
    """When something was last deployed there; None where nothing ever was."""
    here = deployment_scopes.c.scope_id == scope.scope_id
    found: datetime | None = connection.scalar(select(deployment_scopes.c.changed_at).where(here))
    return found


def touch(connection: Connection, scope: Scope, now: datetime) -> datetime:
    """Hold the scope until the end of the transaction, and have it announced; the moment of the
    change, which no other change of it shares.
    """
    row = {
        "scope_id": scope.scope_id,
        "tenant_id": str(scope.tenant_id),
        "store_id": str(scope.store_id) if scope.store_id else None,
        "is_removed": False,
        "changed_at": now,
        "announced_at": None,
    }
    before = _locked(connection, scope)
    if before is None:
        upsert(connection, deployment_scopes, [row], [])
        before = _locked(connection, scope)
        assert before is not None
    at = max(now, before + timedelta(microseconds=1))
    here = deployment_scopes.c.scope_id == scope.scope_id
    changed = {"changed_at": at, "announced_at": None}
    connection.execute(update(deployment_scopes).where(here).values(changed))
    return at


def hold(connection: Connection, scope: Scope) -> datetime | None:
    """As it is, it stays until the end of the transaction; when it was last changed."""
    return _locked(connection, scope)


def deployed(connection: Connection, scope: Scope) -> Sequence[Row]:
    """What judges there by its own, live first."""
    here = deployments.c.scope_id == scope.scope_id
    query = select(deployments).where(here).order_by(deployments.c.run != LIVE, deployments.c.run)
    return connection.execute(query).mappings().all()


def live(connection: Connection, scope: Scope, backbone: str) -> Row | None:
    """What is live there by its own."""
    rows = deployed(connection, scope)
    return next((r for r in rows if r["run"] == LIVE and r["backbone"] == backbone), None)


def place(connection: Connection, scope: Scope, judge: Judge, at: datetime) -> None:
    """From now on it judges there, in the place of what did under that run."""
    take_away(connection, scope, judge.run, judge.backbone)
    content = {**vars(judge), "tenant_id": str(scope.tenant_id), "since_at": at}
    connection.execute(insert(deployments).values(scope_id=scope.scope_id, **content))


def take_away(connection: Connection, scope: Scope, run: str, backbone: str) -> bool:
    """Whether anything judged there under that run."""
    here = (
        deployments.c.scope_id == scope.scope_id,
        deployments.c.run == run,
        deployments.c.backbone == backbone,
    )
    return connection.execute(delete(deployments).where(*here)).rowcount > 0


def forget(connection: Connection, store_id: UUID, now: datetime) -> None:
    """Of a store that is no more: a tombstone follows."""
    here = deployment_scopes.c.scope_id == str(store_id)
    gone = {"is_removed": True, "announced_at": None, "changed_at": now}
    connection.execute(update(deployment_scopes).where(here).values(gone))
    connection.execute(delete(deployments).where(deployments.c.scope_id == str(store_id)))


def _locked(connection: Connection, scope: Scope) -> datetime | None:
    here = deployment_scopes.c.scope_id == scope.scope_id
    query = select(deployment_scopes.c.changed_at).where(here).with_for_update()
    found: datetime | None = connection.scalar(query)
    return found
