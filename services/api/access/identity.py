"""Who is asking, for any number of connections at once: what they show is looked up together, so
that streams which are asked again and again cost a handful of queries, however many are open.
"""

import contextlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from services.api.access import keys, sessions
from services.api.access.keys import UsedKey
from services.api.access.sessions import Session
from services.api.access.tenants import has_people
from services.api.config import ApiSettings
from services.api.principal import Principal
from services.chassis.errors import TransientError
from services.chassis.storage.database import transaction

NOTED_AFTER = timedelta(minutes=1)
"""When a login or a key was last used is written so seldom."""


@dataclass(frozen=True)
class Credentials:
    """What one connection shows to be let in, and from where."""

    bearer: str = field(default="", repr=False)
    cookie: str = field(default="", repr=False)
    address: str = ""
    is_local: bool = False
    """It comes from this machine, for a name of this machine."""


def principals_of(
    engine: Engine, settings: ApiSettings, shown: Collection[Credentials], now: datetime
) -> dict[Credentials, Principal]:
    """Who each of them is; nobody where one shows nothing that opens. The token comes first, then
    a key, then a login; last, this machine itself, where it needs none.
    """
    found = {each: Principal() for each in shown if is_token(settings, each.bearer)}
    others = set(shown) - set(found)
    if not others:
        return found
    with engine.connect() as connection:
        used = keys.keys_by_text(connection, {each.bearer for each in others}, now)
        cookies = {each.cookie for each in others if not _shows_key(each)}
        logins = sessions.sessions_by_secret(connection, settings.logins, cookies, now)
        unknown = [one for one in others if not _shows_key(one) and one.cookie not in logins]
        needs_none = is_open(connection, settings, unknown)
    for each in others:
        if principal := _principal(each, used, logins, needs_none):
            found[each] = principal
    _note_use(engine, found, used, logins, now)
    return found


def is_token(settings: ApiSettings, shown: str) -> bool:
    """Whether that is the machine's token, in constant time. Without one none is."""
    wanted = settings.api_token.get_secret_value()
    return bool(wanted) and hmac.compare_digest(shown.encode(), wanted.encode())


def session_of(
    connection: Connection, settings: ApiSettings, cookie: str, now: datetime
) -> Session | None:
    """The login that the cookie opens, while it lasts."""
    return sessions.sessions_by_secret(connection, settings.logins, [cookie], now).get(cookie)


def _shows_key(shown: Credentials) -> bool:
    return shown.bearer.startswith(keys.PREFIX)


def _principal(
    shown: Credentials,
    used: Mapping[str, UsedKey],
    logins: Mapping[str, Session],
    needs_none: bool,
) -> Principal | None:
    """A key that opens nothing is not helped by a cookie beside it."""
    if _shows_key(shown):
        key = used.get(shown.bearer)
        return key.principal if key else None
    if session := logins.get(shown.cookie):
        return session.principal
    return Principal() if needs_none and shown.is_local else None


def is_open(connection: Connection, settings: ApiSettings, shown: Collection[Credentials]) -> bool:
    """Whether those of them who ask from this machine need no login: nobody has signed up."""
    is_asked = settings.is_open_until_sign_up and any(each.is_local for each in shown)
    return is_asked and not has_people(connection)


def _note_use(
    engine: Engine,
    found: Mapping[Credentials, Principal],
    used: Mapping[str, UsedKey],
    logins: Mapping[str, Session],
    now: datetime,
) -> None:
    """Seldom, and never at the price of an answer."""
    seen = [each.session_id for each in logins.values() if now - each.seen_at > NOTED_AFTER]
    asked = [
        (principal.actor.actor_id, shown.address)
        for shown, principal in found.items()
        if _shows_key(shown) and _is_due(used[shown.bearer].last_used_at, now)
    ]
    if not seen and not asked:
        return
    with contextlib.suppress(TransientError), transaction(engine) as connection:
        if seen:
            sessions.note_seen(connection, seen, now)
        for key_id, address in asked:
            if key_id is not None:
                keys.note_use(connection, key_id, address, now)


def _is_due(latest: datetime | None, now: datetime) -> bool:
    return latest is None or not timedelta(0) <= now - latest < NOTED_AFTER
