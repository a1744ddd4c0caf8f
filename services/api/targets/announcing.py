"""Tells `targets.v1` of targets as the table has them: a duty, as that of cameras.

A change is a row whose `announced_at` is empty. A removed row becomes a tombstone, and goes once
that is told; so what lies last on the topic is what the table has.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, case, delete, select, update

from schemas.targets import TargetConfigured
from schemas.topics import TARGETS
from services.api.targets.tables import targets
from services.chassis.storage.database import transaction
from services.chassis.streaming.publisher import Publishing
from services.chassis.streaming.records import Outgoing
from services.chassis.telemetry import logs

log = logs.get("targets")
RESTS_S = 1.0
AT_ONCE = 100
PLAIN = "target_id tenant_id channel name shown address secrets language wants pacing after_s"


def message_of(row: Mapping[Any, Any]) -> TargetConfigured:
    """The target that a row describes."""
    fields = {name: row[name] for name in (*PLAIN.split(), "is_enabled")}
    return TargetConfigured.model_validate({**fields, "configured_at": row["changed_at"]})


class TargetAnnouncements:
    """Every step may be broken off and done again."""

    def __init__(self, engine: Engine, publishing: Publishing) -> None:
        self._engine, self._publishing = engine, publishing

    def turn(self) -> float:
        """Tell what is not told yet; seconds until the next look. Raises TransientError."""
        waiting = targets.c.announced_at.is_(None)
        query = select(targets).where(waiting).order_by(targets.c.changed_at).limit(AT_ONCE)
        with transaction(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        for row in rows:
            self._tell(row)
        return 0.0 if len(rows) == AT_ONCE else RESTS_S

    def _tell(self, row: Mapping[Any, Any]) -> None:
        name, mine = row["target_id"], targets.c.target_id == row["target_id"]
        if row["is_removed"]:
            self._publishing.publish(Outgoing(TARGETS, None, key=name))
            with transaction(self._engine) as connection:
                connection.execute(delete(targets).where(mine))
            log.info("target removed", target_id=name)
            return
        self._publishing.publish(Outgoing(TARGETS, message_of(row)))
        as_told = targets.c.changed_at == row["changed_at"]
        told = case((as_told, targets.c.changed_at), else_=None)
        with transaction(self._engine) as connection:
            connection.execute(update(targets).where(mine).values(announced_at=told))
        log.info("target told", target_id=name, channel=row["channel"], name=row["name"])
