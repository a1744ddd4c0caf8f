"""The one log of the local runtime: every line of every process, with its name before it."""

import sys
from datetime import UTC, datetime
from logging import LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

MAX_BYTES = 20 * 1024 * 1024
KEPT = 3
COLOURS = (36, 32, 33, 35, 34, 96, 92, 93)


class Journal:
    """Writes lines to `path` (rotated) and, where given, to a console (coloured on a terminal)."""

    def __init__(self, path: Path, console: TextIO | None = sys.stdout) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=KEPT)
        self._console = console
        self._colours: dict[str, int] = {}

    def write(self, name: str, line: str) -> None:
        """One line of one process. Never raises: losing a line must not stop the supervisor."""
        stamp = datetime.now(UTC).strftime("%H:%M:%S")
        self._file.emit(bare_record(f"{datetime.now(UTC):%Y-%m-%d} {stamp} {name:9}| {line}"))
        if self._console is not None:
            self._show(stamp, name, line)

    def close(self) -> None:
        self._file.close()

    def _show(self, stamp: str, name: str, line: str) -> None:
        text = f"{stamp} {name:9}|"
        if self._console and self._console.isatty():
            colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
            text = f"\x1b[{colour}m{text}\x1b[0m"
        try:
            print(f"{text} {line}", file=self._console, flush=True)
        except (OSError, ValueError):
            self._console = None  # the terminal is gone, the file stays


def bare_record(text: str) -> LogRecord:
    return LogRecord("nightclerk", 20, "", 0, text, None, None)
