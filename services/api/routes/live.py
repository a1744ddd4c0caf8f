"""Live pictures over WebSockets: one camera, or a wall of them."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, WebSocket
from fastapi.concurrency import run_in_threadpool

from services.api.auth import Viewing
from services.api.cameras.views import ConditionView
from services.api.deps import Context, Tools
from services.api.live.rechecking import until_shut_out
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
    """Every picture of a camera at the pace at which it was filmed, some seconds old."""
    wrong = await run_in_threadpool(_one, context, principal, source_id)
    await websocket.accept()
    try:
        with context.live.watching(wrong) as viewer:
            name = str(source_id)
            stream = OneCamera(name, viewer.sources[name], context.live.clock)
            shut_out = until_shut_out(context, websocket, "view", wrong)
            await send_live(websocket, viewer, stream, shut_out)
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
    wrong = await run_in_threadpool(_several, context, principal, source_id)
    await websocket.accept()
    try:
        with context.live.watching(wrong) as viewer:
            stream = Wall(viewer, context.live.clock, rate)
            shut_out = until_shut_out(context, websocket, "view", wrong)
            await send_live(websocket, viewer, stream, shut_out)
    except TooManyViewers as error:
        await websocket.close(TRY_AGAIN, str(error))


def _one(context: Tools, principal: Principal, source_id: UUID) -> Wrong:
    """What is wrong with it. Raises Problem 404."""
    with context.engine.connect() as database:
        if sources.source_row(database, principal, source_id) is None:
            raise Problem(404, f"There is no source {source_id}.")
        name = str(source_id)
        return {name: open_conditions(database, [name]).get(name, [])}


def _several(context: Tools, principal: Principal, wanted: Sequence[UUID] | None) -> Wrong:
    """What is wrong with each that the principal may see."""
    with context.engine.connect() as database:
        names = cameras.watched(database, principal, wanted, MOST_ON_A_WALL)
        found = open_conditions(database, names)
    return {name: found.get(name, []) for name in names}
