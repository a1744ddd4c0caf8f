"""Switches off what is dead, and has those told who can mend it (ADR 0045): a duty.

That a notice is due is a column of the target, set with it; a notice that is asked for twice is
the same mail.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine, select, update

from services.api import audit
from services.api.principal import Principal
from services.api.tables import SENTENCE_CHARS
from services.api.targets import attempts
from services.api.targets.attempts import Row
from services.api.targets.failing import (
    DeathRule,
    is_dead,
    is_gone,
    reason_dead,
    reason_gone,
)
from services.api.targets.notices import notices_for
from services.api.targets.tables import targets
from services.chassis.clock import Clock
from services.chassis.sealing import Sealing, SealingFault
from services.chassis.storage.database import transaction
from services.chassis.streaming.publisher import Publishing
from services.chassis.telemetry import logs

log = logs.get("targets")
RESTS_S = 5.0
LATELY = timedelta(hours=1)
"""What failed within it is looked at, and after a start within `AT_START`."""
AT_START = timedelta(days=2)
SUMS_EVERY_S = 600.0
"""The attempts of a day are summed up so often, of each target that fails."""


@dataclass(frozen=True)
class Death:
    """Why a target is switched off, and since when it missed messages."""

    reason: str
    since: datetime


class DeadTargets:
    """Every step may be broken off and done again."""

    def __init__(
        self,
        engine: Engine,
        publishing: Publishing,
        sealing: Sealing,
        clock: Clock,
        rule: DeathRule = DeathRule(),
    ) -> None:
        self._engine, self._publishing, self._sealing = engine, publishing, sealing
        self._clock, self._rule = clock, rule
        self._reach = AT_START
        self._summed_at: dict[str, float] = {}

    def turn(self) -> float:
        """Seconds until the next look. Raises TransientError when the database or Kafka is away."""
        self._tell()
        now = self._clock.now()
        with transaction(self._engine) as connection:
            failing = attempts.failing_lately(connection, now - self._reach)
        for target in failing:
            self._examine(target, now)
        self._reach = LATELY
        self._forget()
        self._tell()
        return RESTS_S

    def _examine(self, target: Row, now: datetime) -> None:
        with transaction(self._engine) as connection:
            death = self._gone(connection, target) or self._dead(connection, target)
            if death is not None and _switched_off(connection, target, death, now):
                log.warning("target switched off", target_id=target["target_id"], why=death.reason)

    def _gone(self, connection: Connection, target: Row) -> Death | None:
        last = attempts.latest(connection, target)
        if last is None or not is_gone(target["channel"], last["status"]):
            return None
        return Death(reason_gone(last["status"]), last["attempted_at"])

    def _dead(self, connection: Connection, target: Row) -> Death | None:
        name, now = target["target_id"], self._clock.monotonic()
        if name in self._summed_at and now - self._summed_at[name] < SUMS_EVERY_S:
            return None
        self._summed_at[name] = now
        found = attempts.failures(connection, target)
        if found is None or not is_dead(found, self._rule, True):
            return None
        if not is_dead(found, self._rule, attempts.others_reached(connection, target, found)):
            return None
        return Death(reason_dead(found), found.first_at)

    def _forget(self) -> None:
        """Those that fail no more are summed up at once when they do again."""
        now = self._clock.monotonic()
        over = [name for name, at in self._summed_at.items() if now - at > 2 * SUMS_EVERY_S]
        for name in over:
            del self._summed_at[name]

    def _tell(self) -> None:
        due = targets.c.disabled_at.is_not(None), targets.c.notified_at.is_(None)
        with transaction(self._engine) as connection:
            rows = connection.execute(select(targets).where(*due)).mappings().all()
        for row in rows:
            self._tell_of(row)

    def _tell_of(self, row: Row) -> None:
        now = self._clock.now()
        try:
            with transaction(self._engine) as connection:
                mails = notices_for(connection, row, self._sealing, now)
        except SealingFault as error:
            log.warning("no notice can be sealed", target_id=row["target_id"], error=str(error))
            mails = []
        self._publishing.publish(*mails)
        same = targets.c.target_id == row["target_id"], targets.c.disabled_at == row["disabled_at"]
        with transaction(self._engine) as connection:
            connection.execute(update(targets).where(*same).values(notified_at=now))


def _switched_off(connection: Connection, target: Row, death: Death, now: datetime) -> bool:
    """Unless somebody changed it meanwhile."""
    name = target["target_id"]
    as_seen = targets.c.target_id == name, targets.c.changed_at == target["changed_at"]
    locked = select(targets.c.is_enabled).where(*as_seen).with_for_update()
    if not connection.scalar(locked):
        return False
    reason = death.reason[:SENTENCE_CHARS]
    off = {
        "is_enabled": False,
        "disabled_reason": reason,
        "disabled_at": now,
        "missed_since": death.since,
        "notified_at": None,
        "changed_at": max(now, target["changed_at"] + timedelta(microseconds=1)),
        "announced_at": None,
    }
    connection.execute(update(targets).where(*as_seen).values(off))
    tenant_id = UUID(target["tenant_id"])
    detail = {"name": target["name"], "reason": reason}
    machine = Principal(tenant_id)
    audit.record(connection, machine, "target.disabled", name, detail, tenant_id=tenant_id, at=now)
    return True
