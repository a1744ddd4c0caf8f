"""The one log of the local runtime: every line of every process, with its name before it."""

import re
import sys
from datetime import UTC, datetime
from logging import LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

MAX_BYTES = 20 * 1024 * 1024
KEPT = 3
COLOURS = (36, 32, 33, 35, 34, 96, 92, 93)
OURS = "local"
"""The supervisor's own lines."""
CHATTY = frozenset({"topics", "tables"})
FOREIGN = frozenset({"kafka", "store"})
"""Servers of others, whose warnings nobody can do anything about."""
_LEVEL = re.compile(r"^\d{4}-\d\d-\d\dT\S+ +\[(?P<level>[a-z]+) *\]")
_GRAVE = re.compile(r"\b(ERROR|FATAL)\b|; again in [\d.]+ s$")


class Journal:
    """Writes lines to `path` (rotated) and, where given, to a console (coloured on a terminal).

    `brief`: the console gets what people have to know, the file all there is.
    """

    def __init__(
        self, path: Path, console: TextIO | None = sys.stdout, *, brief: bool = False
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=KEPT)
        self._console, self._brief = console, brief
        self._colours: dict[str, int] = {}

    def write(self, name: str, line: str) -> None:
        """One line of one process. Never raises: losing a line must not stop the supervisor."""
        stamp = datetime.now(UTC).strftime("%H:%M:%S")
        self._file.emit(bare_record(f"{datetime.now(UTC):%Y-%m-%d} {stamp} {name:9}| {line}"))
        if self._console is not None and (not self._brief or concerns_people(name, line)):
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


def concerns_people(name: str, line: str) -> bool:
    """Whether somebody who watches a stack start wants to read it: what the supervisor says,
    warnings and errors, and what a program of ours says without a level, as tracebacks.
    """
    if name == OURS:
        return True
    if name in FOREIGN:
        return _GRAVE.search(line) is not None
    found = _LEVEL.match(line)
    return name not in CHATTY if found is None else found["level"] not in ("debug", "info")


def bare_record(text: str) -> LogRecord:
    return LogRecord("nightclerk", 20, "", 0, text, None, None)
