"""Two runs beside one another: what another detector would have changed."""

from threading import BoundedSemaphore
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from schemas.judgements import LIVE
from schemas.targets import Language
from services.api.auth import Viewing
from services.api.comparisons.comparing import Asked, EmptyStretch, compare
from services.api.comparisons.reading import TooManyAlerts
from services.api.comparisons.report import POLICY, report
from services.api.comparisons.views import ComparisonView
from services.api.deps import Context, Tools
from services.api.pages import language_of
from services.api.periods import Between
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.replays.queries import judged, sources_of
from services.api.replays.removing import SOURCELESS
from services.api.routes.replays import RunOfReplay
from services.api.routes.sources import OfStore, RunName

router = APIRouter(prefix="/comparisons", tags=["replays"])
reports = APIRouter(prefix="/replays", tags=["replays"])
_TURNS = BoundedSemaphore(2)
"""A month of a hundred cameras keeps a core busy for seconds."""
WAITS_S = 10.0
Compared = Annotated[
    str,
    Query(
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        description="a replay, a shadow, or live",
        examples=["replay-3f2a9c1d7e60"],
    ),
]


def runs_asked(
    run: Compared,
    between: Between,
    against: RunName = LIVE,
    store_id: OfStore = None,
) -> Asked:
    """Which runs, over which stretch, of which store."""
    store = str(store_id) if store_id else None
    return Asked(run, against, between.since, between.until, store)


RunsAsked = Annotated[Asked, Depends(runs_asked)]


@router.get(
    "",
    operation_id="compareRuns",
    summary="Compare a run with another",
    responses=documented(401, 403, 404, 422, 429, 503),
)
def comparison(context: Context, principal: Viewing, asked: RunsAsked) -> ComparisonView:
    """Alerts gained, lost and moved; agreement with what people said; alarms per camera-day; how
    scores are spread, and where they differ most. Over the replay's own stretch, or the latest week
    of another run, where none is named.
    """
    return compared(context, principal, asked)


@reports.get(
    "/{run}/report",
    operation_id="getReplayReport",
    summary="The comparison of a replay as a page",
    response_class=HTMLResponse,
    responses=documented(401, 403, 404, 422, 429, 503),
)
def report_page(
    run: RunOfReplay,
    context: Context,
    principal: Viewing,
    against: RunName = LIVE,
    language: Annotated[Language | None, Query(description="else by Accept-Language")] = None,
    accept_language: Annotated[str, Header()] = "",
) -> HTMLResponse:
    """One HTML page by itself, to read, keep and print. Shadows have one as well."""
    view = compared(context, principal, Asked(run, against))
    content = report(view, language or language_of(accept_language))
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return HTMLResponse(content, headers=headers)


def compared(context: Tools, principal: Principal, asked: Asked) -> ComparisonView:
    """Raises Problem 404, 422 or 429."""
    if not _TURNS.acquire(timeout=WAITS_S):
        raise Problem(429, "Other comparisons are being made.", {"Retry-After": "5"})
    try:
        with context.engine.connect() as database:
            view = compare(database, principal, asked)
            if view is None:
                raise Problem(404, _why_nothing(database, principal, asked.run))
    except TooManyAlerts as error:
        raise Problem(422, str(error)) from error
    except EmptyStretch as error:
        raise Problem(422, "The stretch ends before it begins.") from error
    finally:
        _TURNS.release()
    return view


def _why_nothing(database: Connection, principal: Principal, run: str) -> str:
    if judged(database, principal, run) and not sources_of(database, run):
        return SOURCELESS
    return f"There is nothing of run {run}."
