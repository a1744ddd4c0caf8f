"""Builders of messages for tests: every field has a value, name only what the test is about."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from schemas import ids
from schemas.clips import ClipRecorded, ClipRef, ClipSpec, Grid
from schemas.embeddings import EmbeddingExtracted
from schemas.judgements import ClipJudged, HeadJudgement
from schemas.scores import ClipScored, HeadScore
from services.chassis.streaming.records import Incoming, Partition, Record

SOURCE = UUID("00000000-0000-4000-8000-000000000001")
SPEC = ClipSpec()
ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)
GRID = Grid(origin_at=ORIGIN, spec=SPEC)


def source(number: int) -> UUID:
    return uuid5(SOURCE, str(number))


def clip_ref(index: int) -> ClipRef:
    return ClipRef(index=index, start_s=GRID.start_s(index), end_s=GRID.start_s(index + 1))


def of_source(source_id: UUID = SOURCE, **more: Any) -> dict[str, Any]:
    """The fields that every message about a source has."""
    return {"source_id": source_id, "origin_at": ORIGIN, "cut_at": ORIGIN, **more}


def clip(index: int, source_id: UUID = SOURCE, **more: Any) -> ClipRecorded:
    fields = of_source(source_id) | {"width": 32, "height": 24, "frame_count": 1}
    fields |= {"frames": (b"\xff\xd8",), **more}
    identity = ids.clip_id(source_id, fields["origin_at"], index)
    return ClipRecorded(clip_id=identity, **clip_ref(index).model_dump() | fields)


def embedding(*indexes: int, source_id: UUID = SOURCE, **more: Any) -> EmbeddingExtracted:
    fields = of_source(source_id) | {"backbone": "i3d_k400", "window": 2, "dim": 1}
    fields |= {"vector": bytes(4), "fresh_count": len(indexes), **more}
    first = ids.clip_id(source_id, fields["origin_at"], indexes[0])
    return EmbeddingExtracted(
        embedding_id=ids.embedding_id(first, fields["backbone"]),
        clips=tuple(clip_ref(index) for index in indexes),
        **fields,
    )


def judged(*indexes: int, score: float = 0.0, source_id: UUID = SOURCE, **more: Any) -> ClipJudged:
    head = HeadJudgement(head="linear", model_id="test", rule="fight", score=score)
    fields = of_source(source_id) | {"detector": "test", "backbone": "i3d_k400", "heads": (head,)}
    return ClipJudged(clips=tuple(map(clip_ref, indexes)), **fields | more)


def scored(*indexes: int, calibrated: float, source_id: UUID = SOURCE, **more: Any) -> ClipScored:
    head = HeadScore(
        head="linear",
        model_id="test",
        rule="fight",
        label="Possible fight",
        score=calibrated,
        calibrated=calibrated,
        high_mark=0.7,
    )
    fields = of_source(source_id) | {"detector": "test", "backbone": "i3d_k400", "heads": (head,)}
    return ClipScored(clips=tuple(map(clip_ref, indexes)), **fields | more)


def incoming(message: Any, offset: int = 0, partition: int = 0, prepared: Any = None) -> Incoming:
    record = Record(Partition("topic", partition), offset, message.key.encode(), b"")
    return Incoming(record, message, prepared)
