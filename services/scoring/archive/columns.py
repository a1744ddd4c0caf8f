"""The columns of the archive: messages to a table of Arrow, and back, field by field the same.

Shapes: N rows, D dimensions of a vector.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa

from schemas.archive import ENDED_AT, STARTED_AT, ArchiveKind
from schemas.clips import ClipRef, ClipSpec, OfSource
from schemas.embeddings import EmbeddingExtracted
from schemas.poses import Person, PoseFrame, PosesExtracted

MOMENT = pa.timestamp("us", tz="UTC")
CLIP = pa.struct([("index", pa.int64()), ("start_s", pa.float64()), ("end_s", pa.float64())])
PERSON = pa.struct(
    [
        ("track_id", pa.int64()),
        ("confidence", pa.float64()),
        ("box", pa.list_(pa.float64(), 4)),
        ("keypoints", pa.list_(pa.list_(pa.float64(), 3), 17)),
    ]
)
FRAME = pa.struct([("at_s", pa.float64()), ("people", pa.list_(PERSON))])

SHARED: list[tuple[str, Any]] = [
    ("source_id", pa.string()),
    ("source_kind", pa.string()),
    ("origin_at", MOMENT),
    ("is_wall_clock", pa.bool_()),
    ("cut_at", MOMENT),
    ("is_late", pa.bool_()),
    (STARTED_AT, MOMENT),
    (ENDED_AT, MOMENT),
    ("spec_frames", pa.int32()),
    ("spec_frame_rate", pa.float64()),
    ("spec_hop", pa.int32()),
    ("is_last", pa.bool_()),
    ("log_partition", pa.int32()),
    ("log_offset", pa.int64()),
]
OF_EMBEDDINGS: list[tuple[str, Any]] = [
    ("embedding_id", pa.string()),
    ("window", pa.int32()),
    ("clips", pa.list_(CLIP)),
    ("fresh_count", pa.int32()),
]
OF_POSES: list[tuple[str, Any]] = [
    ("poses_id", pa.string()),
    ("clip", CLIP),
    ("width", pa.int32()),
    ("height", pa.int32()),
    ("frames", pa.list_(FRAME)),
]
ROW_ID = {"embeddings": "embedding_id", "poses": "poses_id"}
Seen = EmbeddingExtracted | PosesExtracted
Place = tuple[int, int]
"""Partition and offset of a record on the log."""


def schema(kind: ArchiveKind, dim: int = 0) -> pa.Schema:
    """Of a part; `dim` is the length of an embedding's vector."""
    if kind == "poses":
        return pa.schema([*SHARED, *OF_POSES])
    return pa.schema([*SHARED, *OF_EMBEDDINGS, ("vector", pa.list_(pa.float32(), dim))])


