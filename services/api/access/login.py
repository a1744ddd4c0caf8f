"""A login by mail address and password, up to the cookie. Every login of a person succeeds in
`opened`, every one that is refused ends in `failed`.
"""

from uuid import UUID

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection
from starlette.requests import HTTPConnection

from services.api import audit
from services.api.access import passwords, rules, sessions, throttling, totp, users
from services.api.access.paging import Row
from services.api.auth import guest
from services.api.config import COOKIE
from services.api.deps import Tools
from services.api.principal import Principal
from services.api.problems import Problem
from services.chassis.storage.database import transaction
from services.chassis.telemetry import logs

log = logs.get("people")
WRONG = "Mail address or password is wrong."
NEEDS_CODE = "A code of your authenticator app is needed, or a recovery code."
SECOND_FACTOR = "/problems/second-factor"
"""The type of the problem by which a page knows that it is to ask for a code."""
MUST_SIGN_ON = "Passwords are for owners alone here: sign on with your company's account."
SINGLE_SIGN_ON = "/problems/single-sign-on"
"""The type of the problem by which a page knows that a right password opens nothing."""


async def by_password(
    context: Tools, request: HTTPConnection, email: str, password: str, code: str = ""
) -> str:
    """What the cookie is to hold. It takes as long for somebody unknown. Raises Problem 401, and
    429 for whoever guesses.
    """
    await run_in_threadpool(require_calm, context, email, request)
    row = await run_in_threadpool(_row, context, email)
    is_right = await passwords.is_right(row["password_hash"] if row else None, password)
    if row is None or not is_right or not row["is_active"]:
        await run_in_threadpool(failed, context, email, row, request)
        raise Problem(401, WRONG)
    await run_in_threadpool(_require_allowed, context, row, request)
    await run_in_threadpool(_require_second_factor, context, row, code, request)
    renewed = None
    if passwords.is_outdated(row["password_hash"]):
        renewed = await passwords.hashed(password)
    return await run_in_threadpool(_open, context, request, row, renewed)


def require_calm(context: Tools, email: str, request: HTTPConnection) -> None:
    """Before anything is looked up: whether that account, and that address, may try once more.
    Raises Problem 429.
    """
    throttling.attempt(context.engine, email, guest(request).address, context.clock.now())


def failed(context: Tools, email: str, row: Row | None, request: HTTPConnection) -> None:
    """A login was refused; `row` is the person of that address, where there is one."""
    log.info("login refused", email=email, address=guest(request).address)
    if row is None:
        return
    with transaction(context.engine) as connection:
        principal = asking(connection, row, request)
        audit.record(connection, principal, "login.refused", row["user_id"])


def opened(
    context: Tools, connection: Connection, row: Row, request: HTTPConnection, way: str
) -> str:
    """The person's login is open once the transaction is; what the cookie is to hold. The login
    that the browser had before ends, so a cookie that was slipped to it opens nothing. `way` is how
    they came in, for the audit log.
    """
    logins, now = context.settings.logins, context.clock.now()
    user_id = UUID(row["user_id"])
    sessions.close(connection, logins, request.cookies.get(COOKIE, ""))
    secret = sessions.open_session(connection, logins, user_id, guest(request), now)
    users.note_login(connection, user_id, now)
    throttling.succeeded(connection, row["email"], guest(request).address)
    principal = asking(connection, row, request)
    audit.record(connection, principal, "session.opened", str(user_id), {"way": way})
    return secret


def asking(connection: Connection, row: Row, request: HTTPConnection) -> Principal:
    """That person, from where the request comes."""
    person = sessions.people(connection, [row])[row["user_id"]]
    return person.seen_at(guest(request).address)


def _require_allowed(context: Tools, row: Row, request: HTTPConnection) -> None:
    """Raises Problem 401 for whoever must sign on; they have shown that it is their account."""
    with context.engine.connect() as connection:
        is_allowed = rules.may_use_password(connection, row)
    if not is_allowed:
        failed(context, row["email"], row, request)
        raise Problem(401, MUST_SIGN_ON, kind=SINGLE_SIGN_ON)


def _require_second_factor(context: Tools, row: Row, code: str, request: HTTPConnection) -> None:
    """Of whoever has one. A code is used up, whatever happens afterwards. Raises Problem 401."""
    user_id, now = UUID(row["user_id"]), context.clock.now()
    with transaction(context.engine) as connection:
        if not totp.is_confirmed(connection, user_id):
            return
        how = totp.accept(connection, context.sealing, user_id, code, now) if code else None
        if how == "recovery code":
            left = {"left": totp.recovery_left(connection, user_id)}
            principal = asking(connection, row, request)
            audit.record(connection, principal, "recovery_code.used", str(user_id), left)
    if not code:
        raise Problem(401, NEEDS_CODE, kind=SECOND_FACTOR)
    if how is None:
        failed(context, row["email"], row, request)
        raise Problem(401, "That code is wrong, or was used already.", kind=SECOND_FACTOR)


def _row(context: Tools, email: str) -> Row | None:
    with context.engine.connect() as connection:
        return users.row_by_email(connection, email)


def _open(context: Tools, request: HTTPConnection, checked: Row, renewed: str | None) -> str:
    """Raises Problem 401 if the password was replaced while it was checked."""
    with transaction(context.engine) as connection:
        row = users.row_by_id(connection, UUID(checked["user_id"]))
        is_same = row is not None and row["password_hash"] == checked["password_hash"]
        if row is None or not is_same or not row["is_active"]:
            raise Problem(401, WRONG)
        if renewed is not None:
            users.replace_password(connection, row, renewed, row["changed_at"])
        return opened(context, connection, row, request, "password")
