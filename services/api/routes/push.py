"""The webcam of a browser as a camera: its pictures come in over a WebSocket."""

import asyncio
import contextlib
from uuid import UUID, uuid4

import anyio
from fastapi import APIRouter, WebSocket
from fastapi.concurrency import run_in_threadpool
from starlette.websockets import WebSocketDisconnect

from services.api.admission import Stay, Terms
from services.api.auth import Uploading, staying
from services.api.deps import Context, Tools
from services.api.live.sockets import until_closed
from services.api.principal import Principal
from services.api.problems import Problem
from services.api.pushing import Push, Refused
from services.api.queries import cameras
from services.api.routes.videos import found
from services.chassis.storage.leases import SqlLease

router = APIRouter()
LEASE_S = 20.0
RENEW_S = LEASE_S / 4
TRIES, AGAIN_S = 8, 0.25
TAKEN = 4409


@router.websocket("/cameras/{source_id}/push")
async def push(
    websocket: WebSocket, source_id: UUID, context: Context, principal: Uploading
) -> None:
    """JPEG pictures, one a message, of a camera whose address is `push://`; one page at a time."""
    await run_in_threadpool(_require_webcam, context, principal, source_id)
    holder = uuid4().hex
    lease = SqlLease(context.engine, f"push.{source_id}", holder, context.clock, LEASE_S)
    await websocket.accept()
    if not await _acquired(lease):
        await websocket.close(TAKEN, "Another page sends the pictures of this camera.")
        return
    try:
        terms = Terms("upload", frozenset((str(source_id),)))
        with staying(context, websocket, principal, terms) as stay:
            await _relay(websocket, source_id, context, lease, stay)
    finally:
        with anyio.CancelScope(shield=True):  # a server that stops cancels us
            await run_in_threadpool(lease.release)


async def _relay(
    websocket: WebSocket, source_id: UUID, context: Tools, lease: SqlLease, stay: Stay
) -> None:
    pushed = Push(websocket, source_id, context.live.clock)
    works = pushed.receive(), pushed.relay(context.pushes), _hold(lease), stay.until_over()
    try:
        await until_closed(websocket, *works)
    except Refused as error:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await websocket.close(error.code, str(error))


async def _acquired(lease: SqlLease) -> bool:
    """A page that is loaded again comes before the one it was is gone."""
    for _ in range(TRIES):
        if await run_in_threadpool(lease.acquire):
            return True
        await asyncio.sleep(AGAIN_S)
    return False


async def _hold(lease: SqlLease) -> None:
    """Renew the lease; return once it was lost."""
    is_ours = True
    while is_ours:
        await asyncio.sleep(RENEW_S)
        is_ours = await run_in_threadpool(lease.acquire)


def _require_webcam(context: Tools, principal: Principal, source_id: UUID) -> None:
    """Raises Problem 404 or 409."""
    with context.engine.connect() as database:
        view = cameras.camera(database, principal, source_id, context.clock.now())
    if not found(view, "camera", source_id).address.startswith("push://"):
        raise Problem(409, "Only a camera whose address is push:// takes pictures of a browser.")