def table_of(kind: ArchiveKind, messages: Sequence[Seen], places: Sequence[Place]) -> pa.Table:
    """Of one backbone's messages, all of one length of vector, and where each lay on the log."""
    columns = _shared(messages, places)
    if kind == "poses":
        return pa.table(columns | _of_poses(messages), schema=schema(kind))
    embeddings = [one for one in messages if isinstance(one, EmbeddingExtracted)]
    dim = embeddings[0].dim
    vectors = np.frombuffer(b"".join(one.vector for one in embeddings), "<f4")
    columns["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors), dim)
    return pa.table(columns | _of_embeddings(embeddings), schema=schema(kind, dim))


def _shared(messages: Sequence[Seen], places: Sequence[Place]) -> dict[str, Any]:
    clips = [(one, clips_of(one)) for one in messages]
    plain = "source_kind", "origin_at", "is_wall_clock", "cut_at", "is_late", "is_last"
    return {
        "source_id": [str(one.source_id) for one in messages],
        STARTED_AT: [one.moment(refs[0].start_s) for one, refs in clips],
        ENDED_AT: [one.moment(refs[-1].end_s) for one, refs in clips],
        "spec_frames": [one.spec.frames for one in messages],
        "spec_frame_rate": [one.spec.frame_rate for one in messages],
        "spec_hop": [one.spec.hop for one in messages],
        "log_partition": [partition for partition, _ in places],
        "log_offset": [offset for _, offset in places],
        **{name: [getattr(one, name) for one in messages] for name in plain},
    }


def _of_embeddings(messages: Sequence[EmbeddingExtracted]) -> dict[str, Any]:
    return {
        "embedding_id": [str(one.embedding_id) for one in messages],
        "window": [one.window for one in messages],
        "clips": [[ref.model_dump() for ref in one.clips] for one in messages],
        "fresh_count": [one.fresh_count for one in messages],
    }


def _of_poses(messages: Sequence[Seen]) -> dict[str, Any]:
    poses = [one for one in messages if isinstance(one, PosesExtracted)]
    return {
        "poses_id": [str(one.poses_id) for one in poses],
        "clip": [one.clip.model_dump() for one in poses],
        "width": [one.width for one in poses],
        "height": [one.height for one in poses],
        "frames": [[frame.model_dump() for frame in one.frames] for one in poses],
    }


def clips_of(message: Seen) -> tuple[ClipRef, ...]:
    """All that the message is about, oldest first."""
    return message.clips if isinstance(message, EmbeddingExtracted) else (message.clip,)


def id_of(message: Seen) -> UUID:
    return message.embedding_id if isinstance(message, EmbeddingExtracted) else message.poses_id


def embeddings_of(table: pa.Table, backbone: str) -> list[EmbeddingExtracted]:
    """The messages of a table, as they lay on the log."""
    vectors = vectors_of(table)

    def one(number: int, row: dict[str, Any]) -> EmbeddingExtracted:
        return EmbeddingExtracted(
            **_provenance(row),
            embedding_id=row["embedding_id"],
            clips=tuple(ClipRef.model_construct(**ref) for ref in row["clips"]),
            fresh_count=row["fresh_count"],
            backbone=backbone,
            window=row["window"],
            spec=spec_of(row),
            dim=vectors.shape[1],
            vector=vectors[number].tobytes(),
            is_last=row["is_last"],
        )

    return _each(table.drop_columns(["vector"]), one)


def poses_of(table: pa.Table, backbone: str) -> list[PosesExtracted]:
    """The messages of a table, as they lay on the log."""

    def one(_: int, row: dict[str, Any]) -> PosesExtracted:
        return PosesExtracted(
            **_provenance(row),
            poses_id=row["poses_id"],
            clip=ClipRef.model_construct(**row["clip"]),
            backbone=backbone,
            spec=spec_of(row),
            width=row["width"],
            height=row["height"],
            frames=tuple(map(_frame, row["frames"])),
            is_last=row["is_last"],
        )

    return _each(table, one)


def vectors_of(table: pa.Table) -> np.ndarray[Any, np.dtype[np.float32]]:
    """[N, D]; a view of the table's memory where that is one piece."""
    column = table.column("vector").combine_chunks()
    dim = table.schema.field("vector").type.list_size
    flat: np.ndarray[Any, np.dtype[np.float32]] = column.flatten().to_numpy()
    return flat.reshape(-1, dim)


def spec_of(row: dict[str, Any]) -> ClipSpec:
    return ClipSpec(
        frames=row["spec_frames"], frame_rate=row["spec_frame_rate"], hop=row["spec_hop"]
    )


def _each(table: pa.Table, one: Callable[[int, dict[str, Any]], Any]) -> list[Any]:
    return [one(number, row) for number, row in enumerate(table.to_pylist())]


_PROVENANCE = [name for name in OfSource.model_fields if name != "type"]


def _provenance(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _PROVENANCE}


def _frame(content: dict[str, Any]) -> PoseFrame:
    people = tuple(
        Person.model_construct(
            track_id=each["track_id"],
            confidence=each["confidence"],
            box=tuple(each["box"]),
            keypoints=tuple(map(tuple, each["keypoints"])),
        )
        for each in content["people"]
    )
    return PoseFrame.model_construct(at_s=content["at_s"], people=people)
