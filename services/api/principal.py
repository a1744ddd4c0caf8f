"""Who is asking, and what they may do. Made in one place, `auth`, and handed to every function that
reads or changes something.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, true

from schemas.ids import DEFAULT_TENANT, default_store
from services.api.tables import sources

Role = Literal["owner", "manager", "operator", "viewer"]
Right = Literal["view", "review", "upload", "configure", "administer"]
"""`view`: all that is shown of one's stores, live pictures and evidence included; `review`: say
what an alert was, acknowledge, assign, comment, hold, snooze; `upload`: hand in videos and webcam
pictures, keep albums; `configure`: cameras, policies, targets; `administer`: stores, people, keys,
the audit log, erasure."""

RIGHTS: Mapping[Role, frozenset[Right]] = {
    "viewer": frozenset({"view"}),
    "operator": frozenset({"view", "review", "upload"}),
    "manager": frozenset({"view", "review", "upload", "configure"}),
    "owner": frozenset({"view", "review", "upload", "configure", "administer"}),
}


@dataclass(frozen=True)
class Actor:
    """Who it is, for the audit log and for what people read: a user, a key, or the machine."""

    kind: Literal["user", "key", "machine"] = "machine"
    actor_id: UUID | None = None
    name: str = "machine"
    """A mail address, or the name of a key."""
    address: str = field(default="", compare=False)
    """Of the client that asks, as far as proxies that are trusted tell it."""


@dataclass(frozen=True)
class Principal:
    """Sees the sources of one tenant, or of some of its stores. Without a tenant it is the
    machine's operator (NIGHTCLERK_API_TOKEN, or loopback while nobody has signed up), who sees all.
    """

    tenant_id: UUID | None = None
    store_ids: frozenset[UUID] | None = None
    """None: all stores of the tenant."""
    rights: frozenset[Right] = RIGHTS["owner"]
    actor: Actor = Actor()

    @property
    def home(self) -> UUID:
        """The tenant to whom belongs what they make."""
        return self.tenant_id or DEFAULT_TENANT

    @property
    def store(self) -> UUID:
        """The store to which belongs what they make without naming one. Whether it is theirs to
        see is still to be asked: they may have none.
        """
        usual = default_store(self.home)
        if self.store_ids is None or usual in self.store_ids:
            return usual
        return min(self.store_ids, default=usual)

    def seen_at(self, address: str) -> "Principal":
        """The same, asking from that address."""
        return replace(self, actor=replace(self.actor, address=address))

    def may(self, right: Right) -> bool:
        return right in self.rights

    def may_see(self, tenant_id: str | None, store_id: str | None) -> bool:
        """Whether what belongs to that store of that tenant is theirs to see."""
        if self.tenant_id is None:
            return True
        if str(self.tenant_id) != tenant_id:
            return False
        return self.store_ids is None or store_id in {str(one) for one in self.store_ids}


def visible(principal: Principal) -> ColumnElement[bool]:
    """The condition on `sources` under which the principal may know of one."""
    present = sources.c.is_being_removed.is_(False)
    if principal.tenant_id is None:
        return present
    of_tenant = and_(present, sources.c.tenant_id == str(principal.tenant_id))
    if principal.store_ids is None:
        return of_tenant
    return and_(of_tenant, sources.c.store_id.in_([str(one) for one in principal.store_ids]))


def of_tenant(principal: Principal, column: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition on what belongs to a tenant without a source: users, targets, albums."""
    if principal.tenant_id is None:
        return true()
    return column == str(principal.tenant_id)


def of_stores(principal: Principal, column: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition, beside `of_tenant`, on what belongs to a store of it. What belongs to the
    tenant as a whole has none, and is not theirs who are bound to some.
    """
    if principal.store_ids is None:
        return true()
    return column.in_([str(one) for one in principal.store_ids])
