"""A live socket from its acceptance to its end."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.api.admission import FacesChanged, ShutOut, Stay, Unsettled
from services.api.live.hub import Viewer
from services.api.live.streams import Stream

SENT_WITHIN_S = 15.0
"""A client that takes nothing for so long is gone."""

GOING_AWAY, SHUT_OUT, TRY_AGAIN = 1001, 1008, 1013
MESSAGE_BYTES = 1024
"""A viewer has nothing to say; what is longer ends the socket."""


async def send_live(
    websocket: WebSocket, viewer: Viewer, stream: Stream, stay: Stay, pool: Executor
) -> None:
    """Send what is due until the client leaves, takes nothing any more, is shut out, or has to
    come again since faces are hidden from it now, or no more. What takes long is done in the pool.
    """
    sending = _send(websocket, viewer, stream, pool)
    await until_closed(websocket, _listen(websocket), sending, stay.until_over())


async def until_closed(websocket: WebSocket, *works: Coroutine[Any, Any, None]) -> None:
    """Carry on until one of these ends, then close the socket, saying why."""
    code, reason = GOING_AWAY, ""
    try:
        await first_of(*works)
    except (WebSocketDisconnect, RuntimeError, OSError):
        pass  # it is gone, or takes nothing
    except ShutOut:
        code, reason = SHUT_OUT, "You may not see this any more."
    except FacesChanged:
        code, reason = TRY_AGAIN, "Faces are hidden in other pictures now."
    except Unsettled:
        code = TRY_AGAIN
    with contextlib.suppress(RuntimeError, WebSocketDisconnect, OSError):
        await websocket.close(code, reason)


async def first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Once one of them ends the others are cancelled. Raises what it raised, if it did."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        with anyio.CancelScope(shield=True):  # one may be in a thread, which is waited for
            await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _listen(websocket: WebSocket) -> None:
    """Return once the client is gone."""
    while True:
        message = await websocket.receive()
        said = message.get("text") or message.get("bytes") or ""
        if message["type"] == "websocket.disconnect" or len(said) > MESSAGE_BYTES:
            return


async def _send(websocket: WebSocket, viewer: Viewer, stream: Stream, pool: Executor) -> None:
    while True:
        viewer.changed.clear()
        content = await _due(stream, pool)
        while content is not None:
            if not await _taken(websocket, content):
                return
            content = await _due(stream, pool)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(viewer.changed.wait(), stream.wait_s())


async def _due(stream: Stream, pool: Executor) -> bytes | str | None:
    if not stream.takes_long:
        return stream.due()
    return await asyncio.get_running_loop().run_in_executor(pool, stream.due)


async def _taken(websocket: WebSocket, content: bytes | str) -> bool:
    send: Callable[[Any], Any] = (
        websocket.send_bytes if isinstance(content, bytes) else websocket.send_text
    )
    try:
        await asyncio.wait_for(send(content), SENT_WITHIN_S)
    except (TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
        return False
    return True
