"""Messages as files, one each, in one folder a source. Whole or not there, whenever we are killed.

Nothing is forced to the disk: what was written survives the process, not a power cut. What Kafka
takes within seconds is deleted before the system ever writes it.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from schemas.base import Message
from schemas.codec import DecodeError, decode, encode
from schemas.topics import CLIPS_LIVE, TOPICS, Topic

DRAFT = ".draft"
BY_NAME = {topic.name: topic for topic in TOPICS}


class Damaged(Exception):
    """A file holds no message, or cannot be read. It is of no use to anybody."""


class Kept(NamedTuple):
    """A message on disk."""

    number: int
    topic: Topic
    size_bytes: int

    @property
    def is_clip(self) -> bool:
        return self.topic == CLIPS_LIVE


class SpoolFolder:
    """The files of one source. One process at a time works with it: `hold` sees to that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: IO[str] | None = None

    def hold(self) -> bool:
        """Take the folder for this process, until `release` or its end. False: another has it.

        The folder may have been removed between: then it is made anew. Raises OSError.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = (self.folder / "lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is_same_file(lock, self.folder / "lock"):
                raise BlockingIOError("removed meanwhile")
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def found(self) -> list[Kept]:
        """What an earlier process left, in order; drafts are removed."""
        kept: list[Kept] = []
        for path in self.folder.iterdir():
            if path.name.endswith(DRAFT):
                path.unlink(missing_ok=True)
            elif (one := _kept(path)) is not None:
                kept.append(one)
        return sorted(kept, key=lambda one: one.number)

    def write(self, number: int, topic: Topic, message: Message) -> Kept:
        """Raises OSError; then nothing of it is left."""
        content = encode(message)
        path = self._path(number, topic)
        draft = path.with_name(path.name + DRAFT)
        try:
            draft.write_bytes(content)
            draft.rename(path)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
        return Kept(number, topic, len(content))

    def read(self, number: int, topic: Topic) -> Message:
        """Raises Damaged."""
        try:
            return decode(topic, self._path(number, topic).read_bytes())
        except (OSError, DecodeError) as error:
            raise Damaged(str(error)) from error

    def delete(self, number: int, topic: Topic) -> None:
        with contextlib.suppress(OSError):
            self._path(number, topic).unlink(missing_ok=True)

    def remove(self) -> None:
        """The whole folder, with what waits in it. Call while it is held."""
        for path in self._all():
            with contextlib.suppress(OSError):
                path.unlink()
        with contextlib.suppress(OSError):
            self.folder.rmdir()
        self.release()

    def made_again(self) -> bool:
        """The folder was removed under our hands: make another. False where that cannot be."""
        self.release()
        with contextlib.suppress(OSError):
            return self.hold()
        return False

    def free_bytes(self) -> int:
        """Left on the disk, for us. Raises OSError."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def _all(self) -> Iterator[Path]:
        with contextlib.suppress(OSError):
            yield from list(self.folder.iterdir())

    def _path(self, number: int, topic: Topic) -> Path:
        return self.folder / f"{number:012d}.{topic.name}"


def _kept(path: Path) -> Kept | None:
    number, _, name = path.name.partition(".")
    topic = BY_NAME.get(name)
    if not number.isdecimal() or topic is None:
        return None
    return Kept(int(number), topic, path.stat().st_size)


def _is_same_file(lock: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except OSError:
        return False
