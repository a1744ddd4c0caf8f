"""Windows out of the archive, as a replay reads them off the log."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from schemas.archive import ArchiveKind, Part
from schemas.replays import ReplayRequested
from services.scoring.archive.reading import Archive, EmbeddingRows
from services.scoring.archive.wanted import Place, Plan, Wanted
from services.scoring.replay.core import Replay
from services.scoring.replay.inputs import AT_ONCE, SAMPLED_AT, Batch
from services.scoring.replay.log import Span
from services.scoring.replay.rows import Header, Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class ArchivedRows:
    """The input of one request that names the archive: source after source, day after day. Of
    what a partition of the log had, its span is what the archive has by now.
    """

    def __init__(
        self,
        archive: Archive,
        kind: ArchiveKind,
        request: ReplayRequested,
        stores: Collection[UUID] | None = None,
    ) -> None:
        """`stores` are where the sources' rows lie; None looks through all of the tenant's."""
        self._archive, self._kind, self._request = archive, kind, request
        self._stores = stores
        self._found: tuple[Part, ...] | None = None
        self._place = Place()
        self._headers: dict[object, Header] = {}

    def span(self, replay: Replay) -> Span:
        ends: dict[int, int] = {}
        for part in self._listed(replay):
            ends[part.partition] = max(part.end, ends.get(part.partition, 0))
        return Span(dict.fromkeys(ends, 0), ends)

    def size(self, span: Span, replay: Replay) -> int:
        """By what parts say of themselves, as if the rows of a day were spread over it."""
        since, until = replay.near(self._request.sources)
        found = self._listed(replay)
        return round(sum(part.rows * _share(part.of.day, since, until) for part in found))

    def samples(self, span: Span, replay: Replay) -> Iterator[Iterator[Batch]]:
        wanted, found = self._wanted(replay, span), self._listed(replay)
        for at in SAMPLED_AT if found else ():
            yield self._read(wanted, Place(), AT_ONCE, Plan(found[int(at * len(found)) :], 0))

    def batches(
        self, span: Span, replay: Replay, place: Mapping[str, Any] | None, most: int
    ) -> Iterator[Batch]:
        self._place = Place.from_map(place) if place else Place()
        yield from self._read(self._wanted(replay, span), self._place, most)

    def place(self) -> Mapping[str, Any]:
        return self._place.to_map()

    def _listed(self, replay: Replay) -> tuple[Part, ...]:
        """As it was when it was first asked for, in the order of reading."""
        if self._found is None:
            sources = self._request.sources
            places = {source_id: place for place, source_id in enumerate(sources)}
            listed = self._archive.plan(self._wanted(replay)).parts
            found = sorted(listed, key=lambda part: (places[part.of.source_id], part.of.day))
            self._found = tuple(found)
        return self._found

    def _wanted(self, replay: Replay, span: Span | None = None) -> Wanted:
        request, (since, until) = self._request, replay.near(self._request.sources)
        return Wanted(
            self._kind,
            request.tenant_id,
            request.backbone,
            request.sources,
            since,
            until,
            self._stores,
            span.ends if span else None,
        )

    def _read(
        self, wanted: Wanted, place: Place, most: int, plan: Plan | None = None
    ) -> Iterator[Batch]:
        if self._kind == "poses":
            for poses in self._archive.poses(wanted, place, most, plan):
                yield Batch(poses, len(poses))
            return
        for batch in self._archive.embeddings(wanted, place, most, plan):
            yield Batch(self._rows(batch), len(batch))

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


def _share(day: date, since: datetime, until: datetime) -> float:
    """How much of the day lies between the two."""
    starts_at = datetime.combine(day, time(), UTC)
    inside = min(until, starts_at + DAY) - max(since, starts_at)
    return max(inside / DAY, 0.0)
