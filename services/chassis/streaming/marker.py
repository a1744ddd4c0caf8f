"""What a member was handling when it died without a word, as by kill -9 or for want of memory.

The marker is a small file, written before each batch and emptied after it, so it survives the
process. One member has one file; the next process takes over the file of a dead one.
"""

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from services.chassis.streaming.inbox import Entry
from services.chassis.streaming.records import Partition

MAX_MEMBERS = 256


@dataclass(frozen=True)
class Death:
    """A process died `times` times in a row with records `first` to `last` at work."""

    first: int
    last: int
    times: int

    def covers(self, offset: int) -> bool:
        return self.first <= offset <= self.last


class Marker(Protocol):
    deaths: dict[Partition, Death]
    """What the marker said when the process began, less what was handled since."""

    def begin(self, batch: Sequence[Entry]) -> None:
        """The batch is at work from now on."""

    def fail(self) -> None:
        """It ended with an error that somebody else remembers."""

    def end(self, batch: Sequence[Entry]) -> None:
        """It is handled."""


class NoMarker:
    """Where there is no folder for one: every death is the first."""

    def __init__(self) -> None:
        self.deaths: dict[Partition, Death] = {}

    def begin(self, batch: Sequence[Entry]) -> None:
        """Nothing is kept."""

    def fail(self) -> None:
        """Nothing is kept."""

    def end(self, batch: Sequence[Entry]) -> None:
        """Nothing is kept."""


class FileMarker:
    """The marker of one member of `group`, in `folder`."""

    def __init__(self, folder: Path, group: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = _lock_first_free(folder, group)
        text = os.pread(self._file, 1 << 20, 0)
        self.deaths: dict[Partition, Death] = _read(text)
        self._length = len(text)

    def begin(self, batch: Sequence[Entry]) -> None:
        firsts: dict[Partition, Entry] = {}
        lasts: dict[Partition, Entry] = {}
        for entry in batch:
            firsts.setdefault(entry.partition, entry)
            lasts[entry.partition] = entry
        at_work = {
            partition: Death(first.offset, lasts[partition].end - 1, 1 + self._times(first))
            for partition, first in firsts.items()
        }
        self._write({**self.deaths, **at_work})

    def fail(self) -> None:
        self._write(self.deaths)

    def end(self, batch: Sequence[Entry]) -> None:
        for entry in batch if self.deaths else ():
            death = self.deaths.get(entry.partition)
            if death is not None and entry.end > death.last:
                del self.deaths[entry.partition]
        self._write(self.deaths)

    def close(self) -> None:
        os.close(self._file)

    def _times(self, entry: Entry) -> int:
        death = self.deaths.get(entry.partition)
        return death.times if death is not None and death.covers(entry.offset) else 0

    def _write(self, deaths: Mapping[Partition, Death]) -> None:
        """In one call, over all that was there: at each the interpreter is let go."""
        rows = [(*place, one.first, one.last, one.times) for place, one in deaths.items()]
        text = json.dumps(rows).encode().ljust(self._length)
        os.pwrite(self._file, text, 0)
        self._length = len(text)


def _lock_first_free(folder: Path, group: str) -> int:
    """Members on one machine share the folder; the kernel lets go of a dead one's lock."""
    for number in range(MAX_MEMBERS):
        path = folder / f"{group}.{number}.json"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
        else:
            return file
    raise RuntimeError(f"more than {MAX_MEMBERS} members of {group} on this machine")


def _read(text: bytes) -> dict[Partition, Death]:
    try:
        ranges = json.loads(text or b"[]")
        return {
            Partition(str(topic), int(number)): Death(int(first), int(last), int(times))
            for topic, number, first, last, times in ranges
        }
    except (ValueError, TypeError):
        return {}
