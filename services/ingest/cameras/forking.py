"""Processes of cameras by fork of a server that has imported everything they need: a start costs a
few hundredths of a second instead of one and a half, and what is imported lies in memory once.

The server is that of the standard library (multiprocessing, "forkserver"). It has one thread and is
no child of a process with threads, so that forking it is safe.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import BinaryIO

Program = Callable[[BinaryIO, BinaryIO], None]
"""Reads commands from the first until that ends, and writes heartbeats to the second. A function of
a module, since the server imports it by its name."""

PRELOADED = "services.ingest.cameras.entry"
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""numpy would start a thread a core in each process, and in the server before it forks."""
MOST_LINE = 64 * 1024


class Child:
    """One process. It ends when its input does, also because its worker died."""

    def __init__(self, program: Program) -> None:
        """Start it. Raises OSError."""
        context = multiprocessing.get_context("forkserver")
        commands, self._commands = context.Pipe(duplex=False)
        self._beats, beats = context.Pipe(duplex=False)
        os.set_blocking(self._beats.fileno(), False)
        self._process = context.Process(
            target=_run, args=(program, commands, beats), name="camera", daemon=True
        )
        try:
            _require_server()
            self._process.start()
        except BaseException:
            self.close()
            raise
        finally:
            commands.close()
            beats.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def send(self, line: bytes) -> None:
        """Raises OSError when it is dead already."""
        os.write(self._commands.fileno(), line)

    def end_input(self) -> None:
        self._commands.close()

    def read(self) -> bytes:
        """What it wrote since the last call, up to MOST_LINE bytes. Raises BlockingIOError for
        nothing.
        """
        return os.read(self._beats.fileno(), MOST_LINE)

    def close(self) -> None:
        """Let go of it, once it is dead; one that lives on loses its input, and so ends."""
        self._commands.close()
        self._beats.close()


def _require_server() -> None:
    """Have the server run, also once more after it died."""
    multiprocessing.get_context("forkserver").set_forkserver_preload([PRELOADED])
    with _environment(ONE_THREAD):
        forkserver.ensure_running()


@contextmanager
def _environment(more: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _run(program: Program, commands: Connection, beats: Connection) -> None:
    with (
        os.fdopen(os.dup(commands.fileno()), "rb", buffering=0) as readable,
        os.fdopen(os.dup(beats.fileno()), "wb", buffering=0) as writable,
    ):
        program(readable, writable)
