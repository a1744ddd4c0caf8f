"""Logins that are open: a row each. The cookie holds a random secret, the row a proof of it.

The proof of a login with the machine's token is made with the token, so another token ends it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
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


def sessions_by_secret(
    connection: Connection, rules: Logins, secrets_: Collection[str], now: datetime
) -> dict[str, Session]:
    """The logins that these cookies open, while they last and their people may log in."""
    secret_of = {proof: each for each in secrets_ if each for proof in _proofs(rules, each)}
    if not secret_of:
        return {}
    query = _open(rules, now).where(sessions.c.proof.in_(secret_of))
    rows = connection.execute(query).mappings().all()
    persons = people(connection, [row for row in rows if row["user_id"]])
    return {
        secret_of[row["proof"]]: Session(
            UUID(row["session_id"]), persons.get(row["user_id"], Principal()), row["seen_at"]
        )
        for row in rows
    }


def people(connection: Connection, users_: Sequence[Row]) -> dict[str, Principal]:
    """What these users may do and see, by their ids: nothing before they have a second factor,
    where their tenant asks that of them.
    """
    bound = {row["user_id"]: set[UUID]() for row in users_ if not row["sees_all_stores"]}
    if bound:
        query = select(memberships.c.user_id, memberships.c.store_id)
        for member in connection.execute(query.where(memberships.c.user_id.in_(bound))):
            bound[member.user_id].add(UUID(member.store_id))
    powerless = totp.missing_among(connection, users_)
    found: dict[str, Principal] = {}
    for row in users_:
        name = row["user_id"]
        rights: frozenset[Right] = frozenset() if name in powerless else RIGHTS[row["role"]]
        store_ids = frozenset(bound[name]) if name in bound else None
        actor = Actor("user", UUID(name), row["email"])
        found[name] = Principal(UUID(row["tenant_id"]), store_ids, rights, actor)
    return found


def note_seen(connection: Connection, session_ids: Collection[UUID], now: datetime) -> None:
    theirs = sessions.c.session_id.in_([str(each) for each in session_ids])
    connection.execute(update(sessions).where(theirs).values(seen_at=now))


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
