"""Takes the results of replays away: when somebody asks for it, and once they are old.

First the replay is hidden and the worker told, then its objects go, its scores and alerts last. Its
row stays for as long as topics may speak of its run, so that what comes late stays out.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    and_,
    delete,
    exists,
    or_,
    select,
    update,
)

from services.api.replays.queries import FINISHED
from services.api.replays.tables import replay_sources, replays
from services.api.reviews.tables import comments, incidents, review_history, reviews
from services.api.tables import alerts, runs, score_blocks, score_hours, score_series
from services.chassis.clock import Clock
from services.chassis.storage.database import transaction
from services.chassis.storage.objects import ObjectStore
from services.chassis.telemetry import logs

log = logs.get("replays")
RESTS_S = 30.0
SWEPT_FOR = timedelta(hours=1)
"""The worker may still write for a moment, and the projector be behind."""
REMEMBERED_FOR = timedelta(days=90)
"""As long as alerts lie on their topic."""
SOURCELESS = "Its cameras and uploads were all removed."
ROWS_AT_ONCE = 500
"""In a transaction: of alerts and blocks of scores, with what hangs on them."""
PLACES = ((score_blocks, score_blocks.c.first_index), (score_hours, score_hours.c.hour))


def hide(connection: Connection, run: str, now: datetime) -> None:
    """From now on nobody sees it; the caller has that announced once its transaction is over."""
    gone = {"removed_at": now, "is_cancelled": True, "announced_at": None}
    connection.execute(update(replays).where(replays.c.run == run).values(gone))


def cancelled(now: datetime) -> dict[str, Any]:
    """What a replay's row holds from then on. To be announced."""
    return {"state": "cancelled", "is_cancelled": True, "finished_at": now, "announced_at": None}


def leave_out(connection: Connection, source_id: str, now: datetime) -> None:
    """A source is gone: replays are asked for without it from now on, and one at work that has no
    other is cancelled. The duty that tells of replays tells the worker.
    """
    mine = replay_sources.c.source_id == source_id
    names = list(connection.scalars(select(replay_sources.c.run).where(mine)))
    connection.execute(delete(replay_sources).where(mine))
    is_of_nothing = ~exists().where(replay_sources.c.run == replays.c.run)
    at_work = replays.c.state.not_in(FINISHED), replays.c.removed_at.is_(None)
    connection.execute(
        update(replays)
        .where(replays.c.run.in_(names), is_of_nothing, *at_work)
        .values(cancelled(now) | {"error": SOURCELESS})
    )


class ReplayRemoval:
    """A duty. Every step may be broken off and done again."""

    def __init__(
        self, engine: Engine, store: ObjectStore, clock: Clock, kept: timedelta | None
    ) -> None:
        self._engine, self._store, self._clock, self._kept = engine, store, clock, kept

    def turn(self) -> float:
        """Some rows; seconds until the next turn. Raises TransientError."""
        now = self._clock.now()
        self._expire(now)
        with transaction(self._engine) as connection:
            is_swept = replays.c.removed_at > now - SWEPT_FOR
            has_left = select(score_series.c.run).where(score_series.c.run == replays.c.run)
            query = select(replays.c.run).where(
                replays.c.removed_at.is_not(None), or_(is_swept, has_left.exists())
            )
            names = list(connection.scalars(query))
            connection.execute(delete(replays).where(replays.c.removed_at < now - REMEMBERED_FOR))
        more = [self._remove(name) for name in names]
        return 0.0 if any(more) else RESTS_S

    def _expire(self, now: datetime) -> None:
        if self._kept is None:
            return
        old = and_(
            replays.c.state.in_(FINISHED),
            replays.c.finished_at < now - self._kept,
            replays.c.removed_at.is_(None),
        )
        with transaction(self._engine) as connection:
            for run in connection.scalars(select(replays.c.run).where(old).limit(20)).all():
                hide(connection, run, now)
                log.info("replay removed", run=run, why="expired")

    def _remove(self, run: str) -> bool:
        """Some of what is left of it; whether there may be more."""
        for info in self._store.list(f"replays/{run}/"):
            self._store.delete(info.key)
        with transaction(self._engine) as connection:
            query = select(replays.c.removed_at).where(replays.c.run == run).with_for_update()
            if connection.scalar(query) is None:  # it was asked for again meanwhile
                return False
            return remove_results(connection, run) > 0


def remove_results(connection: Connection, run: str, most: int = ROWS_AT_ONCE) -> int:
    """Some rows of a run that is not the live one; how many went, 0 once nothing is left. All are
    found by an index and deleted by their keys, so that nothing is locked for long. The series go
    last: while there are any, the run is not through.
    """
    gone = _remove_alerts(connection, run, most)
    for table, key in ((incidents, incidents.c.incident_id), (runs, runs.c.source_id)):
        if gone < most:
            query = select(key).where(table.c.run == run).limit(most - gone)
            if keys := list(connection.scalars(query)):
                connection.execute(delete(table).where(key.in_(keys), table.c.run == run))
            gone += len(keys)
    if gone < most:
        gone += _remove_scores(connection, run, most - gone)
    connection.execute(delete(replay_sources).where(replay_sources.c.run == run))
    return gone


def _remove_alerts(connection: Connection, run: str, most: int) -> int:
    """With what people said of them."""
    query = select(alerts.c.alert_id).where(alerts.c.run == run).limit(most)
    if names := list(connection.scalars(query)):
        for table in (comments, review_history, reviews, alerts):
            connection.execute(delete(table).where(table.c.alert_id.in_(names)))
    return len(names)


def _remove_scores(connection: Connection, run: str, most: int) -> int:
    """Series after series, each from its beginning: a range of the primary key at a time."""
    gone = 0
    query = select(score_series.c.series_id).where(score_series.c.run == run).limit(most)
    for series_id in list(connection.scalars(query)):
        for table, place in PLACES:
            if gone < most:
                gone += _remove_first(connection, table, place, series_id, most - gone)
        if gone >= most:
            return gone  # there may be more of this series
        connection.execute(delete(score_series).where(score_series.c.series_id == series_id))
        gone += 1
    return gone


def _remove_first(
    connection: Connection, table: Table, place: ColumnElement[int], series_id: int, most: int
) -> int:
    of_series = table.c.series_id == series_id
    query = select(place).where(of_series).order_by(place).offset(most - 1).limit(1)
    last = connection.scalar(query)
    some = of_series if last is None else and_(of_series, place <= last)
    return connection.execute(delete(table).where(some)).rowcount
