"""The archive as what lay on the log: rows of a stretch, exact at both ends, each record once.

Shapes: N rows, D dimensions of a vector.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.archive import STARTED_AT, Part, store_prefix, tenant_prefix
from schemas.clips import ClipSpec, SourceKind
from schemas.embeddings import EmbeddingExtracted
from schemas.poses import PosesExtracted
from services.chassis.storage.objects import ObjectMissing, ObjectStore
from services.scoring.archive import parts
from services.scoring.archive.columns import embeddings_of, poses_of, spec_of, vectors_of
from services.scoring.archive.wanted import Place, Plan, Wanted

LISTED_AGAIN = 3
"""Parts may be merged or removed while they are read: then the listing is asked again."""


@dataclass(frozen=True)
class EmbeddingRows:
    """Embeddings of one source, in the order of the log: arrays of N rows."""

    table: pa.Table
    backbone: str

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def source_id(self) -> UUID:
        return UUID(self._first["source_id"])

    @property
    def source_kind(self) -> SourceKind:
        return "camera" if self._first["source_kind"] == "camera" else "upload"

    @property
    def window(self) -> int:
        return int(self._first["window"])

    @property
    def spec(self) -> ClipSpec:
        return spec_of(self._first)

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """[N, D]"""
        return vectors_of(self.table)

    @cached_property
    def started_us(self) -> NDArray[np.int64]:
        """Microseconds since the epoch, as all moments here; of the first clip."""
        return self._moments(STARTED_AT)

    @cached_property
    def origin_us(self) -> NDArray[np.int64]:
        return self._moments("origin_at")

    @cached_property
    def cut_us(self) -> NDArray[np.int64]:
        return self._moments("cut_at")

    @cached_property
    def clips(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Of all rows one after the other: where each row's begin (N + 1 places), their indexes,
        and their starts and ends in seconds from the origin, [clips, 2].
        """
        lists = self.table.column("clips").combine_chunks()
        places = np.asarray(lists.offsets.to_numpy(), np.int64)
        flat = lists.values
        index = np.asarray(flat.field("index").to_numpy(), np.int64)
        times = np.stack([flat.field(name).to_numpy() for name in ("start_s", "end_s")], axis=1)
        return places, index, np.asarray(times, np.float64)

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """Index of the first clip."""
        places, index, _ = self.clips
        return index[places[:-1]]

    @cached_property
    def last(self) -> NDArray[np.int64]:
        """Index of the last clip."""
        places, index, _ = self.clips
        return index[places[1:] - 1]

    @cached_property
    def fresh(self) -> NDArray[np.int64]:
        return self._numbers("fresh_count", np.int64)

    @cached_property
    def is_late(self) -> NDArray[np.bool_]:
        return self._numbers("is_late", np.bool_)

    @cached_property
    def is_last(self) -> NDArray[np.bool_]:
        return self._numbers("is_last", np.bool_)

    @cached_property
    def is_wall_clock(self) -> NDArray[np.bool_]:
        return self._numbers("is_wall_clock", np.bool_)

    def messages(self) -> list[EmbeddingExtracted]:
        """Equal to those on the log, field by field."""
        return embeddings_of(self.table, self.backbone)

    @cached_property
    def _first(self) -> dict[str, Any]:
        names = "source_id", "source_kind", "window", "spec_frames", "spec_frame_rate", "spec_hop"
        row: dict[str, Any] = self.table.select(names).slice(0, 1).to_pylist()[0]
        return row

    def _moments(self, name: str) -> NDArray[np.int64]:
        column = self.table.column(name).cast(pa.int64())
        return np.asarray(column.to_numpy(), np.int64)

    def _numbers(self, name: str, kind: Any) -> NDArray[Any]:
        return np.asarray(self.table.column(name).to_numpy(), kind)


