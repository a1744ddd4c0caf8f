"""Logins that are open: a row each. The cookie holds a random secret, the row a proof of it.

The proof of a login with the machine's token is made with the token, so another token ends it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Select, delete, insert, select, update

from services.api.access import totp
from services.api.access.paging import Row
from services.api.access.tables import memberships, sessions, users
from services.api.access.views import LoginView
from services.api.config import Logins
from services.api.principal import RIGHTS, Actor, Principal, Right
from services.api.tables import NAME_CHARS

PEOPLE = b"people"
NOTED_AFTER = timedelta(minutes=1)
"""`seen_at` is written so seldom."""


@dataclass(frozen=True)
class Guest:
    """From where somebody logs in."""

    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True)
class Session:
    """An open login: whose it is, and what they may do now."""

    session_id: UUID
    principal: Principal
    seen_at: datetime


def _proofs(rules: Logins, secret: str) -> tuple[str, str]:
    """Of a person's login, and of the machine's."""
    return _proof(PEOPLE, secret), _proof(b"machine/" + rules.token.encode(), secret)


def _proof(key: bytes, secret: str) -> str:
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()


def open_session(
    connection: Connection, rules: Logins, user_id: UUID | None, guest: Guest, now: datetime
) -> str:
    """What the cookie is to hold: never what it held before."""
    secret = secrets.token_urlsafe(32)
    connection.execute(
        insert(sessions).values(
            session_id=str(uuid4()),
            proof=_proofs(rules, secret)[0 if user_id else 1],
            user_id=str(user_id) if user_id else None,
            opened_at=now,
            seen_at=now,
            expires_at=now + rules.lasts,
            address=guest.address[:64],
            user_agent=guest.user_agent[:NAME_CHARS],
        )
    )
    return secret


def session_of(connection: Connection, rules: Logins, secret: str, now: datetime) -> Session | None:
    """The login that the cookie opens, while it lasts and its person may log in."""
    if not secret:
        return None
    query = _open(rules, now).where(sessions.c.proof.in_(_proofs(rules, secret)))
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    principal = person(connection, row) if row["user_id"] else Principal()
    return Session(UUID(row["session_id"]), principal, row["seen_at"])


def person(connection: Connection, user: Row) -> Principal:
    """What that user may do and see: nothing before they have a second factor, where their tenant
    asks that of them.
    """
    bound = None
    if not user["sees_all_stores"]:
        query = select(memberships.c.store_id).where(memberships.c.user_id == user["user_id"])
        bound = frozenset(UUID(name) for name in connection.scalars(query))
    tenant_id, user_id = UUID(user["tenant_id"]), UUID(user["user_id"])
    rights: frozenset[Right] = RIGHTS[user["role"]]
    if totp.is_missing(connection, tenant_id, user_id, user["role"]):
        rights = frozenset()
    return Principal(tenant_id, bound, rights, Actor("user", user_id, user["email"]))


def note_seen(connection: Connection, session: Session, now: datetime) -> None:
    mine = sessions.c.session_id == str(session.session_id)
    connection.execute(update(sessions).where(mine).values(seen_at=now))


def sessions_of(
    connection: Connection, rules: Logins, user_id: UUID, current: UUID | None, now: datetime
) -> list[LoginView]:
    """A person's open logins, the latest first."""
    query = _open(rules, now).where(sessions.c.user_id == str(user_id))
    rows = connection.execute(query.order_by(sessions.c.opened_at.desc())).mappings()
    return [
        LoginView.model_validate({**row, "is_current": row["session_id"] == str(current)})
        for row in rows
    ]


def close(connection: Connection, rules: Logins, secret: str) -> None:
    """The cookie opens nothing any more, whoever has a copy of it."""
    if secret:
        connection.execute(delete(sessions).where(sessions.c.proof.in_(_proofs(rules, secret))))


def end(connection: Connection, session_id: UUID) -> None:
    """Whoever's login it is."""
    connection.execute(delete(sessions).where(sessions.c.session_id == str(session_id)))


def revoke(connection: Connection, user_id: UUID, session_ids: Sequence[UUID] | None) -> int:
    """End these logins of a person, or all; how many there were."""
    query = delete(sessions).where(sessions.c.user_id == str(user_id))
    if session_ids is not None:
        query = query.where(sessions.c.session_id.in_([str(one) for one in session_ids]))
    return connection.execute(query).rowcount


def _open(rules: Logins, now: datetime) -> Select[Any]:
    of_user = [users.c[name] for name in ("tenant_id", "email", "role", "sees_all_stores")]
    together = sessions.outerjoin(users, users.c.user_id == sessions.c.user_id)
    may_log_in = users.c.is_active.is_(True) | sessions.c.user_id.is_(None)
    return (
        select(sessions, *of_user)
        .select_from(together)
        .where(sessions.c.expires_at > now, sessions.c.seen_at > now - rules.idle, may_log_in)
    )
