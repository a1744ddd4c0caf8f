"""Links that let somebody in who has no login yet, or forgot it: set-up, invitation, reset.

Each works once: what its ticket is about is gone, or has changed, once it was used (ADR 0030).
"""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgpack

from schemas.mails import MailRequested
from schemas.topics import MAILS
from services.api.access.paging import Row
from services.api.config import ApiSettings
from services.api.deps import Tools
from services.api.problems import Problem
from services.chassis.sealing import SealingFault
from services.chassis.streaming.records import Outgoing
from services.chassis.tickets import TicketFault

OWNER, INVITATION, RESET = "owner", "invitation", "password_reset"
PATHS = {OWNER: "setup", INVITATION: "invitation", RESET: "reset"}
SETUP_LASTS = timedelta(days=3650)
INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(hours=1)


def setup_url(context: Tools, tenant_id: UUID) -> str | None:
    """Where the first owner of a tenant signs up: whoever is asked for it makes sure that nobody
    has. None without a secret key.
    """
    expires_at = context.clock.now() + SETUP_LASTS
    if not context.sealing.has_key:
        return None
    ticket = context.tickets.issue(OWNER, {"tenant_id": str(tenant_id)}, expires_at)
    return address(context.settings, OWNER, ticket)


def invitation_url(context: Tools, invitation_id: UUID, expires_at: datetime) -> str:
    """Raises Problem 503 without a secret key."""
    return _issued(context, INVITATION, {"invitation_id": str(invitation_id)}, expires_at)


def reset_url(context: Tools, user: Row) -> str:
    """It works until the password is another. Raises Problem 503 without a secret key."""
    fields = {"user_id": user["user_id"], "mark": mark(user)}
    return _issued(context, RESET, fields, context.clock.now() + RESET_LASTS)


def mark(user: Row) -> str:
    """Tells one password of a person from the next, and nothing of either."""
    content = f"{user['user_id']}/{user['password_hash'] or ''}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def read(context: Tools, purpose: str, ticket: str, name: str) -> tuple[UUID, dict[str, str]]:
    """The id of that name in a ticket, and all it says. Raises Problem 410."""
    try:
        found = context.tickets.read(purpose, ticket, context.clock.now())
        return UUID(found.fields[name]), dict(found.fields)
    except (TicketFault, KeyError, ValueError) as error:
        sentence = str(error) if isinstance(error, TicketFault) else "This link is not valid."
        raise Problem(410, sentence) from error


def address(settings: ApiSettings, purpose: str, ticket: str) -> str:
    return f"{settings.public_url}/{PATHS[purpose]}/{ticket}"


def mail(context: Tools, kind: str, user: Row, link: str, text: str) -> None:
    """Have a link sent: `user` has tenant_id, email and language. Raises TransientError."""
    now = context.clock.now()
    lasts = INVITATION_LASTS if kind == INVITATION else RESET_LASTS
    content = msgpack.packb({"to": user["email"], "link": link})
    message = MailRequested(
        mail_id=uuid4(),
        tenant_id=UUID(user["tenant_id"]),
        kind="invitation" if kind == INVITATION else "password_reset",
        language=user["language"],
        sealed=context.sealing.seal_secret("mail", content),
        text=text,
        expires_at=now + lasts,
        requested_at=now,
    )
    context.publishing.publish(Outgoing(MAILS, message))


def _issued(context: Tools, purpose: str, fields: dict[str, str], expires_at: datetime) -> str:
    try:
        ticket = context.tickets.issue(purpose, fields, expires_at)
    except SealingFault as error:
        raise Problem(503, f"No link can be made. {error}") from error
    return address(context.settings, purpose, ticket)
