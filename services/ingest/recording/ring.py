"""The ring: what is too old, too much, or in the way of a full disk leaves, oldest first."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from services.chassis.telemetry import logs, metrics
from services.ingest.recording.folder import RecordedSegment
from services.ingest.recording.index import SegmentIndex
from services.ingest.recording.keeping import Keepings

log = logs.get("recording")


@dataclass(frozen=True)
class DiskUsage:
    total_bytes: int
    free_bytes: int


Usage = Callable[[], DiskUsage]
"""The disk as it is now. Raises OSError."""


@dataclass(frozen=True)
class RingBounds:
    """`free_share` of the disk stays free, whoever fills it."""

    keep: timedelta = timedelta(hours=24)
    most_bytes: int = 20 * 2**30
    free_share: float = 0.05


def disk_usage(folder: Path) -> Usage:
    """Of the disk that the folder is on, or will be."""

    def measured() -> DiskUsage:
        there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
        found = shutil.disk_usage(there)
        return DiskUsage(found.total, found.free)

    return measured


def has_room(usage: Usage, bounds: RingBounds) -> bool:
    """Whether a recorder may begin a segment: half of what stays free is for all else alone."""
    disk = usage()
    return disk.free_bytes > disk.total_bytes * bounds.free_share / 2


class Ring:
    """`turn` before the disk is full, not after: segments are small, and it comes every second.

    What is under legal hold stays until it lies in the object store, however old, however full the
    disk: rather is nothing new recorded (`has_room`).
    """

    def __init__(
        self, index: SegmentIndex, bounds: RingBounds, usage: Usage, keepings: Keepings
    ) -> None:
        self._index, self._bounds, self._usage = index, bounds, usage
        self._keepings = keepings

    def turn(self, now: datetime) -> list[RecordedSegment]:
        """Delete what has to go; those of it that lie nowhere else are returned, oldest first."""
        too_many = self._index.total_bytes - self._bounds.most_bytes
        in_the_way = max(too_many, self._missing_bytes())
        oldest_at = self._index.oldest_at()
        shortest = self._keepings.shortest(self._bounds.keep)
        if oldest_at is None or (in_the_way <= 0 and oldest_at >= now - shortest):
            return []
        lost = []
        for segment in self._index.oldest_first():
            if in_the_way <= 0 and segment.ended_at >= now - shortest:
                break
            is_old = segment.ended_at < now - self._age(segment)
            if (in_the_way <= 0 and not is_old) or self._must_stay(segment):
                continue
            in_the_way -= segment.size_bytes
            self._delete(segment, "old" if is_old else "full")
            if not segment.is_stored:
                lost.append(segment)
        return lost

    def _age(self, segment: RecordedSegment) -> timedelta:
        return self._keepings.age(segment.source_id, self._bounds.keep)

    def _must_stay(self, segment: RecordedSegment) -> bool:
        return not segment.is_stored and self._keepings.is_held(segment)

    def _missing_bytes(self) -> int:
        disk = self._usage()
        return round(disk.total_bytes * self._bounds.free_share) - disk.free_bytes

    def _delete(self, segment: RecordedSegment, why: str) -> None:
        segment.path.unlink(missing_ok=True)
        self._index.discard(segment)
        if not segment.is_stored:
            metrics.count("segments_dropped", why)
            log.debug("segment left the ring", path=str(segment.path), why=why)
