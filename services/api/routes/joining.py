"""What a link of ours lets somebody do without a login: sign up, accept, reset a password."""

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.concurrency import run_in_threadpool

from services.api.access import joining, links, passwords, rules, throttling, users
from services.api.access.entries import Joining, Opening, PasswordReset, ResetWish, SigningUp
from services.api.access.views import InvitedView
from services.api.deps import Context, Tools, client_address
from services.api.problems import documented
from services.api.routes.session import set_cookie
from services.chassis.telemetry import logs

router = APIRouter(tags=["session"])
log = logs.get("people")


@router.post(
    "/setup",
    status_code=204,
    summary="Sign up the first owner of a tenant",
    responses=documented(409, 410, 422, 503),
)
async def sign_up(
    wanted: SigningUp, request: Request, response: Response, context: Context
) -> None:
    """By the link that the first start prints, once. They are logged in; from now on everybody
    else needs a login too.
    """
    await run_in_threadpool(links.read, context, links.OWNER, wanted.ticket, "tenant_id")
    stored = await passwords.hashed(wanted.password.get_secret_value())
    secret = await run_in_threadpool(joining.sign_up, context, request, wanted, stored)
    set_cookie(response, request, context, secret)


@router.post(
    "/invitations/opening",
    summary="What a link invites to",
    responses=documented(410, 422, 503),
)
def invited(wanted: Opening, context: Context) -> InvitedView:
    """Looking at it uses nothing up."""
    return InvitedView.model_validate(dict(joining.invited(context, wanted.ticket)))


@router.post(
    "/invitations/acceptance",
    status_code=204,
    summary="Accept an invitation",
    responses=documented(409, 410, 422, 503),
)
async def accept(wanted: Joining, request: Request, response: Response, context: Context) -> None:
    """Whoever was invited chooses name and password, and is logged in."""
    await run_in_threadpool(joining.invited, context, wanted.ticket)
    stored = await passwords.hashed(wanted.password.get_secret_value())
    secret = await run_in_threadpool(joining.join, context, request, wanted, stored)
    set_cookie(response, request, context, secret)


@router.post(
    "/password-resets",
    status_code=202,
    summary="Ask for a link to another password",
    responses=documented(422, 429, 503),
)
def ask_for_reset(
    wish: ResetWish, request: Request, context: Context, later: BackgroundTasks
) -> None:
    """The answer is the same, and as fast, whether somebody logs in by that address or not."""
    now = context.clock.now()
    throttling.attempt(context.engine, wish.email, client_address(request), now, "reset")
    later.add_task(_mail_reset, context, wish.email)


@router.post(
    "/password-resets/completion",
    status_code=204,
    summary="Choose another password",
    responses=documented(410, 422, 503),
)
async def reset(wanted: PasswordReset, request: Request, context: Context) -> None:
    """By the link that was mailed, once. All their logins are over."""
    await run_in_threadpool(joining.to_reset, context, wanted.ticket)
    stored = await passwords.hashed(wanted.password.get_secret_value())
    await run_in_threadpool(joining.reset, context, request, wanted.ticket, stored)


def _mail_reset(context: Tools, email: str) -> None:
    """To nobody unknown, or who may not log in, or not by password."""
    if not context.sealing.has_key:
        log.warning("no reset without NIGHTCLERK_SECRET_KEY")
        return
    with context.engine.connect() as connection:
        row = users.row_by_email(connection, email)
        is_allowed = row is not None and rules.may_use_password(connection, row)
    if row is not None and is_allowed and row["is_active"]:
        links.mail(context, links.RESET, row, links.reset_url(context, row), "")
