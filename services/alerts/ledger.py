"""The ledger: what was made and told of each alert, so that nothing is told twice.

Four steps of one delivery: opened (waiting), claimed (delivering, with a lease), closed
(delivered, failed, or waiting for a later time) and reported. Closing writes the attempt's event
to the outbox in the same transaction; it leaves the outbox once Kafka has acknowledged it. A claim
whose lease ran out, its owner having died, may be claimed again.

Times are seconds since the epoch. All methods raise TransientError when the database is away.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.schema import CreateTable

from schemas.codec import decode, encode
from schemas.deliveries import DeliveryAttempted
from schemas.topics import ALERTS, DELIVERIES
from services.alerts.core import Alert
from services.alerts.core.deliveries import ChannelName, Delivery, Verdict
from services.alerts.core.spans import Made, Span
from services.alerts.tables import deliveries, evidence, metadata, outbox
from services.chassis.errors import TransientError
from services.chassis.storage.database import upsert

OPEN = ("waiting", "delivering")


@dataclass(frozen=True)
class Task:
    """A delivery that is claimed: attempt number `attempt` is to be made now."""

    delivery_id: UUID
    alert: Alert
    shown: str
    made: Made
    attempt: int
    opened_at: float
    trace: str


@dataclass(frozen=True)
class Report:
    """An attempt that Kafka has not acknowledged yet."""

    message: DeliveryAttempted
    trace: str


class Ledger:
    """Safe between threads and processes. `owner` tells the instances of the service apart."""

    def __init__(self, engine: Engine, owner: str) -> None:
        self._engine, self._owner = engine, owner

    def prepare(self, now: float, keep_s: float) -> None:
        """Create the tables where they are missing, make what this owner left in the middle due
        again, and forget what is older than `keep_s`: no topic holds those alerts any more.
        """
        with self._begin() as connection:
            for table in metadata.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
        with self._begin() as connection:
            connection.execute(
                update(deliveries)
                .where(deliveries.c.state == "delivering", deliveries.c.owner == self._owner)
                .values(due_at=now)
            )
            connection.execute(
                delete(deliveries).where(
                    deliveries.c.opened_at < now - keep_s, deliveries.c.state.not_in(OPEN)
                )
            )
            connection.execute(delete(evidence).where(evidence.c.made_at < now - keep_s))

    def made(self, alert_id: UUID) -> Made | None:
        """What was made for an alert so far."""
        query = select(evidence).where(evidence.c.alert_id == str(alert_id))
        with self._begin() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        span = Span(row.start_s, row.end_s)
        return Made(span, row.peak_s, row.snapshot_key, row.evidence_key, row.note)

    def remember(self, alert_id: UUID, made: Made, now: float) -> None:
        row = {
            "alert_id": str(alert_id),
            "start_s": made.span.start_s,
            "end_s": made.span.end_s,
            "peak_s": made.peak_s,
            "snapshot_key": made.snapshot_key,
            "evidence_key": made.evidence_key,
            "note": made.note[:500],
            "made_at": now,
        }
        with self._begin() as connection:
            upsert(connection, evidence, [row], update=[name for name in row if name != "alert_id"])

    def open(self, opened: Sequence[Delivery], made: Made, trace: str, now: float) -> None:
        """Write deliveries down as waiting; those that are known already stay as they are."""
        rows = [
            {
                "delivery_id": str(one.delivery_id),
                "channel": one.target.channel,
                "target": one.target.shown[:512],
                "alert": encode(one.alert),
                "trace": trace[:64],
                "snapshot_key": made.snapshot_key,
                "evidence_key": made.evidence_key,
                "note": made.note[:500],
                "state": "waiting",
                "attempts": 0,
                "opened_at": now,
                "due_at": now,
                "owner": "",
            }
            for one in opened
        ]
        with self._begin() as connection:
            upsert(connection, deliveries, rows, update=[])

    def next_due(self, channel: ChannelName) -> float | None:
        """When the channel has something to do, if ever."""
        query = select(func.min(deliveries.c.due_at)).where(self._open(channel))
        with self._begin() as connection:
            due_at = connection.execute(query).scalar_one()
        return None if due_at is None else float(due_at)

    def claim(self, channel: ChannelName, now: float, lease_s: float) -> Task | None:
        """The delivery that waits longest, if one is due; nobody else gets it for `lease_s`."""
        query = (
            select(deliveries)
            .where(self._open(channel), deliveries.c.due_at <= now)
            .order_by(deliveries.c.due_at, deliveries.c.delivery_id)
            .limit(1)
        )
        while True:
            with self._begin() as connection:
                row = connection.execute(query).one_or_none()
            if row is None:
                return None
            if self._seize(row, now + lease_s):
                return _task(row)

    def close(self, task: Task, verdict: Verdict, event: DeliveryAttempted, now: float) -> None:
        """Write down how the attempt ended, and its event, at once. The state stays as it is when
        the lease ran out meanwhile and somebody else has the delivery.
        """
        final = verdict.due_at is None
        values = {
            "state": verdict.outcome if final else "waiting",
            "due_at": now if verdict.due_at is None else verdict.due_at,
            "owner": "",
        }
        report = {
            "delivery_id": str(task.delivery_id),
            "attempt": task.attempt,
            "message": encode(event),
            "trace": task.trace,
            "written_at": now,
        }
        with self._begin() as connection:
            connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.delivery_id == str(task.delivery_id),
                    deliveries.c.attempts == task.attempt,
                )
                .values(**values)
            )
            upsert(connection, outbox, [report], update=["message", "trace", "written_at"])

    def reports(self, most: int) -> list[Report]:
        """Events not yet acknowledged, oldest first."""
        order = (outbox.c.written_at, outbox.c.delivery_id, outbox.c.attempt)
        with self._begin() as connection:
            rows = connection.execute(select(outbox).order_by(*order).limit(most)).all()
        return [_report(row) for row in rows]

    def reported(self, reports: Sequence[Report]) -> None:
        """Kafka has acknowledged them."""
        with self._begin() as connection:
            for report in reports:
                connection.execute(
                    delete(outbox).where(
                        outbox.c.delivery_id == str(report.message.delivery_id),
                        outbox.c.attempt == report.message.attempt,
                    )
                )

    def _seize(self, row: Row[Any], lease_until: float) -> bool:
        """Whether we were the first: the row is still as it was when we looked."""
        same = and_(
            deliveries.c.delivery_id == row.delivery_id,
            deliveries.c.state == row.state,
            deliveries.c.attempts == row.attempts,
        )
        values = {
            "state": "delivering",
            "attempts": row.attempts + 1,
            "due_at": lease_until,
            "owner": self._owner,
        }
        with self._begin() as connection:
            return connection.execute(update(deliveries).where(same).values(**values)).rowcount == 1

    def _open(self, channel: ChannelName) -> Any:
        return and_(deliveries.c.channel == channel, or_(*(deliveries.c.state == s for s in OPEN)))

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except (OperationalError, InterfaceError) as error:
            raise TransientError(f"database: {error.orig}") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise TransientError(f"database: {error.orig}") from error
            raise


def _task(row: Row[Any]) -> Task:
    alert = decode(ALERTS, row.alert)
    assert isinstance(alert, Alert)
    span = Span(alert.start_s, alert.end_s)
    return Task(
        delivery_id=UUID(row.delivery_id),
        alert=alert,
        shown=row.target,
        made=Made(span, alert.peak_s, row.snapshot_key, row.evidence_key, row.note),
        attempt=row.attempts + 1,
        opened_at=row.opened_at,
        trace=row.trace,
    )


def _report(row: Row[Any]) -> Report:
    message = decode(DELIVERIES, row.message)
    assert isinstance(message, DeliveryAttempted)
    return Report(message, row.trace)
