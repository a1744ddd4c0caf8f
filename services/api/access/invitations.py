"""Invitations that are open: made, listed, taken back, accepted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, delete, insert, select

from services.api.access.paging import Order, Row, page
from services.api.access.tables import invitations, tenants
from services.api.access.views import InvitationPage, InvitationView
from services.api.cursors import Cursor
from services.api.principal import Principal, of_tenant


def add(connection: Connection, view: InvitationView) -> None:
    """It takes the place of another to the same address."""
    mine = invitations.c.tenant_id == str(view.tenant_id), invitations.c.email == view.email
    connection.execute(delete(invitations).where(*mine))
    store_ids = view.store_ids
    connection.execute(
        insert(invitations).values(
            invitation_id=str(view.invitation_id),
            tenant_id=str(view.tenant_id),
            email=view.email,
            role=view.role,
            sees_all_stores=store_ids is None,
            store_ids=[str(one) for one in store_ids or ()],
            language=view.language,
            invited_by=view.invited_by,
            created_at=view.created_at,
            expires_at=view.expires_at,
        )
    )


def invitation(
    connection: Connection, principal: Principal, invitation_id: UUID
) -> InvitationView | None:
    row = connection.execute(_of(principal, invitation_id)).mappings().first()
    return _view(row) if row else None


def invitation_page(
    connection: Connection,
    principal: Principal,
    tenant_id: UUID | None,
    limit: int,
    after: Cursor | None,
) -> InvitationPage:
    """Latest first; of one tenant only, where it is named."""
    query = select(invitations).where(of_tenant(principal, invitations.c.tenant_id))
    if tenant_id is not None:
        query = query.where(invitations.c.tenant_id == str(tenant_id))
    order = Order(invitations.c.created_at, invitations.c.invitation_id)
    rows, token = page(connection, query, order, limit, after)
    return InvitationPage(items=[_view(row) for row in rows], next=token)


def remove(connection: Connection, invitation_id: UUID) -> None:
    mine = invitations.c.invitation_id == str(invitation_id)
    connection.execute(delete(invitations).where(mine))


def to_accept(connection: Connection, invitation_id: UUID, now: datetime) -> Row | None:
    """The invitation with the name of its `tenant`, locked until the end of the transaction."""
    together = invitations.join(tenants, tenants.c.tenant_id == invitations.c.tenant_id)
    query = (
        select(invitations, tenants.c.name.label("tenant"))
        .select_from(together)
        .where(invitations.c.invitation_id == str(invitation_id), invitations.c.expires_at > now)
        .with_for_update()
    )
    return connection.execute(query).mappings().first()


def _of(principal: Principal, invitation_id: UUID) -> Select[Any]:
    mine = invitations.c.invitation_id == str(invitation_id)
    return select(invitations).where(mine, of_tenant(principal, invitations.c.tenant_id))


def _view(row: Row) -> InvitationView:
    store_ids = None if row["sees_all_stores"] else row["store_ids"]
    return InvitationView.model_validate(dict(row) | {"store_ids": store_ids})
