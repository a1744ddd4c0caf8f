"""The second factor: codes of an authenticator app (RFC 6238), and ten recovery codes.

The secret is sealed. A code counts once, and so does every code before it; two logins with the same
code at the same moment are one login and one refusal. Recovery codes have 80 random bits, so a
plain hash keeps them.
"""

import hashlib
import hmac
import io
import re
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Literal
from uuid import UUID

import pyotp
import segno
from sqlalchemy import Connection, delete, func, insert, select, update

from services.api.access.credentials import access_rules, recovery_codes, second_factors
from services.api.access.paging import Row
from services.chassis.sealing import Sealing
from services.chassis.storage.database import upsert

PURPOSE = "totp"
ISSUER = "Nightclerk"
STEP_S = 30
WINDOW = 1
"""So many steps a phone's clock may be early or late."""
RECOVERY_CODES = 10
How = Literal["code", "recovery code"]
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def begin(connection: Connection, sealing: Sealing, user_id: UUID) -> str:
    """A new secret, which counts once it is confirmed; one that was confirmed before counts until
    then no more, so the caller has seen to it that there is none. Raises SealingFault.
    """
    secret = pyotp.random_base32()
    row = {
        "user_id": str(user_id),
        "secret": sealing.seal_secret(PURPOSE, secret.encode()),
        "confirmed_at": None,
        "last_step": 0,
    }
    upsert(connection, second_factors, [row], ["secret", "confirmed_at", "last_step"])
    return secret


def confirm(
    connection: Connection, sealing: Sealing, user_id: UUID, code: str, now: datetime
) -> list[str]:
    """The recovery codes, which are told this once; none for a wrong code. Raises SealingFault."""
    if not _accept_code(connection, sealing, user_id, code, now):
        return []
    mine = second_factors.c.user_id == str(user_id)
    connection.execute(update(second_factors).where(mine).values(confirmed_at=now))
    return renew_recovery(connection, user_id)


def renew_recovery(connection: Connection, user_id: UUID) -> list[str]:
    """Ten others; the former ones are worth nothing."""
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == str(user_id)))
    rows = [{"user_id": str(user_id), "proof": _proof(code)} for code in codes]
    connection.execute(insert(recovery_codes), rows)
    return codes


def is_confirmed(connection: Connection, user_id: UUID) -> bool:
    """Whether a login takes a code."""
    query = select(second_factors.c.confirmed_at).where(second_factors.c.user_id == str(user_id))
    return connection.scalar(query) is not None


def recovery_left(connection: Connection, user_id: UUID) -> int:
    mine = recovery_codes.c.user_id == str(user_id)
    return connection.scalar(select(func.count()).select_from(recovery_codes).where(mine)) or 0


def accept(
    connection: Connection, sealing: Sealing, user_id: UUID, code: str, now: datetime
) -> How | None:
    """What that was, if it is right; it is worth nothing afterwards. Raises SealingFault."""
    if not is_confirmed(connection, user_id):
        return None
    if _accept_code(connection, sealing, user_id, code, now):
        return "code"
    mine = recovery_codes.c.user_id == str(user_id), recovery_codes.c.proof == _proof(code)
    return (
        "recovery code"
        if connection.execute(delete(recovery_codes).where(*mine)).rowcount
        else None
    )


def remove(connection: Connection, user_id: UUID) -> None:
    for table in (second_factors, recovery_codes):
        connection.execute(delete(table).where(table.c.user_id == str(user_id)))


def missing_among(connection: Connection, people: Collection[Row]) -> frozenset[str]:
    """The ids of those who may do nothing before they have set one up."""
    owners = [row for row in people if row["role"] == "owner"]
    if not owners:
        return frozenset()
    query = select(access_rules.c.tenant_id).where(
        access_rules.c.tenant_id.in_({row["tenant_id"] for row in owners}),
        access_rules.c.owners_need_second_factor.is_(True),
    )
    strict = set(connection.scalars(query))
    bound = frozenset(row["user_id"] for row in owners if row["tenant_id"] in strict)
    if not bound:
        return bound
    confirmed = select(second_factors.c.user_id).where(
        second_factors.c.user_id.in_(bound), second_factors.c.confirmed_at.is_not(None)
    )
    return bound - set(connection.scalars(confirmed))


def address(secret: str, account: str) -> str:
    """What authenticator apps read: otpauth://…"""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def picture(uri: str) -> str:
    """A QR code as SVG."""
    drawn = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(
        drawn, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False
    )
    return drawn.getvalue().decode()


def _accept_code(
    connection: Connection, sealing: Sealing, user_id: UUID, code: str, now: datetime
) -> bool:
    digits = re.sub(r"\s", "", code)
    query = select(second_factors).where(second_factors.c.user_id == str(user_id))
    row = connection.execute(query).one_or_none()
    if row is None or not re.fullmatch(r"[0-9]{6}", digits):
        return False
    secret = sealing.open_secret(PURPOSE, row.secret).decode()
    step = _step(secret, digits, now)
    # The condition stands in the statement: of two at once, one changes the row.
    later = second_factors.c.user_id == str(user_id), second_factors.c.last_step < step
    return bool(
        connection.execute(update(second_factors).where(*later).values(last_step=step)).rowcount
    )


def _step(secret: str, digits: str, now: datetime) -> int:
    """Which step's code it is; -1 for none. All are compared, whichever it is."""
    current, found = int(now.timestamp()) // STEP_S, -1
    for step in range(current - WINDOW, current + WINDOW + 1):
        if hmac.compare_digest(pyotp.TOTP(secret).generate_otp(step), digits):
            found = step
    return found


def _recovery_code() -> str:
    """Sixteen letters of 31, in groups of four: 79 bits."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    return "-".join(letters[place : place + 4] for place in range(0, 16, 4))


def _proof(code: str) -> str:
    return hashlib.sha256(re.sub(r"[\s-]", "", code).lower().encode()).hexdigest()
