"""Hands targets that something is due to out to a bounded number of threads (ADR 0035, 0045).

Whoever hangs gives its place back after a moment, so that nobody else waits for it. Instances share
the work by the ledger alone, whose claims nobody else has.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import UUID

from services.alerts.core.admission import Pending, Shares, Working, admitted
from services.alerts.core.deliveries import Target
from services.alerts.ledger import Ledger
from services.alerts.sending import Sender
from services.alerts.targets import TargetDirectory
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.telemetry import logs

log = logs.get("dispatch")
HANGING_S = 1.0
"""An attempt that is at work for longer counts as slow: its place is another's."""
IDLE_S = 5.0
"""Deliveries that another instance left behind are seen after so long."""
RESTS_S = 0.5
"""A target at which another instance is at work is looked at again after so long."""
UNHEARD_S = 15.0
"""So long a configured target may be unheard of: targets.v1 tells of it apart from its alerts."""


class Dispatcher:
    """`turn` hands out and returns at once; attempts end in threads of their own."""

    def __init__(
        self,
        ledger: Ledger,
        directory: TargetDirectory,
        sender_of: Callable[[Target], Sender],
        clock: Clock,
        shares: Shares = Shares(),
    ) -> None:
        self._ledger, self._directory, self._sender_of = ledger, directory, sender_of
        self._clock, self._shares = clock, shares
        self._pool = ThreadPoolExecutor(2 * shares.most, thread_name_prefix="attempt")
        self._lock = threading.Lock()
        self._senders: dict[UUID, Sender] = {}
        self._at_work: dict[UUID, tuple[UUID | None, float]] = {}
        """Of whom, and since when by the monotonic clock."""
        self._rests_until: dict[UUID, float] = {}
        self._slow: set[UUID] = set()
        self._failure: BaseException | None = None
        self.wake: Callable[[], None] = lambda: None
        """Called when an attempt is over: there is room for another."""

    def turn(self) -> float:
        """Seconds until there is more to do. Raises TransientError when the database is away, and
        what ended an attempt that nothing may end.
        """
        if self._failure is not None:
            raise self._failure
        now = self._clock.now().timestamp()
        pending = self._ledger.pending(now)
        due = [each for each in pending if each.due_at <= now and self._is_rested(each)]
        working, places_s = self._working()
        with self._lock:
            chosen = admitted(due, working, self._slow, self._shares)
        for each in chosen:
            self._hand_out(each, now)
        ahead = [each.due_at - now for each in pending if each.due_at > now]
        begun = working.keys() | {each.target_id for each in chosen}
        if any(each.target_id not in begun for each in due):
            ahead += places_s
        return min([IDLE_S, *ahead, *self._rests()])

    def cut_short(self) -> None:
        """End the attempts at work, from another thread: they count as failed for now."""
        with self._lock:
            senders = [self._senders[name] for name in self._at_work if name in self._senders]
        for sender in senders:
            sender.cut_short()

    def close(self) -> None:
        """Return once no attempt is at work."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _working(self) -> tuple[dict[UUID, Working], list[float]]:
        """The attempts at work, and after how many seconds those that are quick so far hang."""
        now = self._clock.monotonic()
        with self._lock:
            ages = {name: now - since for name, (_, since) in self._at_work.items()}
            working = {
                name: Working(tenant_id, name in self._slow or ages[name] >= HANGING_S)
                for name, (tenant_id, _) in self._at_work.items()
            }
        places_s = [HANGING_S - age for age in ages.values() if age < HANGING_S]
        return working, places_s

    def _hand_out(self, each: Pending, now: float) -> None:
        target = self._directory.get(each.target_id)
        if target is None:
            self._orphaned(each, now)
            return
        with self._lock:
            sender = self._senders.get(each.target_id)
            if sender is None or sender.target is not target:
                sender = self._senders[each.target_id] = self._sender_of(target)
            self._at_work[each.target_id] = each.tenant_id, self._clock.monotonic()
        future = self._pool.submit(sender.turn)
        future.add_done_callback(lambda done: self._ended(each.target_id, sender, done))

    def _orphaned(self, each: Pending, now: float) -> None:
        """Of the environment, another instance may serve it; else it was removed."""
        self._rest(each.target_id, RESTS_S * 2)
        if each.tenant_id is not None and now - each.due_at > UNHEARD_S:
            cancelled = self._ledger.cancel_target(each.target_id)
            log.info("a target is gone", target_id=str(each.target_id), cancelled=cancelled)

    def _ended(self, target_id: UUID, sender: Sender, done: "Future[float]") -> None:
        error = None if done.cancelled() else done.exception()
        pause_s = 0.0 if done.cancelled() or error else done.result()
        with self._lock:
            self._at_work.pop(target_id, None)
            (self._slow.add if sender.is_slow else self._slow.discard)(target_id)
        if isinstance(error, TransientError):
            log.warning("trying again", target=sender.target.shown, error=str(error))
            self._rest(target_id, RESTS_S * 4)
        elif error is not None:
            self._failure = error
        elif pause_s > 0.0:
            self._rest(target_id, RESTS_S)
        self.wake()

    def _rest(self, target_id: UUID, seconds: float) -> None:
        with self._lock:
            self._rests_until[target_id] = self._clock.monotonic() + seconds

    def _is_rested(self, each: Pending) -> bool:
        with self._lock:
            until = self._rests_until.get(each.target_id)
        return until is None or until <= self._clock.monotonic()

    def _rests(self) -> list[float]:
        """Seconds until targets that rest are looked at again."""
        now = self._clock.monotonic()
        with self._lock:
            over = [name for name, until in self._rests_until.items() if until <= now]
            for name in over:
                del self._rests_until[name]
            return [until - now for until in self._rests_until.values()]
