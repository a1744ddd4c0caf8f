"""Whoever opened a socket is asked for again while it is open: logins end, roles change."""

import asyncio
from collections.abc import Collection, Set
from contextlib import suppress

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.websockets import WebSocket

from services.api.auth import bearer_of, principal_of
from services.api.deps import Tools
from services.api.faces.rule import hidden_among
from services.api.principal import Right
from services.api.queries import sources
from services.chassis.errors import TransientError

SHUT_OUT = 1008
REASON = "You may not see this any more."


class ShutOut(Exception):
    """They may not have that socket any more."""


class FacesChanged(Exception):
    """Of other sources than before they get no picture but with hidden faces."""


async def until_shut_out(
    context: Tools,
    websocket: WebSocket,
    right: Right,
    source_ids: Collection[str],
    hidden: Set[str] | None = None,
) -> None:
    """Never returns. Raises ShutOut within a second once they have lost that right, or one of these
    sources, or it is gone; FacesChanged once faces are to be hidden of others than `hidden`. While
    the database is away they keep what they had.
    """
    while True:
        await asyncio.sleep(context.recheck_s)
        await run_in_threadpool(_require, context, websocket, right, source_ids, hidden)


def _require(
    context: Tools,
    websocket: WebSocket,
    right: Right,
    source_ids: Collection[str],
    hidden: Set[str] | None,
) -> None:
    """Raises ShutOut, FacesChanged."""
    with suppress(OperationalError, InterfaceError, TransientError):
        principal = principal_of(context, websocket, bearer_of(websocket))
        if principal is None or not principal.may(right):
            raise ShutOut
        with context.engine.connect() as database:
            if not sources.may_see_all(database, principal, source_ids):
                raise ShutOut
            if hidden is not None and hidden_among(database, principal, source_ids) != hidden:
                raise FacesChanged
