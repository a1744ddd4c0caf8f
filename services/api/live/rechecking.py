"""Whoever opened a socket is asked for again while it is open: logins end, roles change."""

import asyncio
from collections.abc import Collection

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.websockets import WebSocket

from services.api.auth import bearer_of, principal_of
from services.api.deps import Tools
from services.api.principal import Right
from services.api.queries import sources
from services.chassis.errors import TransientError

SHUT_OUT = 1008
REASON = "You may not see this any more."


class ShutOut(Exception):
    """They may not have that socket any more."""


async def until_shut_out(
    context: Tools, websocket: WebSocket, right: Right, source_ids: Collection[str]
) -> None:
    """Never returns. Raises ShutOut within seconds once they have lost that right, or one of these
    sources, or it is gone. While the database is away they keep what they had.
    """
    while True:
        await asyncio.sleep(context.recheck_s)
        if not await run_in_threadpool(_is_let_in, context, websocket, right, source_ids):
            raise ShutOut


def _is_let_in(
    context: Tools, websocket: WebSocket, right: Right, source_ids: Collection[str]
) -> bool:
    try:
        principal = principal_of(context, websocket, bearer_of(websocket))
        if principal is None or not principal.may(right):
            return False
        with context.engine.connect() as database:
            return sources.may_see_all(database, principal, source_ids)
    except (OperationalError, InterfaceError, TransientError):
        return True
