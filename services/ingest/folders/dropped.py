"""Files that are dropped into a folder: which are whole, and which were taken already."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

SETTLED_S = 10.0
"""A file that did not change for so long is whole."""
MOST_FILES = 100_000
MOST_DEPTH = 8
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".!ut", ".swp")


class Identity(NamedTuple):
    """A file as it lay there. Written anew under the same name it is another."""

    name: str
    size_bytes: int
    modified_ns: int

    def line(self) -> str:
        return f"{self.size_bytes} {self.modified_ns} {self.name}"


@dataclass(frozen=True)
class Dropped:
    """A file that is whole. `modified_s` is in seconds since 1970."""

    identity: Identity
    path: Path

    @property
    def modified_s(self) -> float:
        return self.identity.modified_ns / 1e9


class DropFolder:
    """Looked at again and again. Nothing in it is ever written, moved or deleted; links are not
    followed. What was taken is kept in a journal elsewhere, a line a file.
    """

    def __init__(
        self,
        folder: Path,
        journal: Path,
        check: Callable[[], None] = lambda: None,
        settled_s: float = SETTLED_S,
    ) -> None:
        """`check` raises AddressFault while the folder may not be watched."""
        self._folder, self._journal = folder, journal
        self._check, self._settled_s = check, settled_s
        self._taken = set(_lines(journal))
        self._since: dict[Identity, float] = {}

    def settled(self, now_s: float) -> list[Dropped]:
        """What is whole and was not taken, the oldest first by the time of change. `now_s` never
        goes back. Raises OSError for a folder that cannot be read, and AddressFault.
        """
        self._check()
        present = {one: path for one, path in self._files() if one.line() not in self._taken}
        self._since = {one: self._since.get(one, now_s) for one in present}
        whole = [
            Dropped(one, present[one])
            for one, since_s in self._since.items()
            if now_s - since_s >= self._settled_s and one.size_bytes
        ]
        return sorted(whole, key=lambda one: (one.identity.modified_ns, one.identity.name))

    def taken(self, dropped: Dropped) -> None:
        """It is done with, also after a restart. Raises OSError when the journal takes no line."""
        line = dropped.identity.line()
        self._journal.parent.mkdir(parents=True, exist_ok=True)
        with self._journal.open("a", encoding="utf-8", errors="surrogateescape") as journal:
            journal.write(f"{line}\n")
        self._taken.add(line)
        self._since.pop(dropped.identity, None)

    def prune(self) -> None:
        """Forget what lies there no more, so that the journal has an end. Raises OSError."""
        present = {one.line() for one, _ in self._files()}
        kept = self._taken & present
        if len(kept) < len(self._taken):
            draft = self._journal.with_suffix(".new")
            text = "".join(f"{line}\n" for line in sorted(kept))
            draft.write_text(text, "utf-8", errors="surrogateescape")
            draft.replace(self._journal)
            self._taken = kept

    def _files(self) -> Iterator[tuple[Identity, Path]]:
        for count, entry in enumerate(_walk(self._folder, MOST_DEPTH)):
            if count >= MOST_FILES:
                return
            path = Path(entry.path)
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # it was taken away meanwhile
            name = str(path.relative_to(self._folder))
            yield Identity(name, found.st_size, found.st_mtime_ns), path


def _walk(folder: Path, depth: int) -> Iterator["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.name.startswith(".") or "\n" in entry.name or entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False) and depth > 0:
                try:
                    yield from _walk(Path(entry.path), depth - 1)
                except OSError:
                    continue  # one that may not be read hides no other
            elif entry.is_file(follow_symlinks=False) and not _is_unfinished(entry.name):
                yield entry


def _is_unfinished(name: str) -> bool:
    return name.lower().endswith(UNFINISHED)


def _lines(journal: Path) -> list[str]:
    try:
        return journal.read_text("utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
