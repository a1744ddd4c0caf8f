"""Playback of any recorded moment, and which moments those are."""

import asyncio
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, RedirectResponse

from schemas.recordings import FootageRequested
from schemas.topics import FOOTAGE_REQUESTS
from services.api.auth import Viewing
from services.api.deps import Context, Database, Tools
from services.api.erasure.queries import is_erased
from services.api.faces.footage import hidden_stretch
from services.api.faces.rule import must_hide
from services.api.moments import Moment
from services.api.periods import Between
from services.api.playback import PlayableFile, StretchAsked
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.queries import recordings as queries
from services.api.queries import sources
from services.api.routes.sources import SourceId
from services.api.routes.videos import found
from services.chassis.media.recording import VideoUnreadable
from services.chassis.media.segments import StoredSegment
from services.chassis.streaming.records import Outgoing
from services.chassis.telemetry import logs

router = APIRouter(prefix="/sources", tags=["sources"])
LONGEST = timedelta(hours=1)
LONGEST_LIST = timedelta(days=7)
STILL_WRITTEN = timedelta(seconds=30)
"""What happened so lately may lie in a segment that nobody announced yet."""
LOOK_S = 0.5
log = logs.get("playback")


@router.get(
    "/{source_id}/recordings",
    summary="Which moments of a camera were recorded",
    responses=documented(401, 404, 422),
)
def recordings(
    source_id: SourceId,
    context: Context,
    database: Database,
    principal: Viewing,
    between: Between,
) -> queries.RecordingsView:
    """The latest day, where nothing else is asked for; a week at most."""
    found(sources.source_row(database, principal, source_id), "source", source_id)
    until = between.until or context.clock.now()
    since = between.since or until - timedelta(days=1)
    _check(since, until, LONGEST_LIST)
    rows = queries.segments_between(database, source_id, since, until)
    return queries.RecordingsView(items=queries.stretches(rows))


@router.head("/{source_id}/media", include_in_schema=False, response_class=Response)
@router.get(
    "/{source_id}/media",
    summary="A stretch of a camera's recordings as MP4; with ranges",
    responses=documented(202, 401, 404, 416, 422, 503),
    response_class=Response,
)
async def source_media(
    source_id: SourceId,
    context: Context,
    principal: Viewing,
    since: Annotated[Moment | None, Query(alias="from", description="ISO 8601")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="at most an hour on")] = None,
) -> Response:
    """H.264 that browsers play and seek in, without sound. `X-Started-At` is the moment that the
    file shows at its zero: `from`, where that was recorded. What was not recorded in between is
    the last picture, held (see `recordings`). Answers 202 with `Retry-After` while the recording
    is on its way, or the file is being made. An upload answers as `/videos/{id}/media`
    does. By the face rule it is a copy with hidden faces, of 15 minutes at most: every picture is
    made anew.
    """
    row, is_hidden = await run_in_threadpool(_source, context, principal, source_id)
    if row["source_kind"] == "upload":
        return RedirectResponse(f"/api/v1/videos/{source_id}/media", 307)
    if since is None or until is None:
        raise Problem(422, "Say from which moment to which: ?from=…&to=…")
    _check(since, until, LONGEST)
    asked = StretchAsked(source_id, since, until)
    await run_in_threadpool(_require_kept, context, asked)
    file = await _made(context, asked, await _collected(context, asked))
    if is_hidden:
        file = await run_in_threadpool(hidden_stretch, context, source_id, file)
    detail = {"from": since.isoformat(), "to": until.isoformat()}
    await run_in_threadpool(
        context.view, principal, "recording.played", source_id, source_id, detail
    )
    headers = {
        "X-Started-At": file.started_at.isoformat(),
        "X-Ended-At": file.ended_at.isoformat(),
        "Cache-Control": "private, max-age=0, must-revalidate",
    }
    name = f"{row['name']} {file.started_at:%Y-%m-%d %H-%M-%S}Z.mp4"
    return FileResponse(
        file.path,
        headers=headers,
        media_type="video/mp4",
        filename=name,
        content_disposition_type="inline",
    )


def _source(context: Tools, principal: Principal, source_id: UUID) -> tuple[queries.Row, bool]:
    """And whether faces are hidden from the principal. Raises Problem 404."""
    with context.engine.connect() as database:
        row = sources.source_row(database, principal, source_id)
        return found(row, "source", source_id), must_hide(database, principal, source_id)


