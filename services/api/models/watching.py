"""What was promoted goes back by itself when its alarms are surely more than its budget: a duty.

The rollback, its entry in the history and in the audit log are one transaction. People are notified
afterwards, until Kafka has their mails; a notice that is asked for twice is the same mail.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, select, update

from schemas.judgements import LIVE
from services.api.models import deploying, scopes
from services.api.models.excess import Watched, is_sure, starts
from services.api.models.notices import notices_for
from services.api.models.queries import cards_of, model_row
from services.api.models.scopes import Scope
from services.api.models.standing import Judged, alarms_since, bursts, camera_days, footage_since
from services.api.models.tables import deployment_history, deployment_scopes, deployments
from services.api.principal import Principal
from services.chassis.clock import Clock
from services.chassis.sealing import Sealing, SealingFault
from services.chassis.storage.database import transaction
from services.chassis.streaming.publisher import Publishing
from services.chassis.telemetry import logs

Row = Mapping[Any, Any]
log = logs.get("models")
RESTS_S = 30.0


class BudgetWatch:
    """Every step may be broken off and done again."""

    def __init__(
        self, engine: Engine, publishing: Publishing, sealing: Sealing, clock: Clock
    ) -> None:
        self._engine, self._publishing = engine, publishing
        self._sealing, self._clock = sealing, clock

    def turn(self) -> float:
        """Seconds until the next turn. Raises TransientError when the database or Kafka is away."""
        self._notify()
        watched = (
            select(deployments, deployment_scopes.c.store_id)
            .join(deployment_scopes, deployment_scopes.c.scope_id == deployments.c.scope_id)
            .where(deployments.c.run == LIVE, deployments.c.budget_per_day.is_not(None))
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(watched).mappings().all()
        for row in rows:
            self._examine(row)
        self._notify()
        return RESTS_S

    def _examine(self, row: Row) -> None:
        now, scope = self._clock.now(), _scope_of(row)
        with self._engine.connect() as connection:
            registered = model_row(connection, scope.tenant_id, row["detector"])
            if registered is None:
                return
            ids = [card.model_id for card in cards_of(registered)]
            judged = Judged(scope, row["backbone"], row["detector"], ids)
            found = excess(connection, judged, row, now)
        if found is not None:
            self._go_back(row, scope, reason(found, row["budget_per_day"]), now)

    def _go_back(self, row: Row, scope: Scope, why: str, now: datetime) -> None:
        """Unless somebody changed it meanwhile."""
        machine = Principal(scope.tenant_id)
        with transaction(self._engine) as connection:
            scopes.hold(connection, scope)
            live = scopes.live(connection, scope, row["backbone"])
            if live is None or live["since_at"] != row["since_at"]:
                return
            deploying.roll_back(
                connection, machine, scope, row["backbone"], why, now, is_automatic=True
            )
        log.warning("detector rolled back", scope=scope.scope_id, detector=row["detector"], why=why)

    def _notify(self) -> None:
        due = (
            deployment_history.c.is_automatic.is_(True),
            deployment_history.c.notified_at.is_(None),
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(select(deployment_history).where(*due)).mappings().all()
        for row in rows:
            self._notify_of(row)

    def _notify_of(self, row: Row) -> None:
        now = self._clock.now()
        try:
            with transaction(self._engine) as connection:
                mails = notices_for(connection, row, self._sealing, now)
        except SealingFault as error:
            log.warning("no notice can be sealed", entry=row["entry_id"], error=str(error))
            mails = []
        self._publishing.publish(*mails)
        mine = deployment_history.c.entry_id == row["entry_id"]
        with transaction(self._engine) as connection:
            connection.execute(update(deployment_history).where(mine).values(notified_at=now))


def excess(connection: Connection, judged: Judged, row: Row, now: datetime) -> Watched | None:
    """The test that is sure, if any is."""
    begun = bursts(alarms_since(connection, judged, row["since_at"]))
    footage = footage_since(connection, judged, row["since_at"])
    for number, start in starts(row["since_at"], now):
        count = sum(at >= start for at in begun)
        found = Watched(start, number, count, camera_days(footage, start))
        if is_sure(found, row["budget_per_day"], now):
            return found
    return None


def reason(found: Watched, budget_per_day: float) -> str:
    since = found.begun_at.strftime("%Y-%m-%d %H:%M UTC")
    per_day = found.alarms / found.camera_days if found.camera_days else None
    rate = f", {per_day:.1f} a camera and day" if per_day is not None else ""
    return f"{found.alarms} alarms since {since}{rate}: its budget is {budget_per_day:g}."


def _scope_of(row: Row) -> Scope:
    return Scope(UUID(row["tenant_id"]), UUID(row["store_id"]) if row["store_id"] else None)
