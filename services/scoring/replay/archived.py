"""Windows out of the archive, as a replay reads them off the log."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from schemas.archive import ArchiveKind
from schemas.poses import PosesExtracted
from services.scoring.archive.reading import Archive, EmbeddingRows, Wanted
from services.scoring.replay.rows import Header, Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ArchivedRows:
    """The archive of one tenant behind the port of replays. Raises TransientError."""

    def __init__(
        self,
        archive: Archive,
        kind: ArchiveKind,
        tenant_id: UUID,
        stores: Collection[UUID] | None = None,
    ) -> None:
        """`stores` are where the sources' rows lie; None looks through all of the tenant's."""
        self._archive, self._kind = archive, kind
        self._tenant_id, self._stores = tenant_id, stores
        self._headers: dict[object, Header] = {}

    def rows(
        self, backbone: str, sources: Collection[UUID], since: datetime, until: datetime
    ) -> Iterator[Sequence[Row | PosesExtracted]]:
        """Those of a source in the order in which they lay on the log, source after source."""
        wanted = Wanted(
            self._kind, self._tenant_id, backbone, tuple(sources), since, until, self._stores
        )
        if self._kind == "poses":
            yield from self._archive.poses(wanted)
            return
        for batch in self._archive.embeddings(wanted):
            yield self._rows(batch)

    def _rows(self, batch: EmbeddingRows) -> list[Row]:
        headers, cuts = self._headers_of(batch), batch.cut_us.tolist()
        places, indexes, times = (each.tolist() for each in batch.clips)
        starts, ends = [pair[0] for pair in times], [pair[1] for pair in times]
        fresh, lasts = batch.fresh.tolist(), batch.is_last.tolist()
        packed, size = batch.vectors.tobytes(), 4 * batch.vectors.shape[1]
        found = []
        for number, header in enumerate(headers):
            first, end = places[number], places[number + 1]
            begin = end - fresh[number]
            row = Row(
                header,
                indexes[first],
                starts[first],
                tuple(indexes[begin:end]),
                tuple(starts[begin:end]),
                tuple(ends[begin:end]),
                _moment(cuts[number]),
                lasts[number],
                packed[number * size : (number + 1) * size],
            )
            found.append(row)
        return found

    def _headers_of(self, batch: EmbeddingRows) -> Iterator[Header]:
        """The same object for the same content, over all batches."""
        of_batch = batch.source_id, batch.source_kind, batch.window, batch.spec
        dim = batch.vectors.shape[1]
        lives = zip(
            batch.is_wall_clock.tolist(),
            batch.is_late.tolist(),
            batch.origin_us.tolist(),
            strict=True,
        )
        for is_wall_clock, is_late, origin_us in lives:
            key = (*of_batch, dim, is_wall_clock, is_late, origin_us)
            header = self._headers.get(key)
            if header is None:
                source_id, kind, window, spec = of_batch
                origin_at = _moment(origin_us)
                header = Header(
                    source_id, kind, is_wall_clock, is_late, origin_at, spec, window, dim
                )
                self._headers[key] = header
            yield header


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
