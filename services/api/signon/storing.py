"""The provider of a tenant as it is kept, and which tenants sign on by which domain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from services.api.access.credentials import access_rules
from services.api.access.tables import tenants
from services.api.principal import Role
from services.api.signon.entry import SingleSignOnEntry
from services.api.signon.tables import sign_on_domains, sign_on_tickets, single_sign_ons
from services.chassis.sealing import Sealing
from services.chassis.storage.database import upsert

PURPOSE = "single_sign_on"
MOST_WAYS = 10


@dataclass(frozen=True)
class SignOnRules:
    """How people of a tenant sign on. `newcomers_role` None: nobody comes uninvited."""

    tenant_id: UUID
    issuer: str
    client_id: str
    sealed_secret: bytes | None
    domains: frozenset[str]
    newcomers_role: Role | None
    newcomers_store_ids: frozenset[UUID] | None
    changed_at: datetime


@dataclass(frozen=True)
class Way:
    """A tenant by whose provider one may sign on."""

    tenant_id: UUID
    name: str
    only_owners_use_passwords: bool


def rules_of(connection: Connection, tenant_id: UUID) -> SignOnRules | None:
    mine = single_sign_ons.c.tenant_id == str(tenant_id)
    row = connection.execute(select(single_sign_ons).where(mine)).mappings().first()
    if row is None:
        return None
    domains = select(sign_on_domains.c.domain).where(sign_on_domains.c.tenant_id == str(tenant_id))
    sees_all = row["newcomers_see_all_stores"]
    named = frozenset(UUID(name) for name in row["newcomers_store_ids"])
    return SignOnRules(
        tenant_id=tenant_id,
        issuer=row["issuer"],
        client_id=row["client_id"],
        sealed_secret=row["client_secret"],
        domains=frozenset(connection.scalars(domains)),
        newcomers_role=row["newcomers_role"],
        newcomers_store_ids=None if sees_all else named,
        changed_at=row["changed_at"],
    )


def save(
    connection: Connection,
    sealing: Sealing,
    tenant_id: UUID,
    wanted: SingleSignOnEntry,
    now: datetime,
) -> None:
    """Raises SealingFault. A secret is never kept for another issuer or client than its own."""
    newcomers, name = wanted.newcomers, str(tenant_id)
    store_ids = newcomers.store_ids if newcomers else None
    row: dict[str, Any] = {
        "tenant_id": name,
        "issuer": wanted.issuer,
        "client_id": wanted.client_id,
        "client_secret": _secret(connection, sealing, tenant_id, wanted),
        "newcomers_role": newcomers.role if newcomers else None,
        "newcomers_see_all_stores": store_ids is None,
        "newcomers_store_ids": sorted(map(str, store_ids or ())),
        "changed_at": now,
    }
    upsert(connection, single_sign_ons, [row], [key for key in row if key != "tenant_id"])
    connection.execute(delete(sign_on_domains).where(sign_on_domains.c.tenant_id == name))
    domains = [{"domain": each, "tenant_id": name} for each in sorted(wanted.mail_domains)]
    connection.execute(insert(sign_on_domains), domains)


def remove(connection: Connection, tenant_id: UUID) -> bool:
    """Whether there was one. Identities stay: by the same issuer people are again who they were."""
    for table in (sign_on_domains, single_sign_ons):
        gone = connection.execute(delete(table).where(table.c.tenant_id == str(tenant_id)))
    return gone.rowcount > 0


def ways_of(connection: Connection, domain: str) -> Sequence[Way]:
    """Of the tenants that sign on by that domain, by name."""
    named = sign_on_domains.c.tenant_id == single_sign_ons.c.tenant_id
    together = single_sign_ons.join(sign_on_domains, named)
    return _ways(connection, together, sign_on_domains.c.domain == domain)


def only_way(connection: Connection) -> Sequence[Way]:
    """Of the installation's tenant where it has just one; else none: whose they are nobody says."""
    if connection.scalar(select(func.count()).select_from(tenants)) != 1:
        return ()
    return _ways(connection, single_sign_ons, single_sign_ons.c.tenant_id.is_not(None))


def spend(connection: Connection, ticket_id: UUID, expires_at: datetime) -> bool:
    """Whether that sign-on comes back for the first time."""
    row = {"ticket_id": str(ticket_id), "expires_at": expires_at}
    try:
        connection.execute(insert(sign_on_tickets).values(row))
    except IntegrityError:
        return False
    return True


def _ways(connection: Connection, together: Any, condition: Any) -> Sequence[Way]:
    query = (
        select(tenants.c.tenant_id, tenants.c.name, access_rules.c.only_owners_use_passwords)
        .select_from(
            together.join(tenants, tenants.c.tenant_id == single_sign_ons.c.tenant_id).outerjoin(
                access_rules, access_rules.c.tenant_id == single_sign_ons.c.tenant_id
            )
        )
        .where(condition)
        .order_by(tenants.c.name)
        .limit(MOST_WAYS)
    )
    return [Way(UUID(row[0]), row[1], bool(row[2])) for row in connection.execute(query)]


def _secret(
    connection: Connection, sealing: Sealing, tenant_id: UUID, wanted: SingleSignOnEntry
) -> bytes | None:
    if wanted.client_secret is not None:
        return sealing.seal_secret(PURPOSE, wanted.client_secret.get_secret_value().encode())
    before = rules_of(connection, tenant_id)
    is_same = before and (before.issuer, before.client_id) == (wanted.issuer, wanted.client_id)
    return before.sealed_secret if before and is_same else None
