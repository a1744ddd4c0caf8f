"""Segments whose writer was torn off: what came is kept, and its true end read from the file."""

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import av

from services.chassis.telemetry import logs, metrics
from services.ingest.playable import boxes
from services.ingest.recording.folder import RecordingFolder

log = logs.get("recording")


@dataclass(frozen=True)
class SegmentFacts:
    """What a segment's file says of itself. `duration_s` counts from its start to the end of its
    last packet.
    """

    codec: str
    width: int
    height: int
    duration_s: float


def examine(path: Path) -> SegmentFacts | None:
    """None where not a single packet is whole. Raises FileNotFoundError."""
    if not path.exists():
        raise FileNotFoundError(path)
    try:
        with av.open(str(path), "r", format="mp4") as container:
            stream = container.streams.video[0]
            end_s = max(_ends(container, stream), default=0.0)
            context = stream.codec_context
            facts = SegmentFacts(context.name, context.width, context.height, end_s)
    except (av.FFmpegError, IndexError):
        return None
    return facts if end_s > 0 and facts.width and facts.height else None


def whole_bytes(path: Path) -> int:
    """How much of a file in the making, or torn off, is whole fragments. Raises
    FileNotFoundError.
    """
    with path.open("rb") as file:
        size_bytes = file.seek(0, os.SEEK_END)
        ends = (box.end for box in boxes(file) if box.kind == b"mdat")
        return max((end for end in ends if end <= size_bytes), default=0)


def recover(folder: RecordingFolder, source_id: UUID) -> None:
    """Finish the open files of a source whose writers are gone."""
    for started_at, path in folder.being_written(source_id):
        try:
            if not _is_abandoned(path):
                continue
            os.truncate(path, whole_bytes(path))
            facts = examine(path)
            if facts is None:
                path.unlink()
                continue
            folder.finish(path, started_at, started_at + timedelta(seconds=facts.duration_s))
        except FileNotFoundError:
            continue
        metrics.count("segments_recorded", "recovered")
        log.warning("a torn recording is kept", source_id=str(source_id), seconds=facts.duration_s)


def _ends(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[float]:
    """Where each packet ends, as far as they are whole."""
    try:
        for packet in container.demux(stream):
            if packet.size and packet.dts is not None and packet.time_base is not None:
                yield float((packet.dts + (packet.duration or 1)) * packet.time_base)
    except av.FFmpegError:
        return


def _is_abandoned(path: Path) -> bool:
    """Whether nobody writes to it: a writer keeps its file locked for as long as it lives."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
