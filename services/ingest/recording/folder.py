"""Where segments lie on a worker's disk. The folder is the index: names say all there is to know.

<source>/open/<start>.mp4                being written
<source>/open/<start>_<microseconds>.mp4 finished; nobody heard of it yet
<source>/<start>_<microseconds>.mp4      published on recordings.v1
<source>/<start>_<microseconds>.stored.mp4  lies in the object store as well
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from schemas import ids

OPEN = "open"
STORED = ".stored"


@dataclass(frozen=True)
class RecordedSegment:
    """A finished segment. Files are moved by renaming: its path may be another one by now."""

    source_id: UUID
    path: Path
    started_at: datetime
    ended_at: datetime
    size_bytes: int
    is_stored: bool = False

    @property
    def object_key(self) -> str:
        return ids.segment_key(self.source_id, self.started_at)

    def overlaps(self, since: datetime, until: datetime) -> bool:
        return self.started_at < until and self.ended_at > since


def start(segment: RecordedSegment) -> datetime:
    return segment.started_at


class RecordingFolder:
    """The segments of all cameras that workers of this disk recorded. Methods may run in several
    processes at once; a file that vanished meanwhile is none.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def open_path(self, source_id: UUID, started_at: datetime) -> Path:
        """Where a segment is written; the folder is made."""
        folder = self.root / str(source_id) / OPEN
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{ids.segment_name(started_at)}.mp4"

    def sources(self) -> list[UUID]:
        return [found for path in _entries(self.root) if (found := _uuid(path.name)) is not None]

    def being_written(self, source_id: UUID) -> list[tuple[datetime, Path]]:
        """Open files by their start, also those whose writer died."""
        paths = [path for path in self._open(source_id) if "_" not in path.name]
        return sorted((ids.segment_started_at(path.name), path) for path in paths)

    def unpublished(self, source_id: UUID) -> list[RecordedSegment]:
        return sorted(_segments(source_id, self._open(source_id)), key=start)

    def published(self, source_id: UUID) -> list[RecordedSegment]:
        return sorted(_segments(source_id, _entries(self.root / str(source_id))), key=start)

    def finish(self, path: Path, started_at: datetime, ended_at: datetime) -> Path:
        """An open file is whole. Raises FileNotFoundError where its source was removed."""
        length = max(round((ended_at - started_at) / timedelta(microseconds=1)), 1)
        return path.rename(path.with_name(f"{ids.segment_name(started_at)}_{length}.mp4"))

    def mark_published(self, segment: RecordedSegment) -> RecordedSegment:
        return _moved(segment, segment.path.parent.parent / segment.path.name, is_stored=False)

    def mark_stored(self, segment: RecordedSegment) -> RecordedSegment:
        name = segment.path.name.removesuffix(".mp4").removesuffix(STORED) + STORED + ".mp4"
        return _moved(segment, segment.path.with_name(name), is_stored=True)

    def remove(self, source_id: UUID) -> None:
        shutil.rmtree(self.root / str(source_id), ignore_errors=True)

    def _open(self, source_id: UUID) -> Iterator[Path]:
        return _entries(self.root / str(source_id) / OPEN)


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except (FileNotFoundError, NotADirectoryError):
        return


def _segments(source_id: UUID, paths: Iterator[Path]) -> Iterator[RecordedSegment]:
    for path in paths:
        stem, _, length = path.name.removesuffix(".mp4").removesuffix(STORED).partition("_")
        if not length.isdigit() or path.suffix != ".mp4":
            continue
        try:
            started_at, size_bytes = ids.segment_started_at(stem), path.stat().st_size
        except (ValueError, FileNotFoundError):
            continue
        ended_at = started_at + timedelta(microseconds=int(length))
        is_stored = path.name.endswith(f"{STORED}.mp4")
        yield RecordedSegment(source_id, path, started_at, ended_at, size_bytes, is_stored)


def _moved(segment: RecordedSegment, path: Path, is_stored: bool) -> RecordedSegment:
    """Raises FileNotFoundError for a file that is gone."""
    segment.path.rename(path)
    return RecordedSegment(
        segment.source_id,
        path,
        segment.started_at,
        segment.ended_at,
        segment.size_bytes,
        is_stored,
    )


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
