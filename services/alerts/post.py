"""Mails that are not about an alert: invitations, password resets, notices. Each is sent once in
effect, and tried until it is not wanted any more.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import msgpack
from sqlalchemy import Engine, and_, delete, func, or_, select, update

from schemas.codec import decode, encode
from schemas.mails import MailRequested
from schemas.topics import MAILS
from services.alerts.core.deliveries import Receipt, RetryPolicy
from services.alerts.core.letters import Letter
from services.alerts.tables import mails
from services.chassis.clock import Clock
from services.chassis.deadline import BoundedCalls, Deadline, Expired
from services.chassis.sealing import Sealing, SealingFault
from services.chassis.storage.database import transaction, upsert
from services.chassis.telemetry import logs, metrics

log = logs.get("post")
PURPOSE = "mail"
IDLE_S = 5.0
POLICY = RetryPolicy(cap_s=300.0)


@dataclass(frozen=True)
class MailTask:
    """A mail that is claimed: attempt number `attempt` is to be made now."""

    message: MailRequested
    attempt: int


class MailQueue:
    """Claims by leases, as the ledger has. Raises TransientError when the database is away."""

    def __init__(self, engine: Engine, holder: str, lease_s: float = 120.0) -> None:
        """A lease is longer than an attempt may be."""
        self._engine, self._holder, self.lease_s = engine, holder, lease_s

    def open(self, message: MailRequested, now: float) -> None:
        """Write it down as waiting; what was opened before stays as it is."""
        row = {
            "mail_id": str(message.mail_id),
            "message": encode(message),
            "state": "waiting",
            "attempts": 0,
            "opened_at": now,
            "due_at": now,
            "holder": "",
        }
        with transaction(self._engine) as connection:
            upsert(connection, mails, [row], update=[])

    def next_due(self) -> float | None:
        with transaction(self._engine) as connection:
            due_at = connection.scalar(select(func.min(mails.c.due_at)))
        return None if due_at is None else float(due_at)

    def claim(self, now: float) -> MailTask | None:
        """The longest due, unless somebody has it at work."""
        query = select(mails).where(mails.c.due_at <= now).order_by(mails.c.due_at).limit(1)
        while True:
            with transaction(self._engine) as connection:
                row = connection.execute(query).one_or_none()
                if row is None:
                    return None
                mine = and_(mails.c.mail_id == row.mail_id, mails.c.attempts == row.attempts)
                taken = {
                    "state": "delivering",
                    "attempts": row.attempts + 1,
                    "due_at": now + self.lease_s,
                    "holder": self._holder,
                }
                seized = connection.execute(update(mails).where(mine).values(taken)).rowcount
            if seized == 1:
                message = decode(MAILS, row.message)
                assert isinstance(message, MailRequested)
                return MailTask(message, row.attempts + 1)

    def close(self, task: MailTask, state: str, due_at: float | None) -> None:
        """How it ended. What is over keeps its id alone, so that it is not sent again."""
        mine = mails.c.mail_id == str(task.message.mail_id), mails.c.attempts == task.attempt
        values: dict[str, Any] = {"state": state, "due_at": due_at, "holder": ""}
        if due_at is None:
            values["message"] = b""
        with transaction(self._engine) as connection:
            connection.execute(update(mails).where(*mine).values(values))

    def forget(self, opened_before: float) -> int:
        over = or_(mails.c.due_at.is_(None), mails.c.due_at < opened_before)
        query = delete(mails).where(mails.c.opened_at < opened_before, over)
        with transaction(self._engine) as connection:
            return connection.execute(query).rowcount


class LetterChannel(Protocol):
    """What mails are handed in by."""

    def hand_in(self, letter: Letter, deadline: Deadline) -> Receipt:
        """One attempt. Never raises."""


class Post:
    """`turn` makes at most one attempt."""

    def __init__(
        self,
        queue: MailQueue,
        channel: LetterChannel,
        sealing: Sealing,
        clock: Clock,
        deadline_s: float = 20.0,
    ) -> None:
        self._queue, self._channel, self._sealing = queue, channel, sealing
        self._clock, self._deadline_s = clock, deadline_s
        self._calls = BoundedCalls()

    def turn(self) -> float:
        """Seconds until there is more to do. Raises TransientError when the database is away."""
        now = self._clock.now()
        task = self._queue.claim(now.timestamp())
        if task is None:
            due_at = self._queue.next_due()
            wait_s = IDLE_S if due_at is None else due_at - now.timestamp()
            return min(max(wait_s, 0.05), IDLE_S)
        if now >= task.message.expires_at:
            self._end(task, Receipt(False, "it has expired"))
            return 0.0
        receipt = self._send(task.message)
        if not receipt.delivered and receipt.again:
            self._retry(task, receipt)
        else:
            self._end(task, receipt)
        return 0.0

    def cut_short(self) -> None:
        self._calls.cut_short()

    def _send(self, message: MailRequested) -> Receipt:
        try:
            letter = self._letter(message)
        except (SealingFault, ValueError, KeyError) as error:
            return Receipt(False, f"it cannot be opened ({type(error).__name__})")
        try:
            return self._calls.run(self._deadline_s, lambda end: self._channel.hand_in(letter, end))
        except Expired as error:
            return Receipt(False, str(error), again=True)

    def _letter(self, message: MailRequested) -> Letter:
        content = msgpack.unpackb(self._sealing.open_secret(PURPOSE, message.sealed))
        return Letter(message, str(content["to"]), str(content.get("link") or ""))

    def _retry(self, task: MailTask, receipt: Receipt) -> None:
        after_s = max(POLICY.delay_s(task.attempt, 0.5), receipt.retry_after_s)
        self._queue.close(task, "waiting", self._clock.now().timestamp() + after_s)
        self._log("retrying", task, receipt)

    def _end(self, task: MailTask, receipt: Receipt) -> None:
        state = "delivered" if receipt.delivered else "failed"
        self._queue.close(task, state, None)
        self._log(state, task, receipt)

    def _log(self, state: str, task: MailTask, receipt: Receipt) -> None:
        """Who gets it is nobody's business."""
        metrics.count("deliveries", f"mail/{state}")
        kind, mail_id = task.message.kind, str(task.message.mail_id)
        log.info(state, kind=kind, mail_id=mail_id, attempt=task.attempt, detail=receipt.detail)
