"""Inviting people by mail, and taking it back."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Path
from sqlalchemy import Connection

from services.api import audit
from services.api.access import invitations as queries
from services.api.access import links, stores, users
from services.api.access.entries import InvitationEntry
from services.api.access.views import InvitationPage, InvitationView
from services.api.auth import Administering
from services.api.deps import Context, Database, Tools
from services.api.problems import Problem, documented
from services.api.routes.stores import OfTenant, home
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/invitations", tags=["users"])
InvitationId = Annotated[UUID, Path(examples=["7c9e6679-7425-50de-944b-e07fc1f90ae7"])]


@router.post(
    "", status_code=201, summary="Invite somebody", responses=documented(401, 403, 404, 409, 422)
)
def invite(
    entry: InvitationEntry,
    context: Context,
    principal: Administering,
    tenant_id: OfTenant = None,
) -> InvitationView:
    """By mail; the link works once, for a week. Another invitation to the same address takes its
    place. Where no mail server is set, the link is in the answer, and nowhere else.
    """
    now = context.clock.now()
    with transaction(context.engine) as database:
        tenant = home(database, principal, tenant_id)
        _require_sense(database, tenant, entry)
        view = InvitationView(
            invitation_id=uuid4(),
            tenant_id=tenant,
            email=entry.email,
            role=entry.role,
            store_ids=None if entry.store_ids is None else sorted(entry.store_ids),
            language=entry.language,
            invited_by=principal.actor.name,
            created_at=now,
            expires_at=now + links.INVITATION_LASTS,
        )
        url = links.invitation_url(context, view.invitation_id, view.expires_at)
        queries.add(database, view)
        detail = {"email": view.email, "role": view.role}
        name = str(view.invitation_id)
        audit.record(database, principal, "user.invited", name, detail, tenant_id=tenant)
    return _sent(context, view, url)


@router.get("", summary="List the open invitations", responses=documented(401, 403, 422))
def invitation_list(
    database: Database,
    principal: Administering,
    tenant_id: OfTenant = None,
    limit: Limit = 50,
    cursor: Token = None,
) -> InvitationPage:
    """Latest first."""
    return queries.invitation_page(database, principal, tenant_id, limit, cursor_of(cursor))


@router.delete(
    "/{invitation_id}",
    status_code=204,
    summary="Take an invitation back",
    responses=documented(401, 403, 404, 422, 503),
)
def take_back(invitation_id: InvitationId, context: Context, principal: Administering) -> None:
    """Its link does not work any more."""
    with transaction(context.engine) as database:
        view = queries.invitation(database, principal, invitation_id)
        view = found(view, "invitation", invitation_id)
        queries.remove(database, invitation_id)
        detail, name = {"email": view.email}, str(invitation_id)
        audit.record(
            database, principal, "invitation.removed", name, detail, tenant_id=view.tenant_id
        )


def _require_sense(database: Connection, tenant_id: UUID, entry: InvitationEntry) -> None:
    """Raises Problem 404 or 409. That somebody of another tenant has the address is for whoever
    owns the address to hear, not for whoever invites.
    """
    if missing := stores.missing(database, tenant_id, entry.store_ids or ()):
        raise Problem(404, f"There is no store {min(missing)}.")
    row = users.row_by_email(database, entry.email)
    if row is not None and row["tenant_id"] == str(tenant_id):
        raise Problem(409, f"{entry.email} is a user already.")


def _sent(context: Tools, view: InvitationView, url: str) -> InvitationView:
    if not context.settings.smtp_host:
        return view.model_copy(update={"url": url})
    to = {"tenant_id": str(view.tenant_id), "email": view.email, "language": view.language}
    links.mail(context, links.INVITATION, to, url, view.invited_by)
    return view
