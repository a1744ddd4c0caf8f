"""A supervisor that outlives the command that started it, and the end of one."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile

import psutil

from services.chassis.environment import read
from services.local import LocalRuntimeError
from services.local.config import LocalSettings
from services.local.stack import await_ready, progress
from services.local.state import hold, kill_leftovers, read_run, require_home


def detach(wait_s: float, tell: Callable[[str], None] = lambda _: None) -> None:
    """Start the whole stack with the settings of the environment and return when it is ready.

    Raises LocalRuntimeError when it ends, or comes up only in part: then it goes on trying.
    """
    home = read(LocalSettings).state
    require_home(home)
    with TemporaryFile() as last_words:
        supervisor = subprocess.Popen(
            (sys.executable, "-m", "services.local", "--noted"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=last_words,
            start_new_session=True,
        )
        await_ready(home, supervisor, last_words, wait_s, lambda run: tell(progress(run)))


def stop_running(home: Path, wait_s: float) -> bool:
    """Stop the supervisor of a folder, and what one that died left; whether there was anything.

    Raises LocalRuntimeError when it does not stop in time.
    """
    run = read_run(home)
    supervisor = run.supervisor() if run else None
    if supervisor is None:
        return bool(clear(home))
    supervisor.terminate()
    try:
        supervisor.wait(wait_s)
    except psutil.TimeoutExpired:
        raise LocalRuntimeError(f"supervisor {supervisor.pid} does not stop; kill it") from None
    return True


def clear(home: Path) -> list[str]:
    if not home.exists():
        return []
    with hold(home):
        return kill_leftovers(home)
