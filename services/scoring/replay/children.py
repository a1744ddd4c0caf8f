"""Replays as child processes of a worker: one a run, killed at once, gone when the worker is."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.replays import ReplayRequested
from services.scoring.replay.job import send

COMMAND = (sys.executable, "-m", "services.scoring.replay.job")


class Child(Protocol):
    """One replay under way."""

    @property
    def request(self) -> ReplayRequested: ...

    def ended(self) -> "Ended | None":
        """None while it is at work."""

    def kill(self) -> None:
        """Gone when this returns."""


@dataclass(frozen=True)
class Ended:
    """How a child ended. Codes below zero are signals."""

    code: int


Spawn = Callable[[ReplayRequested], Child]


class ChildProcess:
    """Stays in the session of its worker, so that niceness counts between them (on Linux the
    scheduler shares out by sessions first).
    """

    def __init__(self, request: ReplayRequested, command: Sequence[str] = COMMAND) -> None:
        self.request = request
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE)
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it ended already, and says why by its code
            send(self._process.stdin, request)

    def ended(self) -> Ended | None:
        code = self._process.poll()
        return None if code is None else Ended(code)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
