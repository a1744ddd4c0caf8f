"""Playback: a stretch of a camera's recordings as one plain MP4, made once and kept for a while."""

import hashlib
import json
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from services.chassis.media.recording import VideoUnreadable
from services.chassis.media.segments import StoredSegment, covered_until, segments_between
from services.chassis.media.splicing import Stretch, splice
from services.chassis.storage.objects import ObjectStore

MAKING_S = 1200.0
"""An hour that has to be encoded takes some minutes; longer than this, and it is given up."""
AT_ONCE = 2
"""So many files are made at a time: one that is encoded does not hold up all that are copied."""
NEARLY = timedelta(seconds=1)
MOST_ASKED = 1_000
YOUNG_S = 60.0
"""A file that was asked for so lately is not removed: somebody may be about to read it."""


@dataclass(frozen=True)
class StretchAsked:
    source_id: UUID
    since: datetime
    until: datetime


@dataclass(frozen=True)
class PlayableFile:
    """`started_at` is the moment that the file shows at its zero."""

    path: Path
    started_at: datetime
    ended_at: datetime


class Playback:
    """Files are named by what they are made of: other segments give another file. Safe between
    threads.
    """

    def __init__(
        self, store: ObjectStore, folder: Path, most_bytes: int, patience_s: float = 45.0
    ) -> None:
        """`patience_s`: a worker that has not answered by then is taken for gone."""
        self._store, self._folder, self._most_bytes = store, folder, most_bytes
        self._patience_s = patience_s
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="playback")
        self._making: dict[str, Future[PlayableFile]] = {}
        self._asked: OrderedDict[StretchAsked, float] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def close(self) -> None:
        """What is being made is given up."""
        self._closed.set()
        self._threads.shutdown(cancel_futures=True)

    def stored(self, asked: StretchAsked) -> list[StoredSegment]:
        """What the store has of it. Raises TransientError."""
        return segments_between(self._store, asked.source_id, asked.since, asked.until)

    def covers(self, asked: StretchAsked, latest: StoredSegment) -> bool:
        """Whether a segment reaches to the end. Raises TransientError."""
        return covered_until(self._store, latest) >= asked.until - NEARLY

    def first_asked(self, asked: StretchAsked) -> None:
        """The workers were asked for it, now or before."""
        with self._lock:
            self._asked.setdefault(asked, time.monotonic())
            while len(self._asked) > MOST_ASKED:
                self._asked.popitem(last=False)

    def has_waited(self, asked: StretchAsked) -> bool:
        """Whether the workers had time enough to answer."""
        with self._lock:
            since_s = self._asked.get(asked)
        return since_s is not None and time.monotonic() - since_s > self._patience_s

    def forget(self) -> None:
        """Of what was erased no file is kept; of the rest they are made anew."""
        for path in (*self._folder.glob("*.mp4"), *self._folder.glob("*.json")):
            path.unlink(missing_ok=True)

    def file(self, asked: StretchAsked, segments: Sequence[StoredSegment]) -> Future[PlayableFile]:
        """Made, or being made. The future raises VideoUnreadable where nothing is to be seen, and
        TransientError.
        """
        name = _name(asked, segments)
        with self._lock:
            making = self._making.get(name)
            if making is not None:
                return making
            future = self._threads.submit(self._made, name, asked, list(segments))
            self._making[name] = future
        future.add_done_callback(lambda _: self._forget(name))
        return future

    def _forget(self, name: str) -> None:
        """From now on its file is found, or it is tried again."""
        with self._lock:
            self._making.pop(name, None)

    def _made(
        self, name: str, asked: StretchAsked, segments: Sequence[StoredSegment]
    ) -> PlayableFile:
        path, facts = self._folder / f"{name}.mp4", self._folder / f"{name}.json"
        with suppress(FileNotFoundError, ValueError):
            found = json.loads(facts.read_text())
            if path.exists():
                _touch(path)
                return PlayableFile(path, *map(datetime.fromisoformat, found))
        self._folder.mkdir(parents=True, exist_ok=True)
        self._make_room(sum(segment.size_bytes for segment in segments))
        unfinished = path.with_suffix(".part")
        try:
            spliced = splice(
                self._store,
                segments,
                Stretch(asked.since, asked.until, keep_going=self._check(time.monotonic())),
                unfinished,
            )
            times = [spliced.started_at.isoformat(), spliced.ended_at.isoformat()]
            facts.write_text(json.dumps(times))
            unfinished.rename(path)
        finally:
            unfinished.unlink(missing_ok=True)
        return PlayableFile(path, spliced.started_at, spliced.ended_at)

    def _check(self, since_s: float) -> "Check":
        return Check(self._closed, since_s + MAKING_S)

    def _make_room(self, wanted_bytes: int) -> None:
        """Those that nobody asked for the longest go first; what a crash left goes as well."""
        for torn in self._folder.glob("*.part"):
            with suppress(FileNotFoundError):
                if time.time() - torn.stat().st_mtime > MAKING_S:
                    torn.unlink()
        files = sorted(self._folder.glob("*.mp4"), key=lambda path: path.stat().st_mtime)
        total = sum(path.stat().st_size for path in files) + wanted_bytes
        for path in files:
            if total <= self._most_bytes:
                return
            if time.time() - path.stat().st_mtime > YOUNG_S:
                total -= path.stat().st_size
                path.unlink(missing_ok=True)
                path.with_suffix(".json").unlink(missing_ok=True)


class Check:
    """Called now and then while a file is made; raises once it should not go on."""

    def __init__(self, closed: threading.Event, deadline_s: float) -> None:
        self._closed, self._deadline_s = closed, deadline_s

    def __call__(self) -> None:
        if self._closed.is_set() or time.monotonic() > self._deadline_s:
            raise VideoUnreadable("making it takes too long")


def _name(asked: StretchAsked, segments: Sequence[StoredSegment]) -> str:
    parts = [str(asked.source_id), asked.since.isoformat(), asked.until.isoformat()]
    parts += [f"{segment.key} {segment.size_bytes} {segment.etag}" for segment in segments]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _touch(path: Path) -> None:
    with suppress(FileNotFoundError):
        os.utime(path)
