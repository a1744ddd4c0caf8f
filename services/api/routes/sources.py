"""Sources, and what was seen of each over time."""

import hashlib
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic_core import to_json

from schemas.clips import SourceKind
from schemas.judgements import LIVE
from services.api.auth import Viewing
from services.api.cameras.views import ConditionPage
from services.api.deps import Database
from services.api.periods import Between
from services.api.problems import Problem, documented
from services.api.queries import sources as queries
from services.api.queries.conditions import condition_page, touching
from services.api.queries.sources import SourceFilter, Stretch
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.api.views import Resolution, SourcePage, SourceView, TimelineView

router = APIRouter(prefix="/sources", tags=["sources"])
RESOLUTIONS: tuple[Resolution, ...] = ("clip", "minute", "hour")
SourceId = Annotated[UUID, Path(examples=["0f8fad5b-d9cb-469f-a165-70867728950e"])]
RunName = Annotated[
    str,
    Query(
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        description="live, or the name of a shadow or replay",
    ),
]
OfStore = Annotated[UUID | None, Query(description="of this store only")]


@router.get("", summary="List the sources, newest first", responses=documented(401, 422))
def source_list(
    database: Database,
    principal: Viewing,
    kind: SourceKind | None = None,
    store_id: OfStore = None,
    limit: Limit = 50,
    cursor: Token = None,
) -> SourcePage:
    wanted = SourceFilter(kind, store_id)
    return queries.source_page(database, principal, wanted, limit, cursor_of(cursor))


@router.get("/{source_id}", summary="A source and its runs", responses=documented(401, 404, 422))
def source(source_id: SourceId, database: Database, principal: Viewing) -> SourceView:
    return found(queries.source(database, principal, source_id), "source", source_id)


@router.get(
    "/{source_id}/timeline",
    summary="Scores over time, and alerts",
    responses=documented(401, 404, 422),
    response_model=TimelineView,
)
def timeline(  # noqa: PLR0913 - each is a parameter of the route
    request: Request,
    source_id: SourceId,
    database: Database,
    principal: Viewing,
    between: Between,
    run: RunName = LIVE,
    resolution: Annotated[
        Resolution,
        Query(description="auto: clips up to three hours, minutes up to a month, then hours"),
    ] = "auto",
    limit: Annotated[int, Query(ge=1, le=50_000, description="clips a page")] = 10_000,
    cursor: Token = None,
) -> Response:
    """Without `since` from the first score on, without `until` to the last. Clips come in pages,
    minutes by the month, hours by two years: go on with `cursor`. Answers 304 to the same ETag.
    """
    stretch = _going_on(Stretch(between.since, between.until, run, resolution, limit), cursor)
    view = queries.timeline(database, principal, source_id, stretch)
    content = to_json(found(view, "source", source_id))
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


@router.get(
    "/{source_id}/conditions",
    summary="What was wrong with it, newest first",
    responses=documented(401, 404, 422),
)
def conditions(
    source_id: SourceId,
    database: Database,
    principal: Viewing,
    between: Between,
    limit: Limit = 50,
    cursor: Token = None,
) -> ConditionPage:
    """Those that lasted into the stretch between `since` and `until`."""
    found(queries.source_row(database, principal, source_id), "source", source_id)
    where = touching(str(source_id), between.since, between.until)
    return condition_page(database, where, limit, cursor_of(cursor))


def _going_on(stretch: Stretch, token: str | None) -> Stretch:
    """The rest of the stretch, at the resolution of the page before. Raises Problem 422."""
    cursor = cursor_of(token)
    if cursor is None:
        return stretch
    for resolution in RESOLUTIONS:
        if cursor.name == resolution:
            return replace(stretch, since=cursor.moment, resolution=resolution)
    raise Problem(422, "That cursor is of another list.")
