"""Videos with hidden faces, made once and kept on this machine for a while."""

import hashlib
import os
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock

from services.rules.hidden import Heads

AT_ONCE = 2
"""Decoding, hiding and encoding take a core for a part of the video's length: minutes of a
recording do not hold up the evidence of an alert.
"""

MOST_LOOKS = 300_000
"""In memory, of all uploads together: 150 MB with two people on each picture."""

YOUNG_S = 60.0
Make = Callable[[Path], None]


class KeptHeads:
    """Where heads are in the uploads that were asked for latest. Safe between threads; one reads at
    a time, so that a page full of thumbnails reads once.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, ...], Heads] = OrderedDict()
        self._lock = Lock()

    def get(self, name: tuple[str, ...], read: Callable[[], Heads]) -> Heads:
        """Raises what `read` does."""
        with self._lock:
            if name not in self._kept:
                self._kept[name] = read()
            self._kept.move_to_end(name)
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > MOST_LOOKS:
                self._kept.popitem(last=False)
            return self._kept[name]


class HiddenCopies:
    """Files by what they are made of. Safe between threads."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder, self._most_bytes = folder, most_bytes
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="faces")
        self._making: dict[str, Future[Path]] = {}
        self._lock = Lock()
        self._forgotten = Counter[str]()

    def close(self) -> None:
        """What waits is given up; what is being made ends first."""
        self._threads.shutdown(cancel_futures=True)

    def file(self, source_id: str, parts: tuple[str, ...], make: Make) -> Future[Path]:
        """Made, or being made. The future raises what `made` does."""
        name = name_of(source_id, parts)
        with self._lock:
            making = self._making.get(name)
            if making is not None:
                return making
            future = self._threads.submit(self.made, name, make)
            self._making[name] = future
        future.add_done_callback(lambda _: self._over(name))
        return future

    def kept(self, name: str) -> Path | None:
        """The file of that name, where it was made before."""
        path = self.folder / f"{name}.mp4"
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    def made(self, name: str, make: Make) -> Path:
        """Raises what `make` does, and CancelledError where its source was forgotten meanwhile."""
        if path := self.kept(name):
            return path
        path, source_id = self.folder / f"{name}.mp4", _source_of(name)
        forgotten = self._forgotten[source_id]
        self.folder.mkdir(parents=True, exist_ok=True)
        self._make_room()
        unfinished = path.with_suffix(".part")
        try:
            make(unfinished)
            with self._lock:
                if forgotten != self._forgotten[source_id]:
                    raise CancelledError
                unfinished.rename(path)
        finally:
            unfinished.unlink(missing_ok=True)
        return path

    def forget(self, source_id: str) -> None:
        """No copy of anything of that source is left; where it was not removed, but a stretch of it
        erased, the others are made anew.
        """
        with self._lock:
            self._forgotten[source_id] += 1
            for path in self.folder.glob(f"{source_id}.*.mp4"):
                path.unlink(missing_ok=True)

    def _over(self, name: str) -> None:
        with self._lock:
            self._making.pop(name, None)

    def _make_room(self) -> None:
        """Those that nobody asked for the longest go first."""
        files = sorted(self.folder.glob("*.mp4"), key=lambda path: path.stat().st_mtime)
        total = sum(path.stat().st_size for path in files)
        for path in files:
            with suppress(FileNotFoundError):
                if total <= self._most_bytes or time.time() - path.stat().st_mtime < YOUNG_S:
                    return
                total -= path.stat().st_size
                path.unlink()


def name_of(source_id: str, parts: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"{source_id}.{digest[:32]}"


def _source_of(name: str) -> str:
    return name.partition(".")[0]