class Archive:
    """Reads the archive of an object store. Methods raise TransientError when that is away."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def plan(self, wanted: Wanted) -> Plan:
        """Without reading any part."""
        sources, size_bytes, found = set(wanted.sources), 0, list[Part]()
        for prefix in self._prefixes(wanted):
            for info in self._store.list(prefix):
                part = Part.read(info.key)
                if part and part.of.source_id in sources and wanted.has(part):
                    found.append(part)
                    size_bytes += info.size_bytes
        return Plan(tuple(found), size_bytes)

    def embeddings(
        self,
        wanted: Wanted,
        place: Place | None = None,
        most: int = parts.ROW_GROUP,
        plan: Plan | None = None,
    ) -> Iterator[EmbeddingRows]:
        """Source after source in the order of `wanted`, day after day; each batch is of one window
        and spec, and `most` rows at most. It begins at `place`, and moves that behind each batch
        that it gives. `plan`: what to read, if not all that there is now.
        """
        for table in self._tables(wanted, place or Place(), most, plan):
            yield EmbeddingRows(table, wanted.backbone)

    def poses(
        self,
        wanted: Wanted,
        place: Place | None = None,
        most: int = parts.ROW_GROUP,
        plan: Plan | None = None,
    ) -> Iterator[Sequence[PosesExtracted]]:
        """As `embeddings`: the messages, equal to those on the log."""
        for table in self._tables(wanted, place or Place(), most, plan):
            yield poses_of(table, wanted.backbone)

    def _tables(
        self, wanted: Wanted, place: Place, most: int, plan: Plan | None
    ) -> Iterator[pa.Table]:
        by_source: dict[UUID, list[Part]] = {}
        for part in (plan or self.plan(wanted)).parts:
            by_source.setdefault(part.of.source_id, []).append(part)
        sources = list(dict.fromkeys(wanted.sources))
        begun = sources.index(place.source_id) if place.source_id else 0
        for source_id in sources[begun:]:
            found = by_source.get(source_id, [])
            for day in sorted({part.of.day for part in found}):
                if place.enter(source_id, day):
                    waiting = [part for part in found if part.of.day == day]
                    for table in self._of_day(wanted, waiting):
                        for piece in _pieces(table, most):
                            fresh = parts.unseen(piece, wanted.kind, place.seen)
                            if fresh.num_rows:
                                yield fresh

    def _of_day(self, wanted: Wanted, waiting: Sequence[Part]) -> Iterator[pa.Table]:
        """A part that is merged into another while this goes on is found again in that one, with
        rows that were given already.
        """
        attempts = 0
        while waiting:
            try:
                yield from self._of_parts(wanted, waiting)
                return
            except ObjectMissing:
                attempts += 1
                if attempts > LISTED_AGAIN:
                    raise
                place = waiting[0].of.source_id, waiting[0].of.day
                again = self.plan(wanted).parts
                waiting = [one for one in again if (one.of.source_id, one.of.day) == place]

    def _of_parts(self, wanted: Wanted, found: Sequence[Part]) -> Iterator[pa.Table]:
        for part in sorted(found, key=lambda one: (one.partition, one.first, -one.end)):
            for table in parts.tables(self._store, part, wanted.since, wanted.until):
                if wanted.ends is not None and part.end > (end := wanted.ends[part.partition]):
                    table = table.filter(pc.less(table.column("log_offset"), end))
                yield table

    def _prefixes(self, wanted: Wanted) -> list[str]:
        if wanted.stores is None:
            return [tenant_prefix(wanted.kind, wanted.tenant_id)]
        return [store_prefix(wanted.kind, wanted.tenant_id, one) for one in wanted.stores]


def _pieces(table: pa.Table, most: int) -> Iterator[pa.Table]:
    """Runs of rows of one window and spec, so many at most: mostly the whole table."""
    names = "window", "spec_frames", "spec_frame_rate", "spec_hop", "source_kind"
    columns = [table.column(name).to_pylist() for name in names if name in table.schema.names]
    keys = list(zip(*columns, strict=True))
    start = 0
    for number in range(1, len(keys) + 1):
        if number == len(keys) or keys[number] != keys[start] or number - start == most:
            yield table.slice(start, number - start)
            start = number
