"""What the running supervisor tells everybody else: `run.json`, and the lock beside it."""

import contextlib
import fcntl
import json
import os
import signal
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import psutil

from services.local import LocalRuntimeError

START_TOLERANCE_S = 1.0


@dataclass(frozen=True)
class ProcessRecord:
    """One supervised process; `started_s` tells a pid from its later reuse."""

    name: str
    pid: int | None
    started_s: float | None
    state: str
    restarts: int
    address: str
    last_words: str = ""
    """The sentence with which it ended, while it is down."""

    def process(self) -> psutil.Process | None:
        """The process itself, while this very one still runs."""
        return same_process(self.pid, self.started_s)


@dataclass(frozen=True)
class RunRecord:
    """One run of the supervisor. `phase` is starting, ready, stopping, stopped or failed."""

    pid: int
    started_s: float
    phase: str
    message: str
    processes: tuple[ProcessRecord, ...]
    addresses: dict[str, str]

    def supervisor(self) -> psutil.Process | None:
        return same_process(self.pid, self.started_s)


def same_process(pid: int | None, started_s: float | None) -> psutil.Process | None:
    """The process of that pid if it is the one that began then; zombies are gone."""
    if pid is None or started_s is None:
        return None
    try:
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        same = abs(process.create_time() - started_s) < START_TOLERANCE_S
    except psutil.Error:
        return None
    return process if alive and same else None


def start_time(pid: int) -> float | None:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def run_path(home: Path) -> Path:
    return home / "run.json"


def write_run(home: Path, record: RunRecord) -> None:
    """Replace the record in one step, so that readers never see half of it."""
    draft = home / "run.json.new"
    draft.write_text(json.dumps(asdict(record), indent=1))
    draft.replace(run_path(home))


def read_run(home: Path) -> RunRecord | None:
    """The last record, of a living supervisor or a dead one; None before the first run."""
    try:
        fields = json.loads(run_path(home).read_text())
        processes = tuple(ProcessRecord(**one) for one in fields.pop("processes"))
        return RunRecord(processes=processes, **fields)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def require_home(home: Path) -> None:
    """Make the folder. Raises LocalRuntimeError when nothing can be written there."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / "lock").open("a").close()
    except OSError as error:
        raise LocalRuntimeError(
            f"the state folder {home} (NIGHTCLERK_HOME, --home) cannot be used:"
            f" {(error.strerror or str(error)).lower()}"
        ) from None


def hold(home: Path) -> IO[str]:
    """Take the folder for this process; the lock falls when it ends, however it ends."""
    require_home(home)
    lock = (home / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        run = read_run(home)
        by = f" (pid {run.pid})" if run else ""
        raise LocalRuntimeError(
            f"Nightclerk already runs in {home}{by}; stop it with `nightclerk down`,"
            " or choose another folder with --home"
        ) from None
    return lock


def kill_leftovers(home: Path) -> list[str]:
    """Kill what a supervisor that died left behind, and give the names. Call under `hold`."""
    run = read_run(home)
    left = (
        [(one.name, process) for one in run.processes if (process := one.process())] if run else []
    )
    for _, process in left:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # every child leads a group of its own
    psutil.wait_procs([process for _, process in left], timeout=10)
    return [name for name, _ in left]
