"""Windows of the archive beside what people said of them.

Shapes: N windows, D dimensions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from schemas.clips import ClipSpec
from services.scoring.archive.reading import EmbeddingRows
from services.training.reviews.marks import Mark

MARGIN = timedelta(seconds=30)
"""Beside an event, and beside what is unclear, no window counts as quiet."""
SHOWS = 0.5
"""A window shows an event that fills so much of it, or of which it holds so much."""
HELD_OUT = 64 / 256
"""The share of camera-days that no head of the tenant is ever taught with."""
MOST_QUIET = 20_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Moments = NDArray[np.int64]
MadeBy = tuple[int, ClipSpec, int]


@dataclass(frozen=True)
class Windows:
    """What a head is taught and judged with; rows are in no order that means anything."""

    vectors: NDArray[np.float32]
    """[N, D]"""
    is_event: NDArray[np.bool_]
    event: NDArray[np.str_]
    """Name of the mark that a window of an event belongs to, else empty."""
    cell: NDArray[np.str_]
    """The camera and the day (UTC); all windows of an event have that in which it began."""
    is_held_out: NDArray[np.bool_]
    backbone: str
    window: int
    spec: ClipSpec

    def __len__(self) -> int:
        return len(self.is_event)

    @property
    def hours(self) -> float:
        """What the normal windows show."""
        return float((~self.is_event).sum()) * self.window * self.spec.hop_s / 3600

    @property
    def events(self) -> tuple[str, ...]:
        return tuple(np.unique(self.event[self.is_event]).tolist())

    def where(self, rows: NDArray[np.bool_]) -> "Windows":
        kept = {
            name: getattr(self, name)[rows]
            for name in ("vectors", "is_event", "event", "cell", "is_held_out")
        }
        return Windows(**kept, backbone=self.backbone, window=self.window, spec=self.spec)

    @property
    def taught(self) -> "Windows":
        return self.where(~self.is_held_out)

    @property
    def held_out(self) -> "Windows":
        return self.where(self.is_held_out)


def is_held_out(tenant_id: UUID, cell: str) -> bool:
    """The same for ever, whatever is added: a camera-day never changes sides."""
    return sha256(f"{tenant_id}/{cell}".encode()).digest()[0] < HELD_OUT * 256


def gather(
    found: Iterable[EmbeddingRows], marks: Sequence[Mark], tenant_id: UUID, share: float = 1.0
) -> Windows | None:
    """All windows of events and of what was marked normal, and a share of the quiet ones, chosen by
    their own time. Of several clip specs the one with the most windows counts; None without any.
    """
    parts: dict[MadeBy, list[Windows]] = {}
    for rows in found:
        own = [mark for mark in marks if mark.source_id == rows.source_id]
        part = _labelled(rows, own, tenant_id, share)
        parts.setdefault((rows.window, rows.spec, rows.vectors.shape[1]), []).append(part)
    if not parts:
        return None
    return _joined(max(parts.values(), key=lambda each: sum(map(len, each))))


def _labelled(rows: EmbeddingRows, marks: Sequence[Mark], tenant_id: UUID, share: float) -> Windows:
    start_N = rows.started_us
    hop_us = rows.spec.hop_s * 1e6
    end_N = start_N + ((rows.last - rows.first + 1) * hop_us).astype(np.int64)
    is_clear_N, is_normal_N = np.ones(len(rows), np.bool_), np.zeros(len(rows), np.bool_)
    event_N = np.full(len(rows), "", dtype="U64")
    cell_N = np.array([_cell(rows.source_id, EPOCH + int(at) * MICROSECOND) for at in start_N])
    for mark in marks:
        shown_N = _overlap(start_N, end_N, mark.since, mark.until) >= SHOWS * np.minimum(
            end_N - start_N, (mark.until - mark.since) / MICROSECOND
        )
        if mark.meaning == "normal":
            is_normal_N |= shown_N
            continue
        is_clear_N &= _overlap(start_N, end_N, mark.since - MARGIN, mark.until + MARGIN) <= 0
        if mark.meaning == "event":
            event_N[shown_N], cell_N[shown_N] = mark.name, _cell(mark.source_id, mark.since)
    is_event_N = event_N != ""
    is_kept_N = is_event_N | is_normal_N & is_clear_N | is_clear_N & _drawn(start_N, share)
    held_out = {cell: is_held_out(tenant_id, cell) for cell in np.unique(cell_N).tolist()}
    return Windows(
        rows.vectors[is_kept_N],
        is_event_N[is_kept_N],
        event_N[is_kept_N],
        cell_N[is_kept_N],
        np.array([held_out[cell] for cell in cell_N[is_kept_N].tolist()], np.bool_),
        rows.backbone,
        rows.window,
        rows.spec,
    )


def _overlap(
    start_N: Moments, end_N: Moments, since: datetime, until: datetime
) -> NDArray[np.float64]:
    """Microseconds that each window shares with the span; negative: so far away."""
    since_us, until_us = ((at - EPOCH) // MICROSECOND for at in (since, until))
    shared = np.minimum(end_N, until_us) - np.maximum(start_N, since_us)
    return np.asarray(shared, np.float64)


def _drawn(start_N: Moments, share: float) -> NDArray[np.bool_]:
    """A share of all moments, spread over each minute as if by chance, and always the same."""
    mixed_N = (start_N.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)
    return np.asarray(mixed_N < share * 2**24, np.bool_)


def _cell(source_id: UUID, at: datetime) -> str:
    return f"{source_id}/{at.astimezone(UTC).date()}"


def _joined(parts: Sequence[Windows]) -> Windows:
    first = parts[0]
    names = "vectors", "is_event", "event", "cell", "is_held_out"
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Windows(**columns, backbone=first.backbone, window=first.window, spec=first.spec)
