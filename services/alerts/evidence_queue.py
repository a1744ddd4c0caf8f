"""Evidence that is due: which alerts still lack their picture or their video.

An alert's row is waiting, at work (making, under a lease that is renewed), done, failed for good,
or removing: then its objects are deleted, and the row after them. Rows that lack a picture come
before those that lack a video. Times are seconds since the epoch. All methods raise TransientError
when the database is away; a process that dies loses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Engine, Row, Select, and_, case, delete, func, or_, select, update

from schemas.alerts import Alert
from schemas.codec import decode, encode
from schemas.topics import ALERTS
from services.alerts.core.spans import Evidence, Span, is_newer
from services.alerts.tables import evidence
from services.chassis.storage.database import transaction, upsert

State = Literal["waiting", "making", "done", "failed", "removing"]


@dataclass(frozen=True)
class EvidenceTask:
    """A row that is claimed. `present` is what lies in the store already; `was_abandoned` says
    that whoever had it before died of it, or was killed.
    """

    alert: Alert
    source_name: str
    present: Evidence
    revision: int
    attempt: int
    opened_at: float
    is_removal: bool
    was_abandoned: bool


class EvidenceQueue:
    """Safe between threads and processes; `holder` as in the ledger."""

    def __init__(self, engine: Engine, holder: str, lease_s: float = 60.0) -> None:
        self._engine, self._holder, self.lease_s = engine, holder, lease_s

    def want(self, alert: Alert, source_name: str, now: float) -> bool:
        """Have evidence made of the alert as it is now; false when nothing is new about it."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(evidence).where(_of(alert.alert_id))).one_or_none()
            if row is None:
                upsert(connection, evidence, [_row(alert, source_name, now)], update=[])
                return True
            if row.state == "removing" or not is_newer(alert, _alert(row)):
                return False
            values: dict[str, Any] = {"alert": encode(alert), "revision": row.revision + 1}
            if row.state != "making":
                values |= {"state": "waiting", "due_at": now, "attempts": 0}
            same = and_(_of(alert.alert_id), evidence.c.revision == row.revision)
            connection.execute(update(evidence).where(same).values(**values))
            return True

    def present(self, alert_id: UUID) -> Evidence | None:
        """What lies in the store for the alert; None for an alert that is not known here."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(evidence).where(_of(alert_id))).one_or_none()
        return None if row is None else _present(row)

    def next_due(self) -> float | None:
        """When there is something to make, if ever."""
        with transaction(self._engine) as connection:
            due_at = connection.execute(select(func.min(evidence.c.due_at))).scalar_one()
        return None if due_at is None else float(due_at)

    def claim(self, now: float) -> EvidenceTask | None:
        """The most urgent row that is due; nobody else gets it while the lease is renewed."""
        while True:
            with transaction(self._engine) as connection:
                row = connection.execute(due_by(now)).one_or_none()
            if row is None:
                return None
            if self._seize(row, now + self.lease_s):
                return _task(row)

    def renew(self, tasks: Sequence[EvidenceTask], now: float) -> None:
        """The work goes on: the rows stay ours for another lease."""
        if not tasks:
            return
        ours = or_(*(_same(task) for task in tasks))
        query = update(evidence).where(ours, evidence.c.holder == self._holder)
        with transaction(self._engine) as connection:
            connection.execute(query.values(due_at=now + self.lease_s))

    def close(
        self, task: EvidenceTask, present: Evidence, state: State, due_at: float | None, now: float
    ) -> None:
        """Write down what lies in the store now. When the alert grew meanwhile, it is due again."""
        grown = evidence.c.revision != task.revision
        values = {
            "peak_s": present.peak_s,
            "start_s": present.span.start_s if present.span else None,
            "end_s": present.span.end_s if present.span else None,
            "note": present.note[:500],
            "state": case((grown, "waiting"), else_=state),
            "due_at": case((grown, now), else_=due_at),
            "attempts": task.attempt if state == "waiting" and present.note else 0,
            "holder": "",
        }
        with transaction(self._engine) as connection:
            connection.execute(update(evidence).where(_same(task)).values(**values))

    def remove(self, source_id: UUID, now: float) -> int:
        """Delete what was made of a source that was removed; of how many alerts."""
        return self._remove(evidence.c.source_id == str(source_id), now)

    def expire(self, opened_before: float, now: float) -> int:
        """Delete what is older; of how many alerts."""
        return self._remove(evidence.c.opened_at < opened_before, now)

    def drop(self, task: EvidenceTask) -> None:
        """The objects are gone: forget the row."""
        removed = and_(_of(task.alert.alert_id), evidence.c.state == "removing")
        with transaction(self._engine) as connection:
            connection.execute(delete(evidence).where(removed))

    def keep(self, task: EvidenceTask) -> None:
        """What was to be deleted is held: it stays, until it is to be deleted again."""
        removed = and_(_of(task.alert.alert_id), evidence.c.state == "removing")
        kept = {"state": "done", "due_at": None, "attempts": 0, "holder": ""}
        with transaction(self._engine) as connection:
            connection.execute(update(evidence).where(removed).values(**kept))

    def _remove(self, which: Any, now: float) -> int:
        """One that is at work ends first: else it would put its object back."""
        due_at = case((evidence.c.state == "making", evidence.c.due_at), else_=now)
        query = update(evidence).where(which, evidence.c.state != "removing")
        with transaction(self._engine) as connection:
            changed = connection.execute(query.values(due_at=due_at, state="removing", attempts=0))
            return changed.rowcount

    def _seize(self, row: Row[Any], lease_until: float) -> bool:
        """Whether we were the first: the row is still as it was when we read it."""
        same = and_(
            evidence.c.alert_id == row.alert_id,
            evidence.c.state == row.state,
            evidence.c.attempts == row.attempts,
            evidence.c.due_at == row.due_at,
        )
        values = {
            "state": "removing" if row.state == "removing" else "making",
            "attempts": row.attempts + 1,
            "due_at": lease_until,
            "holder": self._holder,
        }
        with transaction(self._engine) as connection:
            return connection.execute(update(evidence).where(same).values(**values)).rowcount == 1


def due_by(now: float) -> Select[Any]:
    """What `claim` claims."""
    return (
        select(evidence)
        .where(evidence.c.due_at <= now)
        .order_by(evidence.c.peak_s.is_not(None), evidence.c.due_at, evidence.c.alert_id)
        .limit(1)
    )


def _of(alert_id: UUID) -> Any:
    return evidence.c.alert_id == str(alert_id)


def _same(task: EvidenceTask) -> Any:
    return and_(
        _of(task.alert.alert_id),
        evidence.c.attempts == task.attempt,
        evidence.c.state == ("removing" if task.is_removal else "making"),
    )


def _row(alert: Alert, source_name: str, now: float) -> dict[str, Any]:
    return {
        "alert_id": str(alert.alert_id),
        "source_id": str(alert.source_id),
        "source_name": source_name[:255],
        "alert": encode(alert),
        "revision": 0,
        "peak_s": None,
        "start_s": None,
        "end_s": None,
        "note": "",
        "state": "waiting",
        "attempts": 0,
        "opened_at": now,
        "due_at": now,
        "holder": "",
    }


def _alert(row: Row[Any]) -> Alert:
    alert = decode(ALERTS, row.alert)
    assert isinstance(alert, Alert)
    return alert


def _present(row: Row[Any]) -> Evidence:
    span = None if row.start_s is None else Span(row.start_s, row.end_s)
    return Evidence(row.peak_s, span, row.note)


def _task(row: Row[Any]) -> EvidenceTask:
    return EvidenceTask(
        alert=_alert(row),
        source_name=row.source_name,
        present=_present(row),
        revision=row.revision,
        attempt=row.attempts + 1,
        opened_at=row.opened_at,
        is_removal=row.state == "removing",
        was_abandoned=row.state == "making",
    )
