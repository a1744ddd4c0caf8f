"""Builders of messages for tests: every field has a value, name only what the test is about."""

from typing import Any
from uuid import UUID, uuid5

from schemas import ids
from schemas.clips import ClipRecorded, ClipRef, ClipSpec
from schemas.embeddings import EmbeddingExtracted
from schemas.scores import ClipScored
from services.chassis.streaming.records import Incoming, Partition, Record

SOURCE = UUID("00000000-0000-4000-8000-000000000001")
SPEC = ClipSpec()


def source(number: int) -> UUID:
    return uuid5(SOURCE, str(number))


def clip_times(index: int) -> tuple[float, float]:
    return round(index * SPEC.hop_s, 6), round((index + 1) * SPEC.hop_s, 6)


def clip_ref(index: int, source_id: UUID = SOURCE) -> ClipRef:
    start_s, end_s = clip_times(index)
    return ClipRef(
        clip_id=ids.clip_id(source_id, start_s), index=index, start_s=start_s, end_s=end_s
    )


def clip(index: int, source_id: UUID = SOURCE, **more: Any) -> ClipRecorded:
    fields = {"width": 32, "height": 24, "frame_count": 1, "frames": (b"\xff\xd8",), **more}
    return ClipRecorded(**clip_ref(index, source_id).model_dump(), source_id=source_id, **fields)


def embedding(*indexes: int, source_id: UUID = SOURCE, **more: Any) -> EmbeddingExtracted:
    refs = tuple(clip_ref(index, source_id) for index in indexes)
    fields = {"backbone": "i3d_k400", "window": 2, "dim": 1, "vector": bytes(4), **more}
    return EmbeddingExtracted(
        embedding_id=ids.embedding_id(refs[0].clip_id, fields["backbone"]),
        source_id=source_id,
        clips=refs,
        **fields,
    )


def scored(index: int, calibrated: float, source_id: UUID = SOURCE, **more: Any) -> ClipScored:
    fields = {"head": "linear", "model_id": "test", "backbone": "i3d_k400", **more}
    return ClipScored(
        **clip_ref(index, source_id).model_dump(),
        source_id=source_id,
        score=calibrated,
        calibrated=calibrated,
        **fields,
    )


def incoming(message: Any, offset: int = 0, partition: int = 0, prepared: Any = None) -> Incoming:
    record = Record(Partition("topic", partition), offset, message.key.encode(), b"")
    return Incoming(record, message, prepared)
