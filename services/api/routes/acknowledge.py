"""Acknowledge links of mails and messages: a page with a button, without a login.

To fetch the page changes nothing, so that a mail scanner acknowledges nothing; the button works
once. Whoever has the link is who it was sent to.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection, insert, select

from services.api import audit
from services.api.deps import Context, Tools
from services.api.pages import html
from services.api.principal import Actor, Principal
from services.api.queries import alerts as queries
from services.api.reviews.changes import Change, change
from services.api.reviews.page import Alert, Texts, alert_page, fault_page, texts_for
from services.api.reviews.tables import acknowledge_tickets
from services.api.tables import alerts, sources
from services.api.views import AlertView
from services.chassis.storage.database import transaction
from services.chassis.tickets import Ticket, TicketFault

router = APIRouter(include_in_schema=False)
PURPOSE = "acknowledge"


@router.get("/a/{ticket}")
def acknowledge_page(ticket: str, request: Request, context: Context) -> HTMLResponse:
    return _answered(ticket, request, context, is_pressed=False)


@router.post("/a/{ticket}")
def acknowledge(ticket: str, request: Request, context: Context) -> HTMLResponse:
    return _answered(ticket, request, context, is_pressed=True)


def _answered(ticket: str, request: Request, context: Tools, is_pressed: bool) -> HTMLResponse:
    texts, now = texts_for(request.headers.get("accept-language", "")), context.clock.now()
    try:
        read = context.tickets.read(PURPOSE, ticket, now)
        alert_id = UUID(read.fields["alert_id"])
    except (TicketFault, KeyError, ValueError) as error:
        sentence = str(error) if isinstance(error, TicketFault) else "This link is not valid."
        return html(fault_page(texts, sentence), 404)
    with transaction(context.engine) as connection:
        principal = _bearer(connection, read, alert_id)
        view = queries.alert(connection, principal, alert_id)
        if view is None:
            return html(fault_page(texts, texts["gone"]), 404)
        if is_pressed and not _is_used(connection, read):
            _acknowledge(connection, principal, read, view, now)
            view = queries.alert(connection, principal, alert_id) or view
        page = _shown(texts, view, read, _is_used(connection, read))
    if is_pressed:
        context.announce_reviews()
    return html(page, 200)


def _bearer(connection: Connection, ticket: Ticket, alert_id: UUID) -> Principal:
    """Whoever the link was sent to: sees the store of that alert, and may review there."""
    together = alerts.join(sources, sources.c.source_id == alerts.c.source_id)
    query = select(sources.c.tenant_id, sources.c.store_id).select_from(together)
    row = connection.execute(query.where(alerts.c.alert_id == str(alert_id))).first()
    tenant_id = UUID(row.tenant_id) if row and row.tenant_id else None
    return Principal(
        tenant_id=tenant_id,
        store_ids=frozenset({UUID(row.store_id)}) if row and tenant_id else None,
        rights=frozenset({"view", "review"}),
        actor=Actor("user", None, ticket.fields.get("by", "")[:255] or "a recipient"),
    )


def _is_used(connection: Connection, ticket: Ticket) -> bool:
    name = str(ticket.ticket_id)
    query = select(acknowledge_tickets.c.ticket_id).where(acknowledge_tickets.c.ticket_id == name)
    return connection.execute(query).first() is not None


def _acknowledge(
    connection: Connection, principal: Principal, ticket: Ticket, alert: AlertView, now: datetime
) -> None:
    values = {"acknowledged_at": now, "acknowledged_by": principal.actor.name}
    wanted = Change("acknowledged", values, "acknowledged_by", keeps_first=True)
    done = change(connection, principal, alert.alert_id, wanted, now)
    row: dict[str, Any] = {
        "ticket_id": str(ticket.ticket_id),
        "alert_id": str(alert.alert_id),
        "source_id": str(alert.source_id),
        "used_by": principal.actor.name,
        "used_at": now,
        "expires_at": ticket.expires_at,
    }
    connection.execute(insert(acknowledge_tickets).values(row))
    if done.is_new:
        target = {"target_id": ticket.fields.get("target_id", "")}
        audit.record(connection, principal, "alert.acknowledged", str(alert.alert_id), target)


def _shown(texts: Texts, view: AlertView, ticket: Ticket, is_used: bool) -> str:
    alert = Alert(
        label=view.label,
        source_name=view.filename,
        started_at=view.started_at,
        acknowledged_by=view.review.acknowledged_by,
        acknowledged_at=view.review.acknowledged_at,
    )
    return alert_page(texts, alert, ticket.fields.get("by", ""), is_used)
