"""Merges the small parts of a day that is over: a duty of the archive.

What is merged lies on the disk of this machine meanwhile, a source's day at most; memory holds one
part of what is read and one row group of what is written.
"""

import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

import pyarrow as pa

from schemas.archive import CONTENT_TYPE, KINDS, Part, parts_among, store_prefix
from schemas.base import Message
from schemas.sources import SourceConfigured
from services.chassis.clock import Clock
from services.chassis.storage.objects import ObjectMissing, ObjectStore
from services.chassis.telemetry import logs, metrics
from services.scoring.archive import parts
from services.scoring.archive.columns import ROW_ID
from services.scoring.archive.core import mark
from services.scoring.archive.owned import Owned

log = logs.get("archive")
RESTS_S = 1800.0
SETTLED_AFTER = timedelta(hours=1)
"""After midnight: what comes later of the day, if a camera was cut off, is merged once more."""


class Unlike(Exception):
    """Parts have vectors of different lengths: nobody can make one table of them."""


class Compaction:
    """Every step may be broken off and done again: a part goes once a larger one has its rows."""

    def __init__(
        self,
        store: ObjectStore,
        sources: Callable[[], Iterable[Message]],
        owned: Owned,
        clock: Clock,
        folder: Path,
    ) -> None:
        self._store, self._sources, self._owned = store, sources, owned
        self._clock, self._folder = clock, folder
        self._lots: Iterator[list[Part]] | None = None

    def turn(self) -> float:
        """Merge one lot; seconds until the next. Raises TransientError."""
        if self._lots is None:
            self._lots = self._found()
        lot = next(self._lots, None)
        if lot is None:  # only then: what could not be merged is tried again after a rest
            self._lots = None
            return RESTS_S
        try:
            self._merge(lot)
        except ObjectMissing as error:
            log.info("somebody else merged or removed it", part=error.args[0])
        return 0.0

    def _found(self) -> Iterator[list[Part]]:
        """Lots of two parts or more, listed store by store as they are asked for."""
        for tenant_id, store_id in _stores(self._sources()):
            for kind in KINDS:
                listed = self._store.list(store_prefix(kind, tenant_id, store_id))
                yield from self._lots_of(parts_among(info.key for info in listed))

    def _lots_of(self, found: Sequence[Part]) -> Iterator[list[Part]]:
        over = [part for part in found if self._is_over(part) and self._is_ours(part)]
        over.sort(key=lambda part: (*_lot(part), part.first, -part.end))
        for _, alike in itertools.groupby(over, key=_lot):
            lot = list(alike)
            if len(lot) > 1:
                yield lot

    def _is_over(self, part: Part) -> bool:
        ends_at = datetime.combine(part.of.day, time(), UTC) + timedelta(days=1)
        return self._clock.now() >= ends_at + SETTLED_AFTER

    def _is_ours(self, part: Part) -> bool:
        return f"{part.of.kind}/{part.partition}" in self._owned

    def _merge(self, lot: Sequence[Part]) -> None:
        """Raises ObjectMissing."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / "merged.parquet"
            try:
                merged = self._written(lot, path)
            except Unlike:
                log.warning("parts of one day differ in their columns", part=lot[0].key)
                return
            self._store.put_file(merged.key, path, CONTENT_TYPE)
        for part in lot:
            if part.key != merged.key:
                self._store.delete(part.key)
        metrics.count("parts_merged", merged.of.kind, len(lot))

    def _written(self, lot: Sequence[Part], path: Path) -> Part:
        """What the lot becomes, written to the file. Raises Unlike, ObjectMissing."""
        kind, rows, first_id = lot[0].of.kind, 0, ""
        batches = parts.regrouped(self._unseen(lot))
        head = next(batches)
        with parts.writer(path, head.schema) as file:
            for table in itertools.chain([head], batches):
                if table.schema != head.schema:
                    raise Unlike
                first_id = first_id or table.column(ROW_ID[kind])[0].as_py()
                rows += table.num_rows
                file.write_table(table, parts.ROW_GROUP)
        first, end = min(part.first for part in lot), max(part.end for part in lot)
        return Part(lot[0].of, lot[0].partition, first, end, rows, mark(UUID(first_id)))

    def _unseen(self, lot: Sequence[Part]) -> Iterator[pa.Table]:
        seen = set[bytes]()
        for part in lot:
            for table in parts.tables(self._store, part):
                yield parts.unseen(table, part.of.kind, seen)


def _stores(sources: Iterable[Message]) -> list[tuple[UUID, UUID]]:
    found = {
        (each.tenant_id, each.store_id) for each in sources if isinstance(each, SourceConfigured)
    }
    return sorted(found)


def _lot(part: Part) -> tuple[str, str, int]:
    """What parts have in common that become one."""
    return part.of.folder, str(part.of.source_id), part.partition
