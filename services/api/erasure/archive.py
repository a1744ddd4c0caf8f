"""Rows of a stretch that lie in parts of the archive: noted with their number, then taken out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select

from schemas.archive import Part
from services.api.archived.parts import may_touch, parts_of
from services.api.erasure.tables import erased_objects, erasures
from services.api.holds import EVER
from services.api.scores.reading import Span
from services.api.scores.series import EPOCH
from services.chassis.storage.database import transaction, upsert
from services.chassis.storage.objects import ObjectMissing, ObjectStore

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class ArchiveErasing:
    """Every step may be done again: what of a part stays is written before the part goes. They
    raise TransientError.
    """

    engine: Engine
    store: ObjectStore

    def note(self, erasure: Row) -> bool:
        """Parts that were not noted yet; whether there were any. What was erased and came back is
        erased at once.
        """
        mine = erased_objects.c.erasure_id == erasure["erasure_id"]
        with transaction(self.engine) as connection:
            known = set(connection.scalars(select(erased_objects.c.object_key).where(mine)))
        rows = []
        for part, count in self._found(erasure):
            if part.key in known:
                self._take_out(part, _stretch(erasure))
                continue
            size_bytes = self.store.stat(part.key).size_bytes
            row = {"erasure_id": erasure["erasure_id"], "object_key": part.key}
            rows.append(row | {"size_bytes": size_bytes, "row_count": count})
        with transaction(self.engine) as connection:
            upsert(connection, erased_objects, rows, [])
        return bool(rows)

    def erase(self, noted: Row, part: Part) -> None:
        """`noted` is a row of `erased_objects`."""
        mine = erasures.c.erasure_id == noted["erasure_id"]
        with transaction(self.engine) as connection:
            erasure = connection.execute(select(erasures).where(mine)).mappings().one()
        self._take_out(part, _stretch(erasure))

    def sweep(self, erasure: Row) -> list[str]:
        """What came into the archive since; the keys of the parts that it lay in."""
        found = [part for part, _ in self._found(erasure)]
        for part in found:
            self._take_out(part, _stretch(erasure))
        return [part.key for part in found]

    def _found(self, erasure: Row) -> Iterator[tuple[Part, int]]:
        """Parts with rows of the stretch, and how many."""
        stretch = _stretch(erasure)
        parts = parts_of(self.store, erasure["tenant_id"], [erasure["source_id"]])
        for part in [each for each in parts if may_touch(each, stretch)]:
            from services.api.archived.rewriting import rows_in

            try:
                count = rows_in(self.store, part, stretch)
            except ObjectMissing:  # merged into another meanwhile: the next look finds that one
                continue
            if count:
                yield part, count

    def _take_out(self, part: Part, stretch: Span) -> None:
        from services.api.archived.rewriting import keep_the_rest

        try:
            keep_the_rest(self.store, part, stretch)
        except ObjectMissing:
            return
        self.store.delete(part.key)


def _stretch(erasure: Row) -> Span:
    """Of an upload, which is one file, all."""
    if erasure["source_kind"] == "upload":
        return Span(EPOCH, EVER)
    return Span(erasure["since_at"], erasure["until_at"])
