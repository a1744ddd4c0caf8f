"""A replay on Kafka: reads embeddings or poses of a stretch of time, writes scores and alerts under
a run of its own, and says what would have been different. Nobody is alerted: only the live run is.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import torch

from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from schemas.base import Message
from schemas.codec import DecodeError, decode
from schemas.judgements import LIVE
from schemas.policies import PRESENCE, PolicySet
from schemas.scores import ClipsScored
from schemas.sources import SourceConfigured
from schemas.topics import ALERTS, POLICIES, SCORES, SOURCES, Topic
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Outgoing
from services.scoring.judging.detector import Detector, assemble
from services.scoring.replay.comparison import (
    Alert,
    Comparison,
    began_at,
    compare,
    ended_at,
)
from services.scoring.replay.core import Output, Replay, Stretch
from services.scoring.replay.log import KafkaLog, Log, Span
from services.scoring.replay.rows import RowDecoder

BATCH = 4096
SLACK = timedelta(hours=24)
"""A clip is written to the log so much after its moment at most (what waited for features), and so
much before it (an upload is cut faster than it plays). An upload may be handed in any time after it
was recorded: `sources.v1` says when.
"""
LONGEST = timedelta(hours=12)
"""Of an upload's footage."""


@dataclass(frozen=True)
class Summary:
    """What a replay did."""

    run: str
    windows: int
    clips: int
    refused: int
    """Messages of the detector's backbone that it cannot judge: of another window or spec."""
    comparison: Comparison


def replay(settings: ServiceSettings, folder: Path, stretch: Stretch) -> Summary:
    """Replay a stretch under the detector in a folder.

    Raises ValueError where the folder is no detector, TransientError where Kafka is away.
    """
    torch.set_num_threads(1)
    detector = assemble(folder)
    broker = KafkaBroker(settings)

    return Runner(broker, KafkaLog(settings), broker.publisher("scoring")).run(detector, stretch)


def run_name(detector: Detector, stretch: Stretch) -> str:
    """A name that is the same for the same replay, so that a second one changes nothing."""
    parts = [detector.detector_id, stretch.since.isoformat(), stretch.until.isoformat()]
    parts += sorted(map(str, stretch.sources))
    return f"replay-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:12]}"


@dataclass
class Runner:
    """Carries out replays over any broker."""

    broker: Broker
    log: Log
    publisher: Publisher

    def run(self, detector: Detector, stretch: Stretch) -> Summary:
        """Everything is acknowledged when this returns."""
        with viewed(self.broker, POLICIES) as policies, viewed(self.broker, SOURCES) as sources:
            replay = Replay(detector, stretch, _policies(policies))
            return self._run(replay, _written_until(stretch, sources.values()))

    def _run(self, replay: Replay, until: datetime) -> Summary:
        found = list[Alert]()
        for outputs in self._outputs(replay, until):
            for output in outputs:
                topic = SCORES if isinstance(output, ClipsScored) else ALERTS
                self.publisher.publish(Outgoing(topic, output))
                if not isinstance(output, ClipsScored):
                    found.append(output)
            self.publisher.flush()
        comparison = compare(self._live(replay, until), found)
        run = replay.stretch.run
        return Summary(run, replay.windows, replay.clips, replay.refused, comparison)

    def _outputs(self, replay: Replay, until: datetime) -> Iterator[Iterable[Output]]:
        since, topic = replay.stretch.since - replay.margin - SLACK, replay.detector.topic
        decoder = RowDecoder(topic, replay.detector.backbone)
        span = self.log.span(topic, since, until + replay.margin + SLACK)
        for records in self.log.read(topic, span, BATCH):
            rows = (decoder(record.value) for record in records)
            yield replay.take([row for row in rows if row is not None])
        yield replay.finish()

    def _live(self, replay: Replay, until: datetime) -> list[Alert]:
        """Alerts of the live run within the stretch, of the rules that the detector has."""
        stretch = replay.stretch
        rules = {head.rule.name for head in replay.detector.heads}
        since = stretch.since - replay.margin - SLACK
        found: list[Alert] = []
        span = self.log.span(ALERTS, since, until + replay.margin + SLACK)
        for message in messages(self.log, ALERTS, span):
            if isinstance(message, AlertOpened | AlertUpdated | AlertClosed):
                is_ours = message.run == LIVE and message.rule in rules
                is_ours = is_ours and message.model_id != PRESENCE
                if is_ours and stretch.has(message.source_id):
                    found.append(message)
        latest = {alert.alert_id: alert for alert in found}
        inside = {
            alert_id
            for alert_id, alert in latest.items()
            if began_at(alert) < stretch.until and ended_at(alert) > stretch.since
        }
        return [alert for alert in found if alert.alert_id in inside]


@contextmanager
def viewed(broker: Broker, topic: Topic) -> Iterator[CompactedView]:
    """All that lies on a compacted topic now."""
    view = CompactedView(broker, topic)
    view.start()
    try:
        view.wait_ready()
        yield view
    finally:
        view.stop()


def _written_until(stretch: Stretch, sources: Iterable[Message]) -> datetime:
    """Up to when the footage of a stretch was handed in: uploads come after their time."""
    handed_in = [
        source.configured_at
        for source in sources
        if isinstance(source, SourceConfigured)
        and source.source_kind == "upload"
        and stretch.since - LONGEST < source.origin_at < stretch.until
    ]
    return max([stretch.until, *handed_in])


def messages(log: Log, topic: Topic, span: Span) -> Iterator[Message]:
    """What can be decoded of a span."""
    for records in log.read(topic, span, BATCH):
        for record in records:
            with suppress(DecodeError):
                yield decode(topic, record.value)


def _policies(view: CompactedView) -> Callable[[UUID], PolicySet | None]:
    def policy_of(source_id: UUID) -> PolicySet | None:
        message = view.get(str(source_id))
        return message if isinstance(message, PolicySet) else None

    return policy_of
