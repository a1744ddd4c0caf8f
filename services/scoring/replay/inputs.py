"""What a replay reads its windows from, and how far it has read: the log, or (archived.py) the
archive.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from schemas.base import Message
from schemas.poses import PosesExtracted
from schemas.replays import ReplayRequested
from schemas.sources import SourceConfigured
from schemas.topics import SOURCES
from services.chassis.streaming.broker import Broker
from services.scoring.judging.detector import Detector
from services.scoring.replay.core import Replay
from services.scoring.replay.log import Log, Span, all_of
from services.scoring.replay.rows import Row, RowDecoder

AT_ONCE = 4096
CLOCKS_DIFFER = timedelta(hours=1)
WAITED = timedelta(hours=24)
"""A clip is written to the log so much after its moment at most (what waited for features), and so
much before it (an upload is cut faster than it plays). An upload may be handed in any time after it
was recorded: `sources.v1` says when.
"""
LONGEST = timedelta(hours=12)
"""Of an upload's footage."""
SAMPLED_AT = (0.1, 0.35, 0.6, 0.85)
"""Where samples are taken, as shares of all there is."""


class Batch(NamedTuple):
    """What can be judged of so many records."""

    rows: Sequence[Row | PosesExtracted]
    records: int


class Input(Protocol):
    """Where the windows of one request lie. Methods raise TransientError where that is away."""

    def span(self, replay: Replay) -> Span:
        """Which offsets there are now of the stretch and of what is near it. What is added later is
        no part of the replay.
        """

    def size(self, span: Span, replay: Replay) -> int:
        """How many records there are to read, about."""

    def samples(self, span: Span, replay: Replay) -> Iterator[Iterator[Batch]]:
        """Consecutive batches from each of `SAMPLED_AT`; as many as the caller wants, to the end at
        most.
        """

    def batches(
        self, span: Span, replay: Replay, place: Mapping[str, Any] | None, most: int
    ) -> Iterator[Batch]:
        """From a place on, of so many records at most; those of a source in the order in which they
        lay on the log.
        """

    def place(self) -> Mapping[str, Any]:
        """Behind the latest batch, in plain types for a checkpoint."""


class LogInput:
    """The records of a topic, all partitions at once."""

    def __init__(
        self, request: ReplayRequested, detector: Detector, broker: Broker, log: Log
    ) -> None:
        self._request, self._topic = request, detector.topic
        self._broker, self._log = broker, log
        self._decoder, self._keys = decoder_of(request, detector), keys_of(request)
        self._nexts: dict[int, int] = {}

    def span(self, replay: Replay) -> Span:
        request = self._request
        if request.input == "recordings":
            assert request.extracted_at is not None
            since, until = request.requested_at, request.extracted_at
            return self._log.span(self._topic, since - CLOCKS_DIFFER, until + CLOCKS_DIFFER)
        configured = _configured(request, all_of(self._broker, SOURCES))
        uploads = [source for source in configured if source.source_kind == "upload"]
        is_of_cameras = not uploads and len(configured) == len(set(request.sources))
        since, until = replay.near(request.sources)
        since -= CLOCKS_DIFFER if is_of_cameras else WAITED
        ends = (handed_in + replay.margin for handed_in in _handed_in(request, uploads))
        return self._log.span(self._topic, since, max([until, *ends]) + WAITED)

    def size(self, span: Span, replay: Replay) -> int:
        return len(span)

    def samples(self, span: Span, replay: Replay) -> Iterator[Iterator[Batch]]:
        for at in SAMPLED_AT:
            with closing(self._read(span.after(at), AT_ONCE)) as batches:
                yield batches

    def batches(
        self, span: Span, replay: Replay, place: Mapping[str, Any] | None, most: int
    ) -> Iterator[Batch]:
        self._nexts = dict(place["nexts"]) if place else {}
        yield from self._read(span.left(self._nexts), most)

    def place(self) -> Mapping[str, Any]:
        return {"nexts": dict(self._nexts)}

    def _read(self, span: Span, most: int) -> Generator[Batch]:
        for records in self._log.read(self._topic, span, most):
            for record in records:
                self._nexts[record.partition] = record.offset + 1
            rows = (self._decoder(record.value) for record in records if record.key in self._keys)
            yield Batch([row for row in rows if row is not None], len(records))


def decoder_of(request: ReplayRequested, detector: Detector) -> RowDecoder:
    made_for = request.run if request.input == "recordings" else None
    return RowDecoder(detector.topic, detector.backbone, made_for)


def keys_of(request: ReplayRequested) -> frozenset[bytes]:
    return frozenset(str(source_id).encode() for source_id in request.sources)


def _configured(request: ReplayRequested, messages: Sequence[Message]) -> list[SourceConfigured]:
    sources = {one.source_id: one for one in messages if isinstance(one, SourceConfigured)}
    return [sources[name] for name in set(request.sources) if name in sources]


def _handed_in(request: ReplayRequested, uploads: Sequence[SourceConfigured]) -> list[datetime]:
    """When footage of the stretch was handed in: uploads come after their time."""
    return [
        source.configured_at
        for source in uploads
        if request.since - LONGEST < source.origin_at < request.until
    ]
