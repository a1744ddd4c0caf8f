"""Takes the results of replays away: when somebody asks for it, and once they are old.

First the replay is hidden and the worker told, then its objects go, its scores and alerts last. Its
row stays for as long as topics may speak of its run, so that what comes late stays out.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, delete, or_, select, update

from services.api.removal import remove_scores
from services.api.replays.queries import FINISHED
from services.api.replays.tables import replay_sources, replays
from services.api.reviews.tables import comments, incidents, review_history, reviews
from services.api.tables import alerts, runs, score_series
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
ROWS_AT_ONCE = 500


def hide(connection: Connection, run: str, now: datetime) -> None:
    """From now on nobody sees it; the caller has that announced once its transaction is over."""
    gone = {"removed_at": now, "is_cancelled": True, "announced_at": None}
    connection.execute(update(replays).where(replays.c.run == run).values(gone))


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


def remove_results(connection: Connection, run: str) -> int:
    """A bounded number of rows of a run that is not the live one; how many went."""
    gone = 0
    series = _some(connection, select(score_series.c.series_id).where(score_series.c.run == run))
    if series:
        remove_scores(connection, series)
        connection.execute(delete(score_series).where(score_series.c.series_id.in_(series)))
        gone += len(series)
    for table in (reviews, alerts):
        key = table.c.alert_id
        names = _some(connection, select(key).where(table.c.run == run))
        if names and table is reviews:
            for of_review in (comments, review_history):
                connection.execute(delete(of_review).where(of_review.c.alert_id.in_(names)))
        if names:
            connection.execute(delete(table).where(key.in_(names)))
        gone += len(names)
    for table in (incidents, runs):
        connection.execute(delete(table).where(table.c.run == run))
    connection.execute(delete(replay_sources).where(replay_sources.c.run == run))
    return gone


def _some(connection: Connection, query: Select[Any]) -> list[Any]:
    return list(connection.scalars(query.limit(ROWS_AT_ONCE)))
