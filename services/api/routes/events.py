"""Events as they happen, for third parties: Server-Sent Events, or a WebSocket."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response, WebSocket
from starlette.requests import HTTPConnection

from schemas.judgements import LIVE
from services.api.admission import Terms
from services.api.auth import Viewing, staying
from services.api.deps import Context
from services.api.events.hub import TooManyListeners
from services.api.events.listener import Listener
from services.api.events.vectors import MOST_CHARS, BadEventId, Positions, positions_of
from services.api.events.views import STREAM
from services.api.events.wanted import Wanted
from services.api.events.wire import EventStream, send_events
from services.api.live.sockets import TRY_AGAIN
from services.api.problems import Problem, documented
from services.api.routes.sources import RunName

router = APIRouter(prefix="/events", tags=["events"])
Kind = Literal["alerts", "scores", "health", "reviews", "deliveries", "videos", "replays", "models"]
UNASKED: tuple[Kind, ...] = (
    "alerts",
    "health",
    "reviews",
    "deliveries",
    "videos",
    "replays",
    "models",
)
SAMPLED_S = 10.0
"""Scores of sources that nobody named come no more often."""
MOST_NAMED = 200
TO_LISTEN = Terms("view")


def wanted_events(
    kind: Annotated[
        list[Kind] | None, Query(description="which; all but scores where none is named")
    ] = None,
    source_id: Annotated[
        list[UUID] | None, Query(max_length=MOST_NAMED, description="of these sources only")
    ] = None,
    store_id: Annotated[
        list[UUID] | None, Query(max_length=MOST_NAMED, description="of these stores only")
    ] = None,
    run: RunName = LIVE,
    score_every_s: Annotated[
        float | None,
        Query(ge=0, le=3600, description="a score each so many seconds of a source; 0: all"),
    ] = None,
) -> Wanted:
    """What a listener wants to hear. All scores come of sources that are named only."""
    every_s = score_every_s
    if every_s is None or (source_id is None and every_s < 1):
        every_s = 0.0 if source_id is not None else SAMPLED_S
    return Wanted(
        kinds=frozenset(kind or UNASKED),
        source_ids=_names(source_id),
        store_ids=_names(store_id),
        run=run,
        score_every_s=every_s,
    )


WantedEvents = Annotated[Wanted, Depends(wanted_events)]
After = Annotated[
    str | None,
    Query(max_length=MOST_CHARS, description="the id of the event after which to go on"),
]
LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", description="as `after`; browsers send it")
]


@router.get(
    "",
    operation_id="followEvents",
    summary="Follow events (Server-Sent Events)",
    response_class=Response,
    responses=documented(401, 403, 422, 503) | {200: STREAM},
)
async def follow(
    request: HTTPConnection,
    context: Context,
    principal: Viewing,
    wanted: WantedEvents,
    after: After = None,
    last_event_id: LastEventId = None,
) -> Response:
    """`ready` comes first: whatever happens from then on comes. Each event has an id; with it as
    `after`, or `Last-Event-ID`, whoever comes back gets all that happened meanwhile, each once and
    in order for each source, from any instance. `gap` says that the log has no more of it.
    """
    positions = _positions(last_event_id or after)
    registration = ExitStack()
    try:
        waker = registration.enter_context(context.events.listening(wanted.kinds))
    except TooManyListeners as error:
        raise Problem(503, str(error), {"Retry-After": "5"}) from error
    stay = registration.enter_context(staying(context, request, principal, TO_LISTEN))
    listener = Listener(context.events, waker, wanted, positions, lambda: stay.principal)
    return EventStream(listener, stay, registration)


@router.websocket("/socket")
async def follow_by_socket(
    websocket: WebSocket,
    context: Context,
    principal: Viewing,
    wanted: WantedEvents,
    after: After = None,
) -> None:
    """The same over a WebSocket: a JSON text an event, and a heartbeat now and then."""
    positions = _positions(after)
    await websocket.accept()
    try:
        with (
            context.events.listening(wanted.kinds) as waker,
            staying(context, websocket, principal, TO_LISTEN) as stay,
        ):
            listener = Listener(context.events, waker, wanted, positions, lambda: stay.principal)
            await send_events(websocket, listener, stay)
    except TooManyListeners as error:
        await websocket.close(TRY_AGAIN, str(error))


def _positions(token: str | None) -> Positions:
    """Raises Problem 422."""
    try:
        return positions_of(token) if token else {}
    except BadEventId as error:
        raise Problem(422, str(error)) from error


def _names(ids: Sequence[UUID] | None) -> frozenset[str] | None:
    return frozenset(map(str, ids)) if ids is not None else None
