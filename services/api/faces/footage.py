"""Recordings and uploads as they are shown to those who get no picture but with hidden faces.

Where heads are poses.v1 says, for as long as it keeps what it has; further back, and where no pose
network looked, all of the picture is hidden.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from services.api.access.paging import Row
from services.api.deps import Tools
from services.api.faces.copies import name_of
from services.api.faces.handing import detector_of, made
from services.api.faces.making import DEADLINE_S, FOR_VIEWING, Hiding, Part
from services.api.faces.pieces import PIECE_S, Check, Piece
from services.api.playback import PlayableFile
from services.api.policies.presence import poses_of
from services.api.policies.replaying import Allowance
from services.api.problems import Problem
from services.api.scores.reading import Span
from services.chassis.media.recording import Recording, open_recording
from services.chassis.media.stored import open_stored
from services.rules.hidden import HELD_S, Heads

LONGEST = timedelta(minutes=15)
"""Of a stretch of a camera: a copy takes about a third of its own length of a core."""

LONGEST_UPLOAD = timedelta(hours=12)
"""As far as poses are read where nobody knows its length yet."""

AROUND = timedelta(seconds=HELD_S + 1.0)
FRESH = timedelta(minutes=1)
"""What ended so lately may be looked at yet: a copy of it is made anew after a minute."""

OVER = ("done", "failed")
LAGGING = timedelta(minutes=10)
"""Poses come so long after the last score, where their network is slower."""

QUALITY = 80


def _is_running(row: Row) -> bool:
    return row["state"] not in OVER


def _is_settled(context: Tools, row: Row) -> bool:
    """Whether no poses are to come any more."""
    if _is_running(row):
        return False
    ended_at = row["finished_at"] or row["submitted_at"]
    return bool(context.clock.now() - ended_at > LAGGING)


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

    making = context.hidden_copies.file(str(source_id), parts, make)
    return replace(file, path=made(making, context.settings.api_playback_wait_s))


def hidden_piece(context: Tools, row: Row, key: str, number: int) -> Path:
    """Of an upload. Raises Problem 202 while it is being made, 404; ObjectMissing,
    TransientError.
    """
    heads = _heads_of_upload(context, row)
    count = max(1, math.ceil((row["duration_s"] or heads.until_s) / PIECE_S))
    if number >= count:
        raise Problem(404, f"There is no piece {number} of it: it has {count}, counted from 0.")
    info = context.store.stat(key)
    of_file = key, info.etag, str(info.size_bytes)

    def piece(number: int) -> Piece:
        part = Part(PIECE_S * number, PIECE_S * (number + 1))
        known = _known(context, row, heads, part)
        with_detector = str(context.settings.face_weights is not None)
        parts = ("piece", *of_file, str(number), known, with_detector)
        name = name_of(row["video_id"], parts)

        def make(path: Path, check: Check) -> None:
            hiding = Hiding(heads, detector_of(context.settings))
            opened = open_stored(context.store, key, DEADLINE_S)
            hiding.write(opened, path, FOR_VIEWING, part, check)

        return Piece(row["video_id"], name, make)

    following = piece(number + 1) if number + 1 < count else None
    making = context.hidden_pieces.file(piece(number), following)
    return made(making, context.settings.api_playback_wait_s)


def _known(context: Tools, row: Row, heads: Heads, part: Part) -> str:
    """How much of it is known: a piece that was made early is made anew, but not again and again
    while more is looked at.
    """
    if heads.until_s >= part.until_s + HELD_S:
        return "whole"
    if _is_running(row):
        return "running"
    return "settled" if _is_settled(context, row) else "over"


def hidden_frame(context: Tools, row: Row, jpeg: bytes, at_s: float) -> bytes:
    """The JPEG that an upload shows at a second. Raises TransientError."""
    heads = _heads_of_upload(context, row)
    return Hiding(heads, detector_of(context.settings)).picture(jpeg, at_s, QUALITY)


def _heads_of_upload(context: Tools, row: Row) -> Heads:
    """In seconds of the video; read once for all of its thumbnails. Raises TransientError."""
    length_s = row["duration_s"]
    lasts = timedelta(seconds=length_s) + AROUND if length_s else LONGEST_UPLOAD
    span = Span(row["origin_at"], row["origin_at"] + lasts)
    name: str = row["video_id"]

    def read() -> Heads:
        return _heads(context, UUID(name), span, span.since, row["submitted_at"])

    fresh = "" if _is_settled(context, row) else _minute(context)
    return context.kept_heads.get((name, row["state"], fresh), read)


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
