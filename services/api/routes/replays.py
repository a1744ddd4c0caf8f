"""Replays: the past judged again; estimate, start, follow, cancel, take away."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Request, Response
from sqlalchemy import Connection

from services.api.auth import Configuring, Viewing
from services.api.deps import Context, Database, Tools
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.replays import changing, queries, starting
from services.api.replays.changing import Unchangeable
from services.api.replays.choosing import NothingChosen, TooManyChosen
from services.api.replays.detectors import NoSuchDetector
from services.api.replays.queries import Row
from services.api.replays.views import (
    RUN,
    EstimateView,
    ReplayAsked,
    ReplayEntry,
    ReplayPage,
    ReplayView,
)
from services.api.routes.videos import Limit, Token, cursor_of
from services.chassis.storage.database import transaction

T = TypeVar("T")
Change = Callable[[Connection, Principal, Row, datetime], None]
router = APIRouter(prefix="/replays", tags=["replays"])
RunOfReplay = Annotated[
    str, Path(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", examples=[RUN])
]


@router.post(
    "/estimate",
    operation_id="estimateReplay",
    summary="Say what a replay would take",
    responses=documented(401, 403, 404, 422, 503),
)
def estimate(asked: ReplayAsked, context: Context, principal: Configuring) -> EstimateView:
    """Counts the windows of the stretch in what is stored, and goes by the rate at which the latest
    replays by detectors of that kind were measured. Starts nothing.
    """
    heads, now = context.settings.head, context.clock.now()
    with context.engine.connect() as database:
        return _chosen(lambda: starting.estimated(database, principal, asked, heads, now))[1]


@router.post(
    "",
    status_code=201,
    summary="Judge the past again",
    responses=documented(401, 403, 404, 422, 503) | {200: {"model": ReplayView}},
)
def start(
    entry: ReplayEntry,
    request: Request,
    response: Response,
    context: Context,
    principal: Configuring,
) -> ReplayView:
    """Scores and alerts stand beside those of the live run, under a run of their own; nobody is
    alerted. The same asked for again is the same replay, and answers 200; one that failed or was
    cancelled goes on.
    """
    heads, now = context.settings.head, context.clock.now()
    with transaction(context.engine) as database:
        run, begins = _chosen(lambda: starting.start(database, principal, entry, heads, now))
        view = found(queries.replay(database, principal, run), run)
    context.announce_replays()
    response.status_code = 201 if begins else 200
    response.headers["Location"] = request.url_for("replay", run=run).path
    return view


@router.get("", summary="List the replays, latest first", responses=documented(401, 422))
def replay_list(
    database: Database, principal: Viewing, limit: Limit = 50, cursor: Token = None
) -> ReplayPage:
    """Those all of whose sources one may see."""
    return queries.replay_page(database, principal, limit, cursor_of(cursor))


@router.get("/{run}", summary="A replay and how far it is", responses=documented(401, 404, 422))
def replay(run: RunOfReplay, database: Database, principal: Viewing) -> ReplayView:
    return found(queries.replay(database, principal, run), run)


@router.post(
    "/{run}/cancel",
    operation_id="cancelReplay",
    summary="Cancel a replay",
    responses=documented(401, 403, 404, 409, 422, 503),
)
def cancel(run: RunOfReplay, context: Context, principal: Configuring) -> ReplayView:
    """It stops at once; what was judged by then stays. Cancelled twice is cancelled once."""
    return _changed(context, principal, run, changing.cancel)


@router.post(
    "/{run}/resume",
    operation_id="resumeReplay",
    summary="Go on with a replay that failed or was cancelled",
    responses=documented(401, 403, 404, 409, 422, 503),
)
def resume(run: RunOfReplay, context: Context, principal: Configuring) -> ReplayView:
    """Where it was, as it was asked for, without the sources that were removed since. One that is
    at work or done stays as it is.
    """
    return _changed(context, principal, run, changing.resume)


@router.delete(
    "/{run}",
    status_code=204,
    summary="Remove a replay and its results",
    responses=documented(401, 403, 404, 422, 503),
)
def remove(run: RunOfReplay, context: Context, principal: Configuring) -> None:
    """Scores and alerts of its run go; one that is at work is cancelled."""
    with transaction(context.engine) as database:
        row = found(queries.replay_row(database, principal, run, is_locked=True), run)
        changing.remove(database, principal, row, context.clock.now())
    context.announce_replays()


def found(row: T | None, run: str) -> T:
    """Raises Problem 404."""
    if row is None:
        raise Problem(404, f"There is no replay {run}.")
    return row


def _changed(context: Tools, principal: Principal, run: str, change: Change) -> ReplayView:
    """Raises Problem 404 or 409."""
    with transaction(context.engine) as database:
        row = found(queries.replay_row(database, principal, run, is_locked=True), run)
        try:
            change(database, principal, row, context.clock.now())
        except Unchangeable as error:
            raise Problem(409, str(error)) from error
        view = found(queries.replay(database, principal, run), run)
    context.announce_replays()
    return view


def _chosen(work: Callable[[], T]) -> T:
    """Raises Problem 404 or 422."""
    try:
        return work()
    except (NothingChosen, NoSuchDetector) as error:
        raise Problem(404, str(error)) from error
    except (TooManyChosen, ValueError) as error:
        raise Problem(422, str(error)) from error
