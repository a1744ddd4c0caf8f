"""Keeps the process of one camera alive, whatever it does, and ends it when it is asked to."""

import random

from schemas.sources import SourceConfigured
from services.chassis.clock import Clock
from services.chassis.telemetry import logs
from services.ingest.cameras.entry import watch
from services.ingest.cameras.forking import MOST_LINE, Child, Program
from services.ingest.cameras.reading import Backoff
from services.ingest.cameras.wire import GONE, Heartbeat, camera_line, heartbeat_of

log = logs.get("cameras")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
STEADY_S = 60.0
"""A process that lived so long starts its pauses anew when it dies."""
FAILING_S = 10.0
START_S = 120.0
"""The first heartbeat comes within so long: a machine may start dozens at once."""
SILENT_S = 20.0
"""A process without a heartbeat for so long is killed."""
END_S = 10.0
"""A process that was asked to end and did not is killed after so long."""


class Runner:
    """One camera. `turn` is called again and again by one thread, all methods under one lock.

    `want` says what to run, None for nothing. The process is told to end when another camera is
    wanted, and the next one begins only once it is gone.
    """

    def __init__(self, clock: Clock, program: Program = watch, end_s: float = END_S) -> None:
        self._clock, self._program, self._end_s = clock, program, end_s
        self._wanted: SourceConfigured | None = None
        self._running: SourceConfigured | None = None
        self._process: Child | None = None
        self._backoff = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S, random.Random())
        self._begun_s = self._due_s = 0.0
        self._silent_at_s = 0.0
        self._end_at_s: float | None = None
        self._unread = b""
        self.latest: Heartbeat | None = None
        """None until the first heartbeat of the present process."""
        self.starts = 0
        self._failing_s: float | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def is_over(self) -> bool:
        """Nothing runs, and nothing shall."""
        return self._process is None and self._wanted is None

    @property
    def failing(self) -> SourceConfigured | None:
        """The camera whose processes keep ending, one after the other, for FAILING_S by now."""
        if self._failing_s is None or self._clock.monotonic() - self._failing_s < FAILING_S:
            return None
        return self._wanted

    def want(self, source: SourceConfigured | None, is_gone: bool = False) -> None:
        """`is_gone`: the camera is paused or removed, not only watched elsewhere."""
        self._wanted = source
        if self._process is None:
            self._due_s = self._clock.monotonic()
        elif source is None or not is_same(source, self._running):
            self._ask_to_end(is_gone)

    def turn(self) -> None:
        """Start, watch or kill, as it is due. Returns at once."""
        now_s = self._clock.monotonic()
        if self._process is None:
            if self._wanted is not None and now_s >= self._due_s:
                self._start(self._wanted)
            return
        self._listen(self._process)
        if now_s - self._begun_s > STEADY_S:
            self._failing_s = None
        if (code := self._process.poll()) is not None:
            self._buried(self._process, code)
        elif self._end_at_s is not None and now_s > self._end_at_s:
            self._kill("did not end")
        elif self._end_at_s is None and now_s > self._silent_at_s:
            self._kill("gave no sign of life")

    def _start(self, source: SourceConfigured) -> None:
        self._begun_s = self._clock.monotonic()
        self._silent_at_s, self._end_at_s = self._begun_s + START_S, None
        self._running, self._unread, self.latest = source, b"", None
        self.starts += 1
        try:
            self._process = Child(self._program)
        except OSError as error:
            self._due_s = self._begun_s + self._backoff.next()
            log.warning("no process for a camera", source_id=source.key, error=str(error))
            return
        self._send(camera_line(source))

    def _send(self, line: bytes) -> None:
        assert self._process is not None
        try:
            self._process.send(line)
        except OSError:  # it is dead already, and will be buried
            log.debug("a camera's process hears nothing")

    def _ask_to_end(self, is_gone: bool) -> None:
        if self._end_at_s is not None or self._process is None:
            return
        self._end_at_s = self._clock.monotonic() + self._end_s
        if self.latest is None:  # it has not begun to watch, so there is nothing to end well
            self._process.kill()
        if is_gone:
            self._send(GONE)
        self._process.end_input()

    def _listen(self, process: Child) -> None:
        """Take what it said since the last turn; of a flood only the end."""
        try:
            heard = process.read()
        except BlockingIOError:
            return
        *lines, self._unread = (self._unread + heard).split(b"\n")
        self._unread = self._unread[-MOST_LINE:]
        beats = [beat for line in lines[-2:] if (beat := heartbeat_of(line)) is not None]
        if beats:
            self.latest = beats[-1]
            self._silent_at_s = self._clock.monotonic() + SILENT_S

    def _kill(self, reason: str) -> None:
        assert self._process is not None
        assert self._running is not None
        log.error("a camera's process is killed", source_id=self._running.key, reason=reason)
        self._process.kill()
        self._silent_at_s = self._clock.monotonic() + SILENT_S
        self._end_at_s = self._end_at_s and self._silent_at_s

    def _buried(self, process: Child, code: int) -> None:
        now_s = self._clock.monotonic()
        process.close()
        was_asked, self._process = self._end_at_s is not None, None
        if now_s - self._begun_s > STEADY_S:
            self._backoff.reset()
            self._failing_s = None
        self._due_s = now_s if was_asked else now_s + self._backoff.next()
        if not was_asked and self._running is not None:
            self._failing_s = self._failing_s or now_s
            log.error("a camera's process ended", source_id=self._running.key, code=code)


def is_same(one: SourceConfigured, other: SourceConfigured | None) -> bool:
    """Whether a process need not be started anew: names and the like change nothing."""
    return other is not None and _essence(one) == _essence(other)


def _essence(source: SourceConfigured) -> SourceConfigured:
    blank = {
        "name": "",
        "tenant_id": source.source_id,
        "store_id": source.source_id,
        "configured_at": source.origin_at,
    }
    return source.model_copy(update=blank)
