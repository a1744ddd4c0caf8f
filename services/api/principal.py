"""Who is asking. Made in one place, `auth`, and handed to every function that reads."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_

from services.api.tables import sources


@dataclass(frozen=True)
class Principal:
    """Sees the sources of one tenant; without a tenant, as the owner of the machine, all."""

    tenant_id: UUID | None = None

    def may_see(self, tenant_id: str | None) -> bool:
        """Whether what belongs to that tenant is theirs to see."""
        return self.tenant_id is None or str(self.tenant_id) == tenant_id


def visible(principal: Principal) -> ColumnElement[bool]:
    """The condition on `sources` under which the principal may know of one."""
    present = sources.c.is_being_removed.is_(False)
    if principal.tenant_id is None:
        return present
    return and_(present, sources.c.tenant_id == str(principal.tenant_id))
