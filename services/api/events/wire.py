"""Events on the wire: Server-Sent Events over HTTP, or JSON texts over a WebSocket."""

import asyncio
from contextlib import AbstractContextManager, aclosing, suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from services.api.admission import ShutOut, Stay, Unsettled
from services.api.events.listener import Listener, Notice
from services.api.live.sockets import first_of, until_closed

SENT_WITHIN_S = 20.0
"""Who takes nothing for so long is cut off; their latest id is where they go on."""
COMES_BACK_AFTER_MS = 2_000
MESSAGE_BYTES = 1024


def as_sse(notice: Notice) -> str:
    return f"id: {notice.event_id}\nevent: {notice.name}\ndata: {notice.text}\n\n"


def as_json(notice: Notice) -> str:
    """One line: `{"id": …, "event": …, "data": …}`."""
    return f'{{"id":"{notice.event_id}","event":"{notice.name}","data":{notice.text}}}'


class EventStream(Response):
    """An answer that goes on until either side ends it, or the listener is shut out. `registration`
    is left at its end.
    """

    media_type = "text/event-stream"

    def __init__(
        self, listener: Listener, stay: Stay, registration: AbstractContextManager[object]
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._listener, self._stay, self._registration = listener, stay, registration
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            await _part(send, f"retry: {COMES_BACK_AFTER_MS}\n\n")
            with suppress(TimeoutError, OSError, ShutOut, Unsettled):
                await first_of(_gone(receive), self._send(send), self._stay.until_over())
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._registration.__exit__(None, None, None)

    async def _send(self, send: Send) -> None:
        async with aclosing(self._listener.notices()) as batches:
            async for notices in batches:
                await _part(send, "".join(map(as_sse, notices)) or _beat(self._listener))


def _beat(listener: Listener) -> str:
    """A comment, and the id: a client that comes back later need not read all between anew."""
    return f": heartbeat\nid: {listener.heartbeat().event_id}\n\n"


async def send_events(websocket: WebSocket, listener: Listener, stay: Stay) -> None:
    """Until the client leaves, takes nothing any more, or may not listen any more."""
    sending = _send_texts(websocket, listener)
    await until_closed(websocket, _left(websocket), sending, stay.until_over())


async def _send_texts(websocket: WebSocket, listener: Listener) -> None:
    async with aclosing(listener.notices()) as batches:
        async for some in batches:
            for notice in some or [listener.heartbeat()]:
                await asyncio.wait_for(websocket.send_text(as_json(notice)), SENT_WITHIN_S)


async def _left(websocket: WebSocket) -> None:
    """Return once the client is gone, or says more than a listener has to say."""
    while True:
        message = await websocket.receive()
        said = message.get("text") or message.get("bytes") or ""
        if message["type"] == "websocket.disconnect" or len(said) > MESSAGE_BYTES:
            return


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _part(send: Send, text: str) -> None:
    message = {"type": "http.response.body", "body": text.encode(), "more_body": True}
    await asyncio.wait_for(send(message), SENT_WITHIN_S)
