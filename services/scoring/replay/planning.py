"""Before a replay begins: which records it reads, under which policies, how long it takes."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from schemas.base import Message
from schemas.policies import PolicySet
from schemas.poses import PosesExtracted
from schemas.replays import ReplayRequested
from schemas.scores import ClipsScored
from schemas.sources import SourceConfigured
from schemas.topics import ALERTS, POLICIES, SCORES, SOURCES, Topic
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.publisher import payload
from services.chassis.streaming.records import Outgoing
from services.scoring.judging.detector import Detector
from services.scoring.replay.checkpoint import Plan, digest_of
from services.scoring.replay.core import Output, Replay, Stretch
from services.scoring.replay.log import Log, Packed, Span
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
PROBES = (0.1, 0.35, 0.6, 0.85)
PROBE_RECORDS = 3 * AT_ONCE


def plan(request: ReplayRequested, detector: Detector, broker: Broker, log: Log) -> Plan:
    """Reads a little of the stretch and judges it, without putting anything out. Raises
    TransientError where Kafka is away.
    """
    wanted = frozenset(request.sources)
    policies = _policies(all_of(broker, POLICIES), wanted)
    replay = Replay(detector, stretch_of(request), policies.get)
    span = _span(request, replay, log, all_of(broker, SOURCES))
    windows, seconds = _probed(request, detector, policies, log, span)
    return Plan(digest_of(request), span, policies, windows, seconds)


def stretch_of(request: ReplayRequested) -> Stretch:
    return Stretch(request.run, request.since, request.until, frozenset(request.sources))


def rows_of(
    decoder: RowDecoder, sources: frozenset[bytes], records: Iterable[Packed]
) -> list[Row | PosesExtracted]:
    """What can be judged of these records."""
    rows = (decoder(record.value) for record in records if record.key in sources)
    return [row for row in rows if row is not None]


def outgoing(output: Output) -> Outgoing:
    return Outgoing(SCORES if isinstance(output, ClipsScored) else ALERTS, output)


def decoder_of(request: ReplayRequested, detector: Detector) -> RowDecoder:
    made_for = request.run if request.input == "recordings" else None
    return RowDecoder(detector.topic, detector.backbone, made_for)


def keys_of(request: ReplayRequested) -> frozenset[bytes]:
    return frozenset(str(source_id).encode() for source_id in request.sources)


def _span(request: ReplayRequested, replay: Replay, log: Log, sources: Sequence[Message]) -> Span:
    if request.input == "recordings":
        assert request.extracted_at is not None
        since, until = request.requested_at - CLOCKS_DIFFER, request.extracted_at + CLOCKS_DIFFER
        return log.span(replay.detector.topic, since, until)
    kinds = {source.source_id: source for source in sources if isinstance(source, SourceConfigured)}
    uploads = [
        kinds[name]
        for name in request.sources
        if name in kinds and kinds[name].source_kind == "upload"
    ]
    is_of_cameras = not uploads and all(name in kinds for name in request.sources)
    lead = max(replay.lead(source_id) for source_id in request.sources)
    since = request.since - lead - (CLOCKS_DIFFER if is_of_cameras else WAITED)
    until = _handed_in(request, uploads) + replay.margin + WAITED
    return log.span(replay.detector.topic, since, until)


def _handed_in(request: ReplayRequested, uploads: Sequence[SourceConfigured]) -> datetime:
    """Up to when the footage of a stretch was handed in: uploads come after their time."""
    latest = [
        source.configured_at
        for source in uploads
        if request.since - LONGEST < source.origin_at < request.until
    ]
    return max([request.until, *latest])


def _probed(
    request: ReplayRequested,
    detector: Detector,
    policies: dict[UUID, PolicySet],
    log: Log,
    span: Span,
) -> tuple[int, float]:
    """How many windows there are to judge, and the seconds it takes: by some records from here and
    there, each time after a first batch.
    """
    records, windows, seconds = 0, 0, 0.0
    decoder, keys = decoder_of(request, detector), keys_of(request)
    for at in PROBES:
        replay = Replay(detector, stretch_of(request), policies.get)
        for number, batch in enumerate(log.read(detector.topic, _part(span, at), AT_ONCE)):
            started, before = time.perf_counter(), replay.windows
            for output in (*replay.take(rows_of(decoder, keys, batch)), *replay.flush()):
                payload(outgoing(output))
            took_s = time.perf_counter() - started
            if number or len(span) < AT_ONCE:  # a source that is new costs more, and is new once
                seconds, records = seconds + took_s, records + len(batch)
                windows += replay.windows - before
    share = len(span) / records if records else 0.0
    return round(windows * share), seconds * share


def _part(span: Span, at: float) -> Span:
    """A few records of each partition, so far into it."""
    most = max(PROBE_RECORDS // max(len(span.ends), 1), 1)
    starts = {
        number: start + int(at * (span.ends[number] - start))
        for number, start in span.starts.items()
    }
    ends = {number: min(start + most, span.ends[number]) for number, start in starts.items()}
    return Span(starts, ends)


def _policies(messages: Iterable[Message], wanted: frozenset[UUID]) -> dict[UUID, PolicySet]:
    policies = (message for message in messages if isinstance(message, PolicySet))
    return {policy.source_id: policy for policy in policies if policy.source_id in wanted}


def all_of(broker: Broker, topic: Topic) -> tuple[Message, ...]:
    """All that lies on a compacted topic now."""
    view = CompactedView(broker, topic)
    view.start()
    try:
        view.wait_ready()
        return view.values()
    finally:
        view.stop()
