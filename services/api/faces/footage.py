"""Recordings and uploads as they are shown to those who get no picture but with hidden faces.

Where heads are poses.v1 says, for as long as it keeps what it has; further back, and where no pose
network looked, all of the picture is hidden.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from services.api.access.paging import Row
from services.api.deps import Tools
from services.api.faces.handing import detector_of, made
from services.api.faces.making import DEADLINE_S, FOR_VIEWING, Hiding
from services.api.playback import PlayableFile
from services.api.policies.presence import poses_of
from services.api.policies.replaying import Allowance
from services.api.problems import Problem
from services.api.scores.reading import Span
from services.chassis.media.recording import Recording, open_recording
from services.chassis.media.stored import open_stored
from services.rules.hidden import HELD_S, Heads

LONGEST = timedelta(minutes=15)
"""Of a copy: it takes about a third of its own length of a core."""

AROUND = timedelta(seconds=HELD_S + 1.0)
FRESH = timedelta(minutes=1)
"""What ended so lately may be looked at yet: a copy of it is made anew after a minute."""

OVER = ("done", "failed")
QUALITY = 80


def analysed(context: Tools, row: Row) -> tuple[str, ...]:
    """What changes while more of an upload is looked at."""
    state = str(row["state"])
    return (state,) if state in OVER else (state, _minute(context))


def hidden_stretch(context: Tools, source_id: UUID, file: PlayableFile) -> PlayableFile:
    """Of a camera. Raises Problem 202 while it is being made, 404, 422; TransientError."""
    if file.ended_at - file.started_at > LONGEST:
        minutes = LONGEST / timedelta(minutes=1)
        detail = (
            f"With hidden faces a stretch is {minutes:g} minutes at most, since every picture of "
            "it is made anew: ask for it piece by piece."
        )
        raise Problem(422, detail)
    is_fresh = context.clock.now() - file.ended_at < FRESH
    parts = ("stretch", file.path.stem, _minute(context) if is_fresh else "")

    def make(path: Path) -> None:
        span = Span(file.started_at - AROUND, file.ended_at + AROUND)
        heads = _heads(context, source_id, span, file.started_at)
        hiding = Hiding(heads, detector_of(context.settings))
        hiding.write(_open_file(file.path), path, FOR_VIEWING)

    making = context.hidden_copies.file(parts, make)
    return replace(file, path=made(making, context.settings.api_playback_wait_s))


def hidden_upload(context: Tools, row: Row, key: str) -> Path:
    """Raises Problem 202 while it is being made, 404; ObjectMissing, TransientError."""
    if (row["duration_s"] or 0.0) > LONGEST.total_seconds():
        minutes = LONGEST / timedelta(minutes=1)
        detail = (
            f"Faces are hidden in videos of up to {minutes:g} minutes, since every picture is made "
            "anew; this one is longer. The evidence of its alerts can be played."
        )
        raise Problem(404, detail)
    info = context.store.stat(key)
    parts = ("upload", key, info.etag, str(info.size_bytes), *analysed(context, row))

    def make(path: Path) -> None:
        heads = _heads_of_upload(context, row)
        hiding = Hiding(heads, detector_of(context.settings))
        hiding.write(open_stored(context.store, key, DEADLINE_S), path, FOR_VIEWING)

    return made(context.hidden_copies.file(parts, make), context.settings.api_playback_wait_s)


def hidden_frame(context: Tools, row: Row, jpeg: bytes, at_s: float) -> bytes:
    """The JPEG that an upload shows at a second. Raises TransientError."""
    heads = _heads_of_upload(context, row)
    return Hiding(heads, detector_of(context.settings)).picture(jpeg, at_s, QUALITY)


def _heads_of_upload(context: Tools, row: Row) -> Heads:
    """In seconds of the video; read once for all of its thumbnails. Raises TransientError."""
    lasts = timedelta(seconds=row["duration_s"] or DEADLINE_S) + AROUND
    span = Span(row["origin_at"], row["origin_at"] + lasts)
    name: str = row["video_id"]

    def read() -> Heads:
        return _heads(context, UUID(name), span, span.since, row["submitted_at"])

    return context.kept_heads.get((name, *analysed(context, row)), read)


def _heads(
    context: Tools,
    source_id: UUID,
    span: Span,
    zero_at: datetime,
    written_since: datetime | None = None,
) -> Heads:
    """Raises TransientError."""
    poses = poses_of(context.broker, source_id, span, Allowance(), written_since)
    return Heads.seen(poses, zero_at)


@contextmanager
def _open_file(path: Path) -> Iterator[Recording]:
    with path.open("rb") as readable, open_recording(readable, DEADLINE_S) as recording:
        yield recording


def _minute(context: Tools) -> str:
    return f"{context.clock.now():%H:%M}"
