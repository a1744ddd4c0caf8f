"""One supervised process: started on a leash, logged, asked for its health, started again."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.chassis.backoff import pause_after
from services.chassis.environment import EXIT_CODE as REFUSED
from services.local.journal import OURS, Journal
from services.local.state import ProcessRecord, start_time

LEASH = Path(__file__).with_name("leash.py")
STARTING_POLL_S = 0.15
STEADY_POLL_S = 3.0
LONGEST_LINE = 256 * 1024
SPOKEN = "nightclerk: "
MOST_WORDS = 20
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
HEALTHY_S = 60.0

Probe = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class ProcessPlan:
    """What to run and how to know that it is well. `grace_s` is its time between TERM and KILL."""

    name: str
    command: tuple[str, ...]
    probe: Probe
    address: str
    environment: Mapping[str, str] = field(default_factory=dict)
    grace_s: float = 15.0


def leashed(command: tuple[str, ...], sign: int = signal.SIGKILL) -> tuple[str, ...]:
    """The command, made to get `sign` when the process that calls this is gone."""
    interpreter = (sys.executable, "-I", "-S", str(LEASH))
    return (*interpreter, str(os.getpid()), str(int(sign)), *command)


@dataclass(frozen=True)
class Backoff:
    """How long a process that ended waits: twice as long after each short run, from the first
    pause to the longest; a run of HEALTHY_S begins anew.
    """

    short_runs: int = 0

    def after(self, uptime_s: float) -> tuple[float, "Backoff"]:
        """The pause after a run of `uptime_s`, and the state for the next one."""
        short_runs = 0 if uptime_s >= HEALTHY_S else self.short_runs
        short_runs += 1
        return pause_after(short_runs, FIRST_PAUSE_S, LONGEST_PAUSE_S), Backoff(short_runs)


class SupervisedProcess:
    """Keeps one plan running until it is told to stop. `changed` is called at each new state."""

    def __init__(self, plan: ProcessPlan, journal: Journal, changed: Callable[[], None]) -> None:
        self.plan = plan
        self.ready = asyncio.Event()
        self.short_lives = 0
        self.refusal: str | None = None
        """What it said when it ended since it cannot work with its settings."""
        self._journal, self._changed = journal, changed
        self._state, self._restarts = "waiting", 0
        self._process: asyncio.subprocess.Process | None = None
        self._started_s: float | None = None
        self._last_words: list[str] = []
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def record(self) -> ProcessRecord:
        pid = self._process.pid if self._process and self._process.returncode is None else None
        return ProcessRecord(
            name=self.plan.name,
            pid=pid,
            started_s=self._started_s if pid else None,
            state=self._state,
            restarts=self._restarts,
            address=self.plan.address,
            last_words="" if pid else "\n".join(self._last_words),
        )

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        """TERM, after the grace KILL; returns when the process is gone."""
        self._stopping.set()
        if self._process and self._process.returncode is None:
            self._signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), self.plan.grace_s)
            except TimeoutError:
                self._signal(signal.SIGKILL)
        if self._task:
            await self._task
        self._become("stopped")

    async def _keep_running(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._run_once()
            if self._stopping.is_set():
                break
            self.short_lives += 0 if self.ready.is_set() else 1
            self.ready.clear()
            self.refusal = "\n".join(self._last_words) if code == REFUSED else None
            delay_s, backoff = backoff.after(time.monotonic() - began)
            self._restarts += 1
            self._journal.write(self.plan.name, f"{describe_exit(code)}; again in {delay_s:g} s")
            self._become("down")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay_s)

    async def _run_once(self) -> int:
        self._process = process = await asyncio.create_subprocess_exec(
            *leashed(self.plan.command),
            env={**os.environ, **self.plan.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # A group of its own: Ctrl-C reaches the supervisor alone, which stops all in order. Not
            # a session: Linux shares the processor between sessions whatever `nice` says
            # (autogroup), and evidence has to give way to the network.
            process_group=0,
            limit=LONGEST_LINE,
        )
        self._started_s, self._last_words = start_time(process.pid), []
        self._become("starting")
        chores = (asyncio.create_task(self._log(process)), asyncio.create_task(self._watch()))
        code = await process.wait()
        self._signal(signal.SIGKILL)  # whatever it left in its group
        chores[1].cancel()
        await asyncio.wait(chores, timeout=1)
        chores[0].cancel()
        return code

    async def _log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than LONGEST_LINE: the rest of it comes as further lines
                continue
            if not line:
                return
            if text := line.decode(errors="replace").rstrip():
                self._journal.write(self.plan.name, text)
                self._listen(text)

    def _listen(self, text: str) -> None:
        """Keep the sentence, of a line or a few, with which a program of ours ends."""
        if text.startswith(SPOKEN):
            self._last_words = [text.removeprefix(SPOKEN)]
        elif self._last_words:
            self._last_words = [*self._last_words, text][:MOST_WORDS]

    async def _watch(self) -> None:
        while True:
            healthy = await self.plan.probe()
            if healthy:
                if not self.ready.is_set():
                    self._journal.write(OURS, f"{self.plan.name} is ready")
                self.ready.set()
                self._become("ready")
            elif self.ready.is_set():
                self._become("unhealthy")
            await asyncio.sleep(STEADY_POLL_S if self.ready.is_set() else STARTING_POLL_S)

    def _signal(self, number: int) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _become(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self._changed()


def describe_exit(code: int) -> str:
    """`ended with code 3`, or the name of the signal that ended it."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"
