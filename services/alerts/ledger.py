"""The ledger: what was sent of each alert to whom, so that nothing is sent twice.

Steps of one delivery: opened (waiting), claimed (delivering, under a lease), closed (delivered,
failed, or waiting for a later time). Closing writes the attempt's event to the outbox in the same
transaction. A claim is its holder's while the lease is renewed; when the holder died it runs out,
and anybody may claim the delivery. A target has at most one delivery at work, whoever has it.

Times are seconds since the epoch. All methods raise TransientError when the database is away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, Select, and_, case, delete, func, or_, select, update

from schemas.alerts import Alert
from schemas.codec import decode, encode
from schemas.deliveries import DeliveryAttempted, Purpose
from schemas.targets import ChannelName
from schemas.topics import ALERTS
from services.alerts.core.admission import Pending
from services.alerts.core.deliveries import Delivery, Target, Verdict
from services.alerts.digests import GATHERED, MISSED, form_digest, gathered, paced
from services.alerts.tables import deliveries, evidence, outbox, reviews
from services.chassis.storage.database import transaction, upsert

CLOCK_STEP_S = 60.0


@dataclass(frozen=True)
class Task:
    """A delivery that is claimed: attempt number `attempt` is to be made now."""

    delivery_id: UUID
    alert: Alert
    source_name: str
    channel: ChannelName
    shown: str
    amends: UUID | None
    attempt: int
    opened_at: float
    trace: str
    target_id: UUID
    purpose: Purpose = "alert"


class Ledger:
    """Safe between threads and processes. `holder` names this run of the service: no other run,
    not even one of the same instance after a restart, has the same name.
    """

    def __init__(self, engine: Engine, holder: str, lease_s: float = 30.0) -> None:
        self._engine, self._holder, self.lease_s = engine, holder, lease_s

    def open(
        self, opened: Sequence[Delivery], trace: str, now: float, mail_waits_s: float = 0.0
    ) -> None:
        """Write deliveries down as waiting; those that were opened before stay as they are. The
        first mail of an alert is due `mail_waits_s` later, so that its picture may come along.
        """
        rows = [_row(item, trace, now, mail_waits_s) for item in opened]
        with transaction(self._engine) as connection:
            for item, row in zip(opened, rows, strict=True):
                if item.purpose == "alert":
                    row |= gathered(connection, item.target, now)
                elif item.purpose == "redelivery":
                    row |= paced(connection, item.target, now)
            upsert(connection, deliveries, rows, update=[])

    def miss(self, missed: Sequence[Delivery], trace: str, now: float) -> None:
        """Write down alerts of which a target that is switched off does not hear, so that they can
        be delivered when somebody asks for it.
        """
        rows = [_row(item, trace, now, 0.0) | {"state": MISSED, "due_at": None} for item in missed]
        with transaction(self._engine) as connection:
            upsert(connection, deliveries, rows, update=[])

    def hasten(self, alert_id: UUID, now: float) -> None:
        """The first mails of the alert wait no longer: their picture is there, or never will be."""
        waiting = (deliveries.c.state == "waiting", deliveries.c.attempts == 0)
        later = (
            deliveries.c.channel == "email",
            deliveries.c.due_at > now,
            deliveries.c.purpose == "alert",
        )
        query = update(deliveries).where(deliveries.c.alert_id == str(alert_id), *waiting, *later)
        with transaction(self._engine) as connection:
            connection.execute(query.values(due_at=now))

    def without_picture(self, alert_id: UUID) -> frozenset[UUID]:
        """The first mails of the alert that were delivered without a picture."""
        query = select(deliveries.c.delivery_id).where(
            deliveries.c.alert_id == str(alert_id),
            deliveries.c.channel == "email",
            deliveries.c.state == "delivered",
            deliveries.c.has_picture.is_(False),
            deliveries.c.amends.is_(None),
        )
        with transaction(self._engine) as connection:
            return frozenset(UUID(found) for found in connection.scalars(query))

    def next_due(self, target: Target) -> float | None:
        """When there is something to send to the target, if ever."""
        query = select(func.min(deliveries.c.due_at)).where(
            deliveries.c.target_id == str(target.target_id)
        )
        with transaction(self._engine) as connection:
            due_at = connection.execute(query).scalar_one()
        return None if due_at is None else float(due_at)

    def pending(self, now: float) -> list[Pending]:
        """Every target to which something is to be sent, now or later, the longest due first."""
        stepped = and_(deliveries.c.attempts == 0, deliveries.c.opened_at > now + CLOCK_STEP_S)
        due_at = func.min(case((stepped, 0.0), else_=deliveries.c.due_at))
        query = (
            select(deliveries.c.target_id, deliveries.c.tenant_id, due_at.label("due_at"))
            .where(deliveries.c.due_at.is_not(None))
            .group_by(deliveries.c.target_id, deliveries.c.tenant_id)
            .order_by(due_at)
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            Pending(UUID(row.target_id), UUID(row.tenant_id) if row.tenant_id else None, row.due_at)
            for row in rows
        ]

    def claim(self, target: Target, now: float) -> Task | None:
        """The oldest delivery to the target that is due, unless somebody has one at work."""
        if target.pacing is not None:
            with transaction(self._engine) as connection:
                form_digest(connection, target.target_id, now)
        return self._claim(due_to(target, now), now)

    def claim_overdue(self, opened_before: float, now: float) -> Task | None:
        """A delivery that nobody sends: its target left the settings of all instances."""
        due = (
            select(deliveries)
            .where(deliveries.c.opened_at < opened_before, deliveries.c.due_at <= now)
            .limit(1)
        )
        return self._claim(due, now)

    def renew(self, tasks: Sequence[Task], now: float) -> None:
        """The attempts go on: they stay ours for another lease."""
        if not tasks:
            return
        ours = or_(*(_same(task) for task in tasks))
        query = update(deliveries).where(ours, deliveries.c.holder == self._holder)
        with transaction(self._engine) as connection:
            connection.execute(query.values(due_at=now + self.lease_s))

    def close(
        self,
        task: Task,
        verdict: Verdict,
        event: DeliveryAttempted,
        now: float,
        has_picture: bool = False,
        more: Sequence[DeliveryAttempted] = (),
    ) -> None:
        """Write down how the attempt ended, and its event, at once; a digest has one of
        each alert.
        The state stays as it is when the lease ran out and somebody else has the delivery.
        """
        values = {
            "state": "waiting" if verdict.outcome == "retrying" else verdict.outcome,
            "due_at": verdict.due_at,
            "has_picture": has_picture,
            "holder": "",
        }
        reports = [
            {
                "delivery_id": str(each.delivery_id),
                "attempt": each.attempt,
                "message": encode(each),
                "trace": task.trace,
                "written_at": now,
                "holder": self._holder,
            }
            for each in (event, *more)
        ]
        with transaction(self._engine) as connection:
            connection.execute(update(deliveries).where(_same(task)).values(**values))
            upsert(connection, outbox, reports, update=["message", "trace", "written_at"])

    def drop(self, task: Task) -> None:
        """The delivery is not wanted any more: nothing was sent, nobody hears of it."""
        gone = {"state": "cancelled", "due_at": None, "holder": ""}
        with transaction(self._engine) as connection:
            connection.execute(update(deliveries).where(_same(task)).values(**gone))

    def cancel_target(self, target_id: UUID) -> int:
        """Send nothing more to a target that was removed or switched off; how many waited."""
        mine = deliveries.c.target_id == str(target_id), deliveries.c.due_at.is_not(None)
        query = update(deliveries).where(*mine)
        with transaction(self._engine) as connection:
            return connection.execute(query.values(state="cancelled", due_at=None)).rowcount

    def settle(self, alert_id: UUID, now: float) -> None:
        """Somebody acknowledged or judged the alert: it escalates no further."""
        row = {"alert_id": str(alert_id), "settled_at": now}
        mine = deliveries.c.alert_id == str(alert_id), deliveries.c.purpose == "escalation"
        query = update(deliveries).where(*mine, deliveries.c.due_at.is_not(None))
        with transaction(self._engine) as connection:
            upsert(connection, reviews, [row], update=[])
            connection.execute(query.values(state="cancelled", due_at=None))

    def is_settled(self, alert_id: UUID) -> bool:
        query = select(reviews.c.alert_id).where(reviews.c.alert_id == str(alert_id))
        with transaction(self._engine) as connection:
            return connection.scalar(query) is not None

    def members(self, digest_id: UUID) -> list[Task]:
        """The deliveries that a digest stands for, in the order of their alerts."""
        query = select(deliveries).where(deliveries.c.digest_id == str(digest_id))
        order = deliveries.c.opened_at, deliveries.c.delivery_id
        with transaction(self._engine) as connection:
            return [_task(row) for row in connection.execute(query.order_by(*order)).all()]

    def alert_of(self, alert_id: UUID) -> tuple[Alert, str] | None:
        """An alert and the name of its source, as far as anything was sent or made of it."""
        for table in (deliveries, evidence):
            query = select(table.c.alert, table.c.source_name)
            with transaction(self._engine) as connection:
                row = connection.execute(
                    query.where(table.c.alert_id == str(alert_id)).limit(1)
                ).first()
            if row is not None:
                found = decode(ALERTS, row.alert)
                assert isinstance(found, Alert)
                return found, row.source_name
        return None

    def cancel(self, source_id: UUID) -> int:
        """Send nothing more of a source that was removed; how many deliveries waited. An attempt
        at work is not interrupted, but not repeated either.
        """
        query = update(deliveries).where(
            deliveries.c.source_id == str(source_id), deliveries.c.due_at.is_not(None)
        )
        with transaction(self._engine) as connection:
            return connection.execute(query.values(state="cancelled", due_at=None)).rowcount

    def forget(self, opened_before: float) -> int:
        """Delete deliveries that are over and older; how many there were."""
        query = delete(deliveries).where(
            deliveries.c.opened_at < opened_before, deliveries.c.due_at.is_(None)
        )
        with transaction(self._engine) as connection:
            connection.execute(delete(reviews).where(reviews.c.settled_at < opened_before))
            return connection.execute(query).rowcount

    def _claim(self, due: Any, now: float) -> Task | None:
        while True:
            with transaction(self._engine) as connection:
                row = connection.execute(due).one_or_none()
            if row is None:
                return None
            if self._seize(row, now + self.lease_s):
                return _task(row)

    def _seize(self, row: Row[Any], lease_until: float) -> bool:
        """Whether we were the first: the row is still as it was when we read it."""
        same = and_(
            deliveries.c.delivery_id == row.delivery_id,
            deliveries.c.state == row.state,
            deliveries.c.attempts == row.attempts,
        )
        values = {
            "state": "delivering",
            "attempts": row.attempts + 1,
            "due_at": lease_until,
            "holder": self._holder,
        }
        with transaction(self._engine) as connection:
            return connection.execute(update(deliveries).where(same).values(**values)).rowcount == 1


def due_to(target: Target, now: float) -> Select[Any]:
    """What `claim` claims. A first attempt that seems to lie ahead is due as well: then the wall
    clock was stepped back, and nobody shall wait for it to catch up.
    """
    mine = and_(deliveries.c.target_id == str(target.target_id), deliveries.c.due_at.is_not(None))
    stepped = and_(deliveries.c.attempts == 0, deliveries.c.opened_at > now + CLOCK_STEP_S)
    at_work = and_(mine, deliveries.c.state == "delivering", deliveries.c.due_at > now)
    return (
        select(deliveries)
        .where(mine, or_(deliveries.c.due_at <= now, stepped), deliveries.c.state != GATHERED)
        .where(~select(deliveries.c.delivery_id).where(at_work).exists())
        .order_by(deliveries.c.opened_at, deliveries.c.due_at, deliveries.c.delivery_id)
        .limit(1)
    )


def _row(item: Delivery, trace: str, now: float, mail_waits_s: float) -> dict[str, Any]:
    waits = item.target.channel == "email" and item.purpose in ("alert", "escalation")
    return {
        "delivery_id": str(item.delivery_id),
        "alert_id": str(item.alert.alert_id),
        "source_id": str(item.alert.source_id),
        "source_name": item.source_name[:255],
        "target_id": str(item.target.target_id),
        "channel": item.target.channel,
        "target": item.target.shown[:512],
        "alert": encode(item.alert),
        "amends": str(item.amends) if item.amends else None,
        "has_picture": False,
        "trace": trace[:64],
        "state": "waiting",
        "attempts": 0,
        "opened_at": now,
        "due_at": now + item.after_s + (mail_waits_s if waits else 0.0),
        "holder": "",
        "tenant_id": str(item.target.tenant_id) if item.target.tenant_id else None,
        "purpose": item.purpose,
        "digest_id": None,
    }


def _same(task: Task) -> Any:
    """The row is at the very attempt of the task, and nobody cancelled it."""
    return and_(
        deliveries.c.delivery_id == str(task.delivery_id),
        deliveries.c.attempts == task.attempt,
        deliveries.c.state == "delivering",
    )


def _task(row: Row[Any]) -> Task:
    alert = decode(ALERTS, row.alert)
    assert isinstance(alert, Alert)
    return Task(
        delivery_id=UUID(row.delivery_id),
        alert=alert,
        source_name=row.source_name,
        channel=row.channel,
        shown=row.target,
        amends=UUID(row.amends) if row.amends else None,
        attempt=row.attempts + 1,
        opened_at=row.opened_at,
        trace=row.trace,
        target_id=UUID(row.target_id),
        purpose=row.purpose,
    )
