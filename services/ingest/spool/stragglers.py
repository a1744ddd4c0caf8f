"""Folders of cameras that nobody watches here any more: what waits in them is sent all the same."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.streaming.publisher import Publisher
from services.chassis.telemetry import logs
from services.ingest.spool.files import SpoolFolder
from services.ingest.spool.room import Room
from services.ingest.spool.sender import Spool
from services.ingest.spool.store import SpoolLimits

log = logs.get("spool")

LOOK_S = 5.0
VISIT_S = 2.0
"""So long a folder is held at a time: a camera that comes back waits no longer for it."""


class Stragglers:
    """The worker's own part of the spool. A camera went to another worker, or its process does not
    come up: its folder is sent from here, as late, a little at a time. What a camera's process
    holds is left alone.
    """

    def __init__(
        self, root: Path, publisher: Publisher, clock: Clock, limits: SpoolLimits, room: Room
    ) -> None:
        self._root, self._publisher, self._clock = root, publisher, clock
        self._limits, self._room = limits, room
        self._removed: set[str] = set()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stragglers", daemon=True)
        self._on_failure: Callable[[], None] = lambda: None
        self._failure: BaseException | None = None

    def start(self, on_failure: Callable[[], None] = lambda: None) -> None:
        self._on_failure = on_failure
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def remove(self, source_id: UUID) -> None:
        """The camera is gone: what waits of it is deleted, once no process has it."""
        self._removed.add(str(source_id))

    def turn(self) -> None:
        """Visit every folder that is free, and send of it what VISIT_S and the lane allow."""
        for folder in self._folders():
            if self._stopped.is_set():
                return
            if folder.name in self._removed:
                self._delete(SpoolFolder(folder))
                continue
            spool = Spool(
                SpoolFolder(folder), self._publisher, self._clock, self._limits, self._room
            )
            with contextlib.suppress(TransientError):
                spool.open(within_s=0)
                self._send(spool)

    def _delete(self, files: SpoolFolder) -> None:
        with contextlib.suppress(OSError):
            if files.hold():
                files.remove()

    def _send(self, spool: Spool) -> None:
        until_s = self._clock.monotonic() + VISIT_S
        while spool.state().waiting and not self._stopped.is_set():
            pause_s = spool.turn()
            if spool.state().is_away or self._clock.monotonic() + pause_s > until_s:
                break
            self._clock.wait(pause_s, self._stopped)
        if spool.state().waiting:
            spool.stop(within_s=0)
        else:
            spool.discard()

    def _folders(self) -> list[Path]:
        try:
            return sorted(one for one in self._root.iterdir() if one.is_dir())
        except OSError:
            return []

    def _run(self) -> None:
        try:
            while not self._clock.wait(LOOK_S, self._stopped):
                self.turn()
        except BaseException as error:  # noqa: BLE001 - whoever started it raises it again
            self._failure = error
            self._on_failure()


def spool_folder(root: Path, source_id: UUID) -> SpoolFolder:
    """Where the messages of a camera wait."""
    return SpoolFolder(root / str(source_id))
