"""The spool of a camera's process: its messages go to Kafka, or wait on disk while it is away."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from schemas.base import Message
from schemas.topics import Topic
from services.chassis.clock import Clock, SystemClock
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.streaming.publisher import Publisher
from services.chassis.telemetry import logs
from services.ingest.core.waiting import Departure
from services.ingest.spool.files import Damaged, SpoolFolder
from services.ingest.spool.room import Everything, LatePace, Room
from services.ingest.spool.store import SpoolLimits, SpoolStore

log = logs.get("spool")

IDLE_S = 1.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 2.0
HOLD_WITHIN_S = 20.0


@dataclass(frozen=True)
class SpoolState:
    """For the heartbeat. `dropped` counts clips since the start of the process."""

    waiting: int
    waiting_bytes: int
    late_clips: int
    dropped: int
    is_away: bool


class Spool:
    """Store and forward for one source. `put` may be called by any thread; one thread sends.

    A message is on disk until Kafka acknowledged it, so the death of the process loses none that
    was put; what is sent twice after that has the same id. Kafka counts as away from the first
    message that it does not acknowledge within the publisher's bound.
    """

    def __init__(
        self,
        files: SpoolFolder,
        publisher: Publisher,
        clock: Clock | None = None,
        limits: SpoolLimits = SpoolLimits(),
        room: Room = Everything(),
    ) -> None:
        self._files, self._publisher, self._pace = files, publisher, LatePace(room)
        self._clock, self._limits = clock or SystemClock(), limits
        self._opened: SpoolStore | None = None
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._on_failure: Callable[[], None] = lambda: None
        self._failure: BaseException | None = None
        self._pause_s = 0.0
        self._retry_at_s = float("-inf")

    @property
    def _store(self) -> SpoolStore:
        assert self._opened is not None, "not open"
        return self._opened

    def open(self, within_s: float = HOLD_WITHIN_S) -> None:
        """Take the folder over, with what lies in it. Raises TransientError where another process
        has it for so long, or where there can be no folder.
        """
        deadline = self._clock.monotonic() + within_s
        while not self._hold():
            if self._clock.monotonic() > deadline:
                raise TransientError(f"Another process has the spool {self._files.folder}.")
            self._clock.wait(0.1, self._stopped)
        self._opened = SpoolStore(self._files, self._clock, self._limits)
        if not len(self._opened.line):
            self._opened.tell_losses()

    def _hold(self) -> bool:
        try:
            return self._files.hold()
        except OSError as error:
            raise TransientError(
                f"The spool {self._files.folder} cannot be used: {error.strerror}."
            ) from None

    def start(self, on_failure: Callable[[], None] = lambda: None) -> None:
        """`open`, then send in a thread of its own; `on_failure` is called when that ends by an
        error.
        """
        self.open()
        self._on_failure = on_failure
        self._thread.start()

    def put(self, topic: Topic, message: Message) -> None:
        """Take it; returns at once, whether Kafka is there or the disk is full. Clips are put on
        `clips.live.v1`; the spool decides which of them are late, beside those that say so.
        """
        with self._changed:
            self._store.put(topic, message)
            self._changed.notify()

    def stop(self, within_s: float = 3.0) -> None:
        """Send what is live as long as Kafka takes it, at most so long; the rest stays on disk."""
        deadline = self._clock.monotonic() + within_s
        with self._changed:
            self._changed.wait_for(self._has_nothing_to_do, max(0.0, within_s))
            self._stopped.set()
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(max(0.0, deadline - self._clock.monotonic()) + within_s)
        self._store.close()
        self._files.release()

    def discard(self) -> None:
        """The camera is removed: nothing of it is sent any more, nothing stays."""
        self._stopped.set()
        with self._changed:
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()
        self._files.remove()

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def state(self) -> SpoolState:
        with self._changed:
            line, late = self._store.line, self._late_clips()
            return SpoolState(
                len(line), line.size_bytes, late, self._store.dropped, self._pause_s > 0
            )

    def turn(self) -> float:
        """Send the next message, if one may go. Returns how long nothing else has to be done."""
        now_s = self._clock.monotonic()
        if now_s < self._retry_at_s:
            return self._retry_at_s - now_s
        try:
            departure = self._send_next(now_s, late_may_go=False)
            if departure is not None:
                return 0.0
            return self._send_late(now_s) if self._late_clips() else IDLE_S
        except TransientError as error:
            return self._outage(error)

    def _send_late(self, now_s: float) -> float:
        wait_s = self._pace.wait_s(now_s)
        if wait_s <= 0 and self._send_next(now_s, late_may_go=True) is not None:
            self._pace.sent(now_s)
        return max(0.0, wait_s)

    def _send_next(self, now_s: float, late_may_go: bool) -> Departure | None:
        """Raises TransientError; then the message stays."""
        with self._changed:
            departure = self._store.line.next(now_s, late_may_go)
            if departure is None:
                return None
            try:
                outgoing = self._store.outgoing(departure)
            except Damaged as error:
                return self._useless(departure, error)
        try:
            self._publisher.publish(outgoing)
            self._publisher.flush()
        except InvalidMessage as error:
            return self._useless(departure, error)
        with self._changed:
            self._acknowledged(departure)
        return departure

    def _acknowledged(self, departure: Departure) -> None:
        if self._pause_s:
            waiting = len(self._store.line)
            log.info("Kafka is back", waiting=waiting, dropped=self._store.losses.count)
            self._pause_s = 0.0
        self._store.acknowledged(departure)
        self._store.tell_losses()
        self._changed.notify_all()

    def _useless(self, departure: Departure, error: Exception) -> Departure:
        log.error("a message can never be sent", lane=departure.lane, error=str(error))
        with self._changed:
            self._store.useless(departure)
        return departure

    def _outage(self, error: TransientError) -> float:
        """The next try; longer apart from try to try, so long as nothing new comes."""
        if not self._pause_s:
            log.warning("Kafka is away, messages wait on disk", error=str(error))
        self._pause_s = min(LONGEST_PAUSE_S, 2 * self._pause_s or FIRST_PAUSE_S)
        self._retry_at_s = self._clock.monotonic() + self._pause_s
        with self._changed:
            self._changed.notify_all()
        return self._pause_s

    def _has_nothing_to_do(self) -> bool:
        """For now: all that is live was sent, or Kafka does not take it."""
        return self._pause_s > 0 or len(self._store.line) == self._late_clips()

    def _late_clips(self) -> int:
        with self._changed:
            return self._store.line.late_clips(self._clock.monotonic())

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                pause_s = self.turn()
                with self._changed:
                    if pause_s and not self._stopped.is_set():
                        self._changed.wait(pause_s)
        except BaseException as error:  # noqa: BLE001 - whoever started it raises it again
            self._failure = error
            self._on_failure()
