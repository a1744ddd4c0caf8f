"""Which stacks of this user run, so that a command finds one from any folder.

`nightclerk up` leaves a note for each in the user's state folder; a note whose supervisor is gone
counts for nothing.
"""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from services.local import LocalRuntimeError
from services.local.config import LocalSettings
from services.local.state import RunRecord, read_run


def notes_folder() -> Path:
    """By the XDG base directory specification."""
    kept = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(kept).expanduser() / "nightclerk" / "stacks"


@contextmanager
def noted(home: Path) -> Iterator[None]:
    """While inside, `homes` names this state folder. A note that cannot be written is no fault;
    that of a stack which already runs there stays.
    """
    note = notes_folder() / sha256(os.fsencode(home)).hexdigest()[:16]
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_bytes(os.fsencode(home))
    try:
        yield
    finally:
        run = living(home)
        if run is None or run.pid == os.getpid():
            with contextlib.suppress(OSError):
                note.unlink()


def homes() -> tuple[Path, ...]:
    """The state folders of all stacks that run and left a note."""
    found = []
    with contextlib.suppress(OSError):
        for note in sorted(notes_folder().iterdir()):
            with contextlib.suppress(OSError):
                found.append(Path(os.fsdecode(note.read_bytes())))
    return tuple(home for home in found if living(home))


def neighbours(own: Path) -> str:
    """What to add where something is taken: the other stacks of this user; else nothing."""
    others = ", ".join(str(home) for home in homes() if home != own)
    return f" (Nightclerk runs in {others}: `nightclerk down` stops it)" if others else ""


def living(home: Path) -> RunRecord | None:
    """The record of a stack whose supervisor runs."""
    run = read_run(home)
    return run if run and run.supervisor() else None


def find_running(settings: LocalSettings) -> Path | None:
    """The state folder of the stack that runs: the one of the settings; else, where these name
    none, the only one of this user.

    Raises LocalRuntimeError when there are several to choose from.
    """
    if living(settings.state):
        return settings.state
    if "home" in settings.model_fields_set:
        return None
    others = homes()
    if len(others) > 1:
        listed = ", ".join(str(home) for home in others)
        raise LocalRuntimeError(f"several stacks run; choose one with --home: {listed}")
    return others[0] if others else None
