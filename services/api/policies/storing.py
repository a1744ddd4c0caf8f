"""Policies in the tables: as they were entered, and what they come to for each source."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, or_, select

from schemas.hours import StoreHours
from schemas.policies import PersistenceRule
from schemas.sources import CameraSettings
from services.api.access.tables import stores, tenants
from services.api.policies.entry import EMPTY, Policy
from services.api.policies.resolving import SCOPES, Effective, Place, Scope, resolve
from services.api.policies.tables import policies, policy_sets
from services.api.principal import Principal
from services.api.tables import NAME_CHARS, cameras, sources
from services.chassis.storage.database import upsert

Row = Mapping[Any, Any]
UPLOADS_FOR = timedelta(days=1)
"""So long after it was handed in a video hears of policies: by then it is analysed."""

OF = {scope: policies.alias(f"of_{scope}") for scope in SCOPES}
AT: Mapping[str, ColumnElement[Any]] = {
    "source_at": sources.c.changed_at,
    "tenant_at": OF["tenant"].c.changed_at,
    "store_at": OF["store"].c.changed_at,
    "own_at": OF["source"].c.changed_at,
    "hours_at": stores.c.changed_at,
    "snooze_at": policy_sets.c.snooze_changed_at,
}
"""When each part of a source's policy was last changed; None for a part that is not there."""

OWNERS: Mapping[Scope, ColumnElement[Any]] = {
    "tenant": tenants.c.tenant_id,
    "store": stores.c.store_id,
    "source": sources.c.source_id,
}
"""What a policy is entered for."""


@dataclass(frozen=True)
class Entered:
    """A policy as it was entered, and by whom; of one that never was there is no moment."""

    policy: Policy = EMPTY
    changed_at: datetime | None = None
    changed_by: str = ""


@dataclass(frozen=True)
class Where:
    """For what a policy is entered, and to which tenant that belongs."""

    scope: Scope
    scope_id: UUID
    tenant_id: UUID | None


def entered(
    connection: Connection, scope: Scope, scope_id: UUID, is_locked: bool = False
) -> Entered:
    """Locked, it stays as it is until the end of the transaction: also one that is not there yet,
    since what it is for is locked first.
    """
    if is_locked:
        owner = OWNERS[scope]
        connection.execute(select(owner).where(owner == str(scope_id)).with_for_update())
    here = policies.c.scope == scope, policies.c.scope_id == str(scope_id)
    row = connection.execute(select(policies).where(*here)).mappings().first()
    if row is None:
        return Entered()
    return Entered(Policy.model_validate(row["content"]), row["changed_at"], row["changed_by"])


def tenant_of(connection: Connection, scope: Scope, scope_id: UUID) -> UUID | None:
    """To whose tenant the policy of a place belongs; None for a source that has no tenant."""
    if scope == "tenant":
        return scope_id
    table = stores if scope == "store" else sources
    column = stores.c.store_id if scope == "store" else sources.c.source_id
    name = connection.scalar(select(table.c.tenant_id).where(column == str(scope_id)))
    return UUID(name) if name else None


def enter(
    connection: Connection, principal: Principal, where: Where, policy: Policy, now: datetime
) -> None:
    """Let a policy take the place of the one there; an empty one takes it away."""
    before = entered(connection, where.scope, where.scope_id).changed_at
    row = {
        "scope": where.scope,
        "scope_id": str(where.scope_id),
        "tenant_id": str(where.tenant_id) if where.tenant_id else None,
        "content": policy.model_dump(mode="json"),
        "changed_at": _later(now, before),
        "changed_by": principal.actor.name[:NAME_CHARS],
    }
    upsert(connection, policies, [row], ["content", "changed_at", "changed_by"])


def forget(connection: Connection, scope: Scope, scope_id: str) -> None:
    """Of a store or source that is no more."""
    here = policies.c.scope == scope, policies.c.scope_id == scope_id
    connection.execute(delete(policies).where(*here))


def snooze(connection: Connection, source_id: UUID, until: datetime | None, now: datetime) -> None:
    """Until when nobody is notified of the source's alerts; None: from now on everybody is."""
    name = str(source_id)
    before = connection.scalar(
        select(policy_sets.c.snooze_changed_at).where(policy_sets.c.source_id == name)
    )
    row = {
        "source_id": name,
        "snoozed_until": until,
        "snooze_changed_at": _later(now, before),
        "digest": "",
    }
    upsert(connection, policy_sets, [row], ["snoozed_until", "snooze_changed_at"])


def layers_query() -> Select[Any]:
    """A row a source, with all that its policy is made of. Removed ones are left out."""
    joined: Any = sources.outerjoin(cameras, cameras.c.source_id == sources.c.source_id)
    scope_ids = sources.c.tenant_id, sources.c.store_id, sources.c.source_id
    for (scope, layer), scope_id in zip(OF.items(), scope_ids, strict=True):
        joined = joined.outerjoin(layer, and_(layer.c.scope == scope, layer.c.scope_id == scope_id))
    joined = joined.outerjoin(stores, stores.c.store_id == sources.c.store_id)
    joined = joined.outerjoin(policy_sets, policy_sets.c.source_id == sources.c.source_id)
    columns = [
        sources.c.source_id,
        sources.c.name,
        cameras.c.settings,
        stores.c.hours,
        policy_sets.c.snoozed_until,
        policy_sets.c.digest,
        *(layer.c.content.label(scope) for scope, layer in OF.items()),
        *(column.label(name) for name, column in AT.items()),
    ]
    return select(*columns).select_from(joined).where(sources.c.is_being_removed.is_(False))


def is_unannounced(now: datetime) -> ColumnElement[bool]:
    """The condition on `layers_query` of sources whose set is to be made and announced."""
    stale = or_(
        policy_sets.c.source_id.is_(None),
        *(policy_sets.c[name].is_distinct_from(column) for name, column in AT.items()),
    )
    # By its two ends of an index: a chain has a hundred times more old videos than cameras.
    is_heard = or_(
        sources.c.source_kind == "camera",
        and_(sources.c.source_kind == "upload", sources.c.configured_at > now - UPLOADS_FOR),
    )
    return and_(is_heard, stale)


def unannounced_count(connection: Connection, where: ColumnElement[bool], now: datetime) -> int:
    """How many of the sources have not been announced as they are by now."""
    query = layers_query().where(where, is_unannounced(now)).subquery()
    return int(connection.scalar(select(func.count()).select_from(query)) or 0)


def rows_of(connection: Connection, where: ColumnElement[bool], most: int) -> Sequence[Row]:
    query = layers_query().where(where).order_by(sources.c.source_id).limit(most)
    return connection.execute(query).mappings().all()


def effective_of(row: Row, defaults: Iterable[PersistenceRule]) -> Effective:
    """What a row of `layers_query` comes to."""
    return resolve(defaults, layers_of(row))


def layers_of(row: Row) -> list[tuple[Scope, Policy]]:
    """The policies of a row, from far to near."""
    return [(scope, Policy.model_validate(row[scope])) for scope in SCOPES if row[scope]]


def place_of(row: Row, now: datetime) -> Place:
    """A snooze that is over is none."""
    until = row["snoozed_until"]
    settings = CameraSettings.model_validate(row["settings"] or {})
    return Place(
        hours=StoreHours.model_validate(row["hours"] or {}),
        zones=settings.zones,
        snoozed_until=until if until is not None and until > now else None,
    )


def _later(now: datetime, before: datetime | None) -> datetime:
    """Two changes never share a moment."""
    return now if before is None else max(now, before + timedelta(microseconds=1))