def _require_kept(context: Tools, asked: StretchAsked) -> None:
    """Raises Problem 404 for what was erased, which a worker's ring may still have."""
    with context.engine.connect() as database:
        if is_erased(database, str(asked.source_id), asked.since, asked.until):
            raise Problem(404, "A part of that stretch was erased: ask for what lies around it.")


def _check(since: datetime, until: datetime, most: timedelta) -> None:
    if not timedelta(0) < until - since <= most:
        hours = most / timedelta(hours=1)
        raise Problem(422, f"The stretch must end after it begins, at most {hours:g} h later.")


async def _collected(context: Tools, asked: StretchAsked) -> list[StoredSegment]:
    """All segments of the stretch, once they lie in the store. Raises Problem."""
    deadline = asyncio.get_running_loop().time() + context.settings.api_playback_wait_s
    is_asked = False
    while True:
        state = await run_in_threadpool(_Collection.of, context, asked)
        if state.is_whole:
            return state.stored
        if state.is_empty and not state.is_fresh:
            raise Problem(404, "Nothing was recorded at that time.")
        if not is_asked:
            await run_in_threadpool(_ask, context, asked)
            is_asked = True
        if asyncio.get_running_loop().time() > deadline:
            return _what_there_is(context, asked, state)
        await asyncio.sleep(LOOK_S)


def _what_there_is(
    context: Tools, asked: StretchAsked, state: "_Collection"
) -> list[StoredSegment]:
    """Raises Problem 202 while there is hope for more."""
    if state.is_fresh and state.stored:
        return state.stored
    if state.is_empty:
        raise Problem(404, "Nothing was recorded at that time.")
    if not context.playback.has_waited(asked):
        detail = f"{state.missing} segments are on their way from the worker that recorded them."
        raise Problem(202, detail, {"Retry-After": "2"})
    if not state.stored:
        raise Problem(503, "The worker that recorded it does not answer.", {"Retry-After": "30"})
    return state.stored


def _ask(context: Tools, asked: StretchAsked) -> None:
    """Raises TransientError."""
    wish = FootageRequested(
        source_id=asked.source_id,
        since_at=asked.since,
        until_at=asked.until,
        reason="playback",
        requested_at=context.clock.now(),
    )
    context.playback.first_asked(asked)
    context.publishing.publish(Outgoing(FOOTAGE_REQUESTS, wish))


class _Collection:
    """What is known of a stretch, and what of it the store has."""

    def __init__(
        self,
        rows: list[queries.Row],
        stored: list[StoredSegment],
        is_fresh: bool,
        is_covered: bool,
    ) -> None:
        self.stored, self.is_fresh = stored, is_fresh
        keys = {segment.started_at for segment in stored}
        self.missing = sum(row["started_at"] not in keys for row in rows)
        self.is_empty = not rows and not stored
        self.is_whole = bool(stored) and not self.missing and is_covered

    @classmethod
    def of(cls, context: Tools, asked: StretchAsked) -> "_Collection":
        """Raises TransientError."""
        with context.engine.connect() as database:
            rows = queries.segments_between(database, asked.source_id, asked.since, asked.until)
        earliest = asked.since - queries.LONGEST_SEGMENT
        stored = [one for one in context.playback.stored(asked) if one.started_at > earliest]
        latest = max((row["ended_at"] for row in rows), default=None)
        is_recent = asked.until > context.clock.now() - STILL_WRITTEN
        is_fresh = is_recent and (latest is None or latest < asked.until)
        is_covered = not is_fresh or (bool(stored) and context.playback.covers(asked, stored[-1]))
        return cls(rows, stored, is_fresh, is_covered)


async def _made(context: Tools, asked: StretchAsked, segments: list[StoredSegment]) -> PlayableFile:
    """Raises Problem."""
    making: Future[PlayableFile] = context.playback.file(asked, segments)
    waiting = asyncio.wrap_future(making)
    waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
    await asyncio.wait([waiting], timeout=context.settings.api_playback_wait_s)
    if not waiting.done():
        raise Problem(202, "The file is being made.", {"Retry-After": "2"})
    try:
        return waiting.result()
    except VideoUnreadable as error:
        raise Problem(404, f"Nothing of that time can be shown: {error}.") from error
    except OSError as error:
        log.exception("playback", source_id=str(asked.source_id))
        detail = f"The file cannot be made: {error.strerror or error}."
        raise Problem(503, detail, {"Retry-After": "30"}) from error
