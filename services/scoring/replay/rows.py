"""Windows as rows: what a replay reads of an embedding, without a message for each.

An embedding on the log is a map of plain values. The fields that are the same for a whole life of
a source are validated once, as a message; of all others the types are looked at, and what does not
look right goes the slow way, through the message, or is passed over as live.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

import msgpack

from schemas.clips import ClipSpec, SequenceId, SourceKind
from schemas.codec import DecodeError, decode
from schemas.embeddings import EmbeddingExtracted
from schemas.poses import PosesExtracted
from schemas.topics import Topic
from services.scoring.episodes.state import Life

EMBEDDING = EmbeddingExtracted.type_name()
HIGHEST_INDEX, LONGEST_S = 2**53, 1e12


@dataclass(frozen=True, eq=False)
class Header:
    """What all windows of one sequence of a source have in common while its life lasts. A decoder
    gives the same object for the same content, so that it can be asked for without comparing.
    """

    source_id: UUID
    source_kind: SourceKind
    is_wall_clock: bool
    is_late: bool
    origin_at: datetime
    spec: ClipSpec
    window: int
    dim: int

    @cached_property
    def sequence(self) -> SequenceId:
        return self.source_id, self.is_late

    @cached_property
    def name(self) -> str:
        """Of the sequence, for tables that are asked for each window: it hashes fast."""
        return f"{self.source_id.hex}/{int(self.is_late)}"

    @cached_property
    def life(self) -> Life:
        return Life(self.origin_at, self.spec)


class Row(NamedTuple):
    """One window: of its fresh clips the indexes, and where they start and end in seconds from the
    origin; `first` is the index of the earliest clip that it shows, `first_s` where that starts.
    """

    of: Header
    first: int
    first_s: float
    indexes: tuple[int, ...]
    starts: tuple[float, ...]
    ends: tuple[float, ...]
    cut_at: datetime
    is_last: bool
    vector: bytes
    """float32, least significant byte first."""


class RowDecoder:
    """Rows of one backbone's embeddings, or its poses as messages."""

    def __init__(self, topic: Topic, backbone: str, made_for: str | None = None) -> None:
        """Of embeddings those that features made of what ingest cut, or those that were made anew
        of recordings for a run.
        """
        self._topic, self._backbone = topic, backbone
        self._made_for = made_for
        self._headers: dict[Any, Header] = {}

    def __call__(self, value: bytes | None) -> "Row | PosesExtracted | None":
        """None for what another backbone saw, or nobody can decode."""
        try:
            content = msgpack.unpackb(value or b"")
            if content["type"] == EMBEDDING:
                if content["backbone"] != self._backbone:
                    return None
                if content.get("made_for") != self._made_for:
                    return None
                if (row := self._row(content, value)) is not None:
                    return row
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            pass
        except msgpack.UnpackException:
            return None
        return self._validated(value)

    def of_message(self, message: EmbeddingExtracted) -> Row:
        content = (
            message.source_id,
            message.source_kind,
            message.is_wall_clock,
            message.is_late,
            message.origin_at,
            message.spec,
            message.window,
            message.dim,
        )
        header = self._headers.get(content) or self._headers.setdefault(content, Header(*content))
        fresh, first = message.fresh, message.clips[0]
        return Row(
            header,
            first.index,
            first.start_s,
            tuple(ref.index for ref in fresh),
            tuple(ref.start_s for ref in fresh),
            tuple(ref.end_s for ref in fresh),
            message.cut_at,
            message.is_last,
            message.vector,
        )

    def _row(self, content: dict[str, Any], value: bytes | None) -> Row | None:
        """None where a value is not of the type that producers write."""
        get, spec = content.get, content["spec"]
        key = (
            content["source_id"],
            content["source_kind"],
            get("is_wall_clock"),
            get("is_late"),
            content["origin_at"],
            content["window"],
            content["dim"],
            spec["frames"],
            spec["frame_rate"],
            spec["hop"],
        )
        header = self._headers.get(key)
        if header is None:
            row = self._validated(value)
            if isinstance(row, Row):
                self._headers[key] = row.of
            return row if isinstance(row, Row) else None
        clips, count, vector = content["clips"], content["fresh_count"], content["vector"]
        cut_at, is_last = datetime.fromisoformat(content["cut_at"]), get("is_last", False)
        if not (
            type(vector) is bytes
            and len(vector) == 4 * header.dim
            and type(count) is int
            and 0 < count <= len(clips) <= header.window
            and cut_at.tzinfo is UTC
            and type(is_last) is bool
        ):
            return None
        for clip in clips:
            index, start_s, end_s = clip["index"], clip["start_s"], clip["end_s"]
            if not (
                type(index) is int
                and type(start_s) is type(end_s) is float
                and 0 <= index <= HIGHEST_INDEX
                and 0 <= start_s < LONGEST_S
                and 0 <= end_s < LONGEST_S
            ):
                return None
        fresh, first = clips[-count:], clips[0]
        return Row(
            header,
            first["index"],
            first["start_s"],
            tuple([clip["index"] for clip in fresh]),
            tuple([clip["start_s"] for clip in fresh]),
            tuple([clip["end_s"] for clip in fresh]),
            cut_at,
            is_last,
            vector,
        )

    def _validated(self, value: bytes | None) -> "Row | PosesExtracted | None":
        try:
            message = decode(self._topic, value)
        except DecodeError:
            return None
        if isinstance(message, EmbeddingExtracted):
            is_ours = message.backbone == self._backbone and message.made_for == self._made_for
            return self.of_message(message) if is_ours else None
        is_ours = isinstance(message, PosesExtracted) and message.backbone == self._backbone
        return message if is_ours else None  # type: ignore[return-value]
