"""What a stateful stream remembers of its failures, in a small file beside its state."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from services.chassis.streaming.deadletters import LetterCounts
from services.chassis.streaming.records import Record

MAX_ERROR_CHARS = 300


class Journal(Protocol):
    """Where the service went down, and how many records were invalid of late."""

    def is_second(self, record: Record, error: str) -> bool:
        """Whether the service went down at this record with this error before."""

    def note(self, record: Record, error: str) -> None:
        """It is about to go down."""

    def letters(self, topic: str) -> LetterCounts: ...

    def keep_letters(self, counts: Mapping[str, LetterCounts]) -> None: ...


class MemoryJournal:
    """The fake; keep it to have the next life remember."""

    def __init__(self) -> None:
        self.content: dict[str, Any] = {"struck": [], "letters": {}}

    def is_second(self, record: Record, error: str) -> bool:
        return bool(self.content["struck"] == _place(record, error))

    def note(self, record: Record, error: str) -> None:
        self.content["struck"] = _place(record, error)
        self._save()

    def letters(self, topic: str) -> LetterCounts:
        return LetterCounts(*self.content["letters"].get(topic, LetterCounts()))

    def keep_letters(self, counts: Mapping[str, LetterCounts]) -> None:
        """Saved only when a record was invalid: valid ones alone need not be remembered."""
        kept = self.content["letters"]
        fresh = {
            name: list(one)
            for name, one in counts.items()
            if one.invalid != self.letters(name).invalid
            or bool(one.consecutive) != bool(self.letters(name).consecutive)
        }
        if fresh:
            kept.update(fresh)
            self._save()

    def _save(self) -> None:
        """Nothing but memory."""


class FileJournal(MemoryJournal):
    """The same, in a file that is replaced as a whole. One that cannot be read is empty."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        try:
            content = json.loads(path.read_text())
            self.content = {"struck": content["struck"], "letters": dict(content["letters"])}
        except (OSError, ValueError, KeyError, TypeError):
            path.parent.mkdir(parents=True, exist_ok=True)

    def _save(self) -> None:
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(self.content))
        fresh.replace(self._path)


def _place(record: Record, error: str) -> list[Any]:
    return [*record.partition, record.offset, error[:MAX_ERROR_CHARS]]
