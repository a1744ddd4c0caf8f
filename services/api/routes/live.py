"""Live pictures over WebSockets: one camera, or a wall of them."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, WebSocket
from fastapi.concurrency import run_in_threadpool

from services.api.admission import Terms
from services.api.auth import Viewing, staying
from services.api.cameras.views import ConditionView
from services.api.deps import Context, Tools
from services.api.faces.handing import HiddenPictures, detector_of
from services.api.faces.rule import hidden_among
from services.api.live.sockets import TRY_AGAIN, send_live
from services.api.live.streams import OneCamera, Wall
from services.api.live.view import TooManyViewers
from services.api.principal import Principal
from services.api.problems import Problem
from services.api.queries import cameras, sources
from services.api.queries.conditions import open_conditions

router = APIRouter()
MOST_ON_A_WALL = 100
Wrong = dict[str, Sequence[ConditionView]]


@router.websocket("/sources/{source_id}/live")
async def live(websocket: WebSocket, source_id: UUID, context: Context, principal: Viewing) -> None:
    """Every picture of a camera at the pace at which it was filmed, some seconds old; by the face
    rule with hidden faces, and then as old as the poses of a clip need.
    """
    wrong, hidden = await run_in_threadpool(_one, context, principal, source_id)
    await websocket.accept()
    try:
        with context.live.watching(wrong, hidden) as viewer:
            name = str(source_id)
            hides = HiddenPictures(detector_of(context.settings)) if hidden else None
            stream = OneCamera(name, viewer.sources[name], context.live.clock, hides)
            with staying(context, websocket, principal, _terms(wrong, hidden)) as stay:
                await send_live(websocket, viewer, stream, stay, context.live.pool)
    except TooManyViewers as error:
        await websocket.close(TRY_AGAIN, str(error))


@router.websocket("/live")
async def wall(
    websocket: WebSocket,
    context: Context,
    principal: Viewing,
    source_id: Annotated[list[UUID] | None, Query(max_length=MOST_ON_A_WALL)] = None,
    rate: Annotated[float, Query(gt=0, le=1, description="pictures a second of each")] = 1.0,
) -> None:
    """The newest picture of each of many cameras: those named, or all that are not paused."""
    wrong, hidden = await run_in_threadpool(_several, context, principal, source_id)
    await websocket.accept()
    try:
        with context.live.watching(wrong, hidden) as viewer:
            hides = HiddenPictures(detector_of(context.settings)) if hidden else None
            stream = Wall(viewer, context.live.clock, rate, hides)
            with staying(context, websocket, principal, _terms(wrong, hidden)) as stay:
                await send_live(websocket, viewer, stream, stay, context.live.pool)
    except TooManyViewers as error:
        await websocket.close(TRY_AGAIN, str(error))


def _terms(wrong: Wrong, hidden: frozenset[str]) -> Terms:
    return Terms("view", frozenset(wrong), hidden)


def _one(context: Tools, principal: Principal, source_id: UUID) -> tuple[Wrong, frozenset[str]]:
    """What is wrong with it, and whether faces are hidden. Raises Problem 404."""
    with context.engine.connect() as database:
        if sources.source_row(database, principal, source_id) is None:
            raise Problem(404, f"There is no source {source_id}.")
        name = str(source_id)
        wrong: Wrong = {name: open_conditions(database, [name]).get(name, [])}
        return wrong, hidden_among(database, principal, wrong)


def _several(
    context: Tools, principal: Principal, wanted: Sequence[UUID] | None
) -> tuple[Wrong, frozenset[str]]:
    """What is wrong with each that the principal may see, and of which faces are hidden."""
    with context.engine.connect() as database:
        names = cameras.watched(database, principal, wanted, MOST_ON_A_WALL)
        found = open_conditions(database, names)
        hidden = hidden_among(database, principal, names)
    return {name: found.get(name, []) for name in names}, hidden
