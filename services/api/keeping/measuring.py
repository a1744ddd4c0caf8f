"""How large the evidence of each alert is: looked up in the store once, an hour after it came."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, delete, exists, select, update

from schemas.ids import evidence_prefix
from services.api.keeping.tables import evidence_sizes
from services.api.tables import alerts
from services.chassis.clock import Clock
from services.chassis.storage.database import transaction, upsert
from services.chassis.storage.objects import ObjectStore

MADE_WITHIN = timedelta(hours=1)
"""By then evidence is made, but where a store or a worker was away for long."""

OVERLAP = timedelta(hours=1)
AT_ONCE, AGAIN_S = 25, 1.0
"""Where years of alerts were never measured, API and store are there for others meanwhile."""
RESTS_S = 600.0
COLUMNS = ["alert_id", "source_id", "source_kind", "started_at", "ended_at", "recorded_at"]


class EvidenceMeasuring:
    """A duty. After a start all alerts are gone through, later those that came since."""

    def __init__(self, engine: Engine, store: ObjectStore, clock: Clock) -> None:
        self._engine, self._store, self._clock = engine, store, clock
        self._since: datetime | None = None

    def turn(self) -> float:
        """Some that were not measured yet; seconds until the next. Raises TransientError."""
        until = self._clock.now() - MADE_WITHIN
        together = alerts.outerjoin(evidence_sizes, evidence_sizes.c.alert_id == alerts.c.alert_id)
        query = select(*(alerts.c[name] for name in COLUMNS)).select_from(together)
        query = query.where(alerts.c.recorded_at < until, evidence_sizes.c.alert_id.is_(None))
        if self._since is not None:
            query = query.where(alerts.c.recorded_at >= self._since)
        with transaction(self._engine) as connection:
            oldest = query.order_by(alerts.c.recorded_at).limit(AT_ONCE)
            rows = connection.execute(oldest).mappings().all()
        found = [self._measured(row) for row in rows]
        with transaction(self._engine) as connection:
            upsert(connection, evidence_sizes, found, ["ended_at", "dated_at", "size_bytes"])
        if len(rows) == AT_ONCE:
            self._since = rows[-1]["recorded_at"]
            return AGAIN_S
        self._since = until - OVERLAP
        return RESTS_S

    def _measured(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        kept = {name: row[name] for name in ("alert_id", "source_id", "started_at", "ended_at")}
        is_camera = row["source_kind"] == "camera"
        found = self._store.list(evidence_prefix(UUID(row["alert_id"])))
        return kept | {
            "dated_at": row["started_at"] if is_camera else row["recorded_at"],
            "size_bytes": sum(info.size_bytes for info in found),
        }


def note_gone(engine: Engine, alert_ids: list[str]) -> None:
    """Their evidence is no more; once the alert itself is not either, nothing is left to say."""
    mine = evidence_sizes.c.alert_id.in_(alert_ids)
    with transaction(engine) as connection:
        connection.execute(update(evidence_sizes).where(mine).values(size_bytes=None))


def forget_gone(engine: Engine) -> None:
    """Rows of alerts of which neither evidence nor the row is left."""
    is_there = exists().where(alerts.c.alert_id == evidence_sizes.c.alert_id)
    with transaction(engine) as connection:
        connection.execute(
            delete(evidence_sizes).where(evidence_sizes.c.size_bytes.is_(None), ~is_there)
        )
