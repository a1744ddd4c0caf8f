"""API keys: `nk_<id>_<secret>`. The secret is 256 random bits and is kept only as its SHA-256.

That is as safe here as a slow hash: nobody guesses 256 bits, however fast; and unlike a password's
it is checked with each request, where argon2 would take a quarter of a second (ADR 0032).
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from services.api.access.credentials import api_keys
from services.api.access.key_views import KeyPage, KeyView
from services.api.access.paging import Order, Row, page
from services.api.access.sessions import people
from services.api.access.tables import users
from services.api.cursors import Cursor
from services.api.principal import Actor, Principal, Right, of_tenant

PREFIX = "nk_"
MOST = 200
"""Keys of a tenant that are in use."""
_FORM = re.compile(r"nk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")


class KeyFault(Exception):
    """There can be no such key. One sentence for people."""


@dataclass(frozen=True)
class NewKey:
    """What somebody wants a key to be."""

    name: str
    rights: frozenset[Right]
    store_ids: frozenset[UUID] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class UsedKey:
    """A key that is shown: what it may do now, and when it was used before."""

    principal: Principal
    last_used_at: datetime | None


def add(connection: Connection, principal: Principal, wanted: NewKey, now: datetime) -> str:
    """The key, which nobody can be told again. Raises KeyFault for one that may do or see more
    than the principal, and for one too many.
    """
    _require_allowed(connection, principal, wanted, now)
    key_id, secret = uuid4(), secrets.token_urlsafe(32)
    actor, bound = principal.actor, wanted.store_ids
    bound = principal.store_ids if bound is None else bound
    connection.execute(
        insert(api_keys).values(
            key_id=str(key_id),
            tenant_id=str(principal.home),
            name=wanted.name,
            proof=_proof(secret),
            rights=sorted(wanted.rights),
            store_ids=None if bound is None else sorted(str(each) for each in bound),
            user_id=str(actor.actor_id) if actor.kind == "user" else None,
            made_by=actor.name,
            created_at=now,
            expires_at=wanted.expires_at,
            last_address="",
        )
    )
    return f"{PREFIX}{key_id.hex}_{secret}"


def keys_by_text(
    connection: Connection, shown: Collection[str], now: datetime
) -> dict[str, UsedKey]:
    """Those of these texts that are keys in use, and what each may do now."""
    forms = {text: form for text in shown if (form := _FORM.fullmatch(text))}
    if not forms:
        return {}
    names = {text: str(UUID(hex=form[1])) for text, form in forms.items()}
    query = select(api_keys).where(api_keys.c.key_id.in_(set(names.values())), in_use(now))
    rows = {row["key_id"]: row for row in connection.execute(query).mappings()}
    makers = _makers(connection, rows.values())
    found: dict[str, UsedKey] = {}
    for text, name in names.items():
        row = rows.get(name)
        if row is None or not hmac.compare_digest(row["proof"], _proof(forms[text][2])):
            continue
        if principal := _principal(row, makers):
            found[text] = UsedKey(principal, row["last_used_at"])
    return found


def in_use(now: datetime) -> ColumnElement[bool]:
    """The condition on keys that were neither revoked nor ran out."""
    lasting = or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now)
    return and_(api_keys.c.revoked_at.is_(None), lasting)


def key_page(
    connection: Connection,
    principal: Principal,
    own: bool,
    limit: int,
    after: Cursor | None,
    now: datetime,
) -> KeyPage:
    """Latest first: those of the tenant, or one's own."""
    query = select(api_keys).where(_theirs(principal, own))
    order = Order(api_keys.c.created_at, api_keys.c.key_id)
    rows, token = page(connection, query, order, limit, after)
    return KeyPage(items=[_view(row, now) for row in rows], next=token)


def key(
    connection: Connection, principal: Principal, own: bool, key_id: UUID, now: datetime
) -> KeyView | None:
    query = select(api_keys).where(api_keys.c.key_id == str(key_id), _theirs(principal, own))
    row = connection.execute(query).mappings().first()
    return _view(row, now) if row else None


def revoke(connection: Connection, key_id: UUID, now: datetime) -> None:
    """For good. Again changes nothing."""
    mine = api_keys.c.key_id == str(key_id), api_keys.c.revoked_at.is_(None)
    connection.execute(update(api_keys).where(*mine).values(revoked_at=now))


def _require_allowed(
    connection: Connection, principal: Principal, wanted: NewKey, now: datetime
) -> None:
    if not wanted.rights <= principal.rights:
        missing = ", ".join(sorted(wanted.rights - principal.rights))
        raise KeyFault(f"A key may do no more than whoever makes it: you may not {missing}.")
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise KeyFault("A key must run out in the future.")
    ours = api_keys.c.tenant_id == str(principal.home), in_use(now)
    if (connection.scalar(select(func.count()).select_from(api_keys).where(*ours)) or 0) >= MOST:
        raise KeyFault(f"There are {MOST} keys already: revoke one first.")


def _makers(connection: Connection, rows: Collection[Row]) -> dict[str, Principal]:
    """What those who made these keys may do now; of those who may not log in any more, nobody."""
    names = {row["user_id"] for row in rows if row["user_id"]}
    if not names:
        return {}
    query = select(users).where(users.c.user_id.in_(names), users.c.is_active.is_(True))
    return people(connection, connection.execute(query).mappings().all())


def _principal(row: Row, makers: Mapping[str, Principal]) -> Principal | None:
    """None when whoever made the key may not log in any more."""
    actor = Actor("key", UUID(row["key_id"]), row["name"])
    rights, bound, tenant_id = frozenset(row["rights"]), _stores(row), UUID(row["tenant_id"])
    if row["user_id"]:
        maker = makers.get(row["user_id"])
        if maker is None or maker.tenant_id != tenant_id:
            return None
        rights, bound = rights & maker.rights, _common(bound, maker.store_ids)
    return Principal(tenant_id, bound, rights, actor)


def _stores(row: Row) -> frozenset[UUID] | None:
    names: Sequence[str] | None = row["store_ids"]
    return None if names is None else frozenset(UUID(name) for name in names)


def _common(
    first: frozenset[UUID] | None, second: frozenset[UUID] | None
) -> frozenset[UUID] | None:
    """None stands for all."""
    if first is None or second is None:
        return second if first is None else first
    return first & second


def _theirs(principal: Principal, own: bool) -> ColumnElement[bool]:
    of_chain = of_tenant(principal, api_keys.c.tenant_id)
    return and_(of_chain, api_keys.c.user_id == str(principal.actor.actor_id)) if own else of_chain


def note_use(connection: Connection, key_id: UUID, address: str, now: datetime) -> None:
    values: dict[str, Any] = {"last_used_at": now, "last_address": address[:64]}
    connection.execute(update(api_keys).where(api_keys.c.key_id == str(key_id)).values(values))


def _view(row: Row, now: datetime) -> KeyView:
    has_run_out = row["expires_at"] is not None and row["expires_at"] <= now
    is_active = row["revoked_at"] is None and not has_run_out
    return KeyView.model_validate({**row, "is_active": is_active})


def _proof(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
