"""Ends analyses that would stay open for ever: a duty.

A run is over when its last score says so. That score may never come: the last clip, or what was
made of it, was put aside as a dead letter, did not fit the head, or was deleted before it was read.
Then the analysis ends once everybody has read all there is, and says how much is missing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, and_, or_, select, update

from schemas.judgements import LIVE
from services.api.pipeline import Pipeline
from services.api.projector import AT_WORK, say_what_is_missing
from services.api.sums import scored
from services.api.tables import runs, videos
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.storage.database import transaction
from services.chassis.telemetry import logs

log = logs.get("endings")
RESTS_S = 15.0
QUIET_FOR = timedelta(seconds=60)
"""So long nothing may have come of a video before it is asked whether anything still will."""

AT_ONCE = 100


class Endings:
    """`pipeline` says whether anything on the way to the scores is unread."""

    def __init__(
        self, engine: Engine, pipeline: Pipeline, clock: Clock, give_up_after_h: float
    ) -> None:
        self._engine, self._pipeline, self._clock = engine, pipeline, clock
        self._patience = timedelta(hours=give_up_after_h)

    def turn(self) -> float:
        """End what is due; seconds until the next look. Raises TransientError."""
        now = self._clock.now()
        with transaction(self._engine) as connection:
            quiet = _quiet(connection, now - QUIET_FOR)
        if not quiet:
            return RESTS_S
        is_read = self._is_read()
        for row in quiet:
            if (is_read and row.state == "scoring") or _heard_at(row) < now - self._patience:
                self._end(row, now)
        return RESTS_S

    def _is_read(self) -> bool:
        """While Kafka does not say, nothing is ended for that reason."""
        try:
            return self._pipeline.unread() == 0
        except TransientError as error:
            log.warning("lag is not known", error=str(error))
            return False

    def _end(self, row: Any, now: datetime) -> None:
        with transaction(self._engine) as connection:
            mine = and_(videos.c.video_id == row.video_id, videos.c.state == row.state)
            sums = scored(connection, [row.video_id], LIVE)
            clips = sums[row.video_id].clips if sums else 0
            values = _outcome(row, clips) | {"finished_at": now}
            connection.execute(update(videos).where(mine).values(values))
            say_what_is_missing(connection, [row.video_id])
        log.warning("ended", video=row.video_id, scored=clips, of=row.clip_count)


def _quiet(connection: Connection, before: datetime) -> Sequence[Any]:
    """Analyses under way of which nothing was heard since then."""
    live = and_(runs.c.source_id == videos.c.video_id, runs.c.run == LIVE)
    query = (
        select(
            videos.c.video_id,
            videos.c.state,
            videos.c.clip_count,
            videos.c.submitted_at,
            videos.c.progressed_at,
            runs.c.heard_at.label("scored_at"),
        )
        .select_from(videos.outerjoin(runs, live))
        .where(
            videos.c.state.in_(AT_WORK),
            videos.c.is_paused.is_(False),
            videos.c.submitted_at < before,
            or_(videos.c.progressed_at.is_(None), videos.c.progressed_at < before),
            or_(runs.c.heard_at.is_(None), runs.c.heard_at < before),
        )
        .order_by(videos.c.submitted_at)
        .limit(AT_ONCE)
    )
    return connection.execute(query).all()


def _heard_at(row: Any) -> datetime:
    """The latest news of a video."""
    news: list[datetime | None] = [row.submitted_at, row.progressed_at, row.scored_at]
    return max(at for at in news if at)


def _outcome(row: Any, clips: int) -> dict[str, Any]:
    """What an analysis becomes whose last score never came."""
    if row.state != "scoring" or (row.clip_count and not clips):
        sentence = "Nothing was heard of it any more, so the analysis was given up."
        if row.state == "scoring":
            sentence = f"None of its {row.clip_count} clips got a score; the logs say why."
        return {"state": "failed", "error": sentence}
    missing = max(0, row.clip_count - clips)
    sentence = (
        f"{missing} of {row.clip_count} clips never got a score."
        if missing
        else "The end of an alert, or of the analysis itself, was never told."
    )
    return {"state": "done", "decoded": 1.0, "note": sentence}
