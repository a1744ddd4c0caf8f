"""A replay on Kafka: reads embeddings or poses of a stretch of time, writes scores and alerts under
a run of its own, and says what would have been different. Nobody is alerted: only the live run is.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

import torch

from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from schemas.base import Message
from schemas.embeddings import EmbeddingExtracted
from schemas.judgements import LIVE
from schemas.policies import PRESENCE, PolicySet
from schemas.poses import PosesExtracted
from schemas.scores import ClipScored
from schemas.sources import SourceConfigured
from schemas.topics import ALERTS, POLICIES, SCORES, SOURCES, Topic
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Outgoing
from services.scoring.judging.core import Seen
from services.scoring.judging.detector import Detector, assemble
from services.scoring.replay.comparison import (
    Alert,
    Comparison,
    began_at,
    compare,
    ended_at,
)
from services.scoring.replay.core import Output, Replay, Stretch
from services.scoring.replay.log import KafkaStretch, messages
from services.scoring.replay.log import Stretch as LogStretch

BATCH = 512
SLACK = timedelta(hours=24)
"""A clip is written to the log so much after its moment at most (what waited for features), and so
much before it (an upload is cut faster than it plays). An upload may be handed in any time after it
was recorded: `sources.v1` says when.
"""
LONGEST = timedelta(hours=12)
"""Of an upload's footage."""


class Log(Protocol):
    """Opens the records of a topic that were written between two moments."""

    def __call__(self, topic: Topic, since: datetime, until: datetime) -> LogStretch: ...


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

    def log(topic: Topic, since: datetime, until: datetime) -> LogStretch:
        return KafkaStretch(settings, topic, since, until)

    return Runner(broker, log, broker.publisher("scoring")).run(detector, stretch)


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
        clips, found = 0, list[Alert]()
        for outputs in self._outputs(replay, until):
            for output in outputs:
                if isinstance(output, ClipScored):
                    clips += len(output.clips)
                    self.publisher.publish(Outgoing(SCORES, output))
                else:
                    found.append(output)
                    self.publisher.publish(Outgoing(ALERTS, output))
            self.publisher.flush()
        comparison = compare(self._live(replay, until), found)
        run, windows, refused = replay.stretch.run, replay.windows, replay.refused
        return Summary(run, windows, clips, refused, comparison)

    def _outputs(self, replay: Replay, until: datetime) -> Iterator[Iterable[Output]]:
        since, topic = replay.stretch.since - replay.margin - SLACK, replay.detector.topic
        log = self.log(topic, since, until + replay.margin + SLACK)
        read = (message for _, message in messages(log, topic))
        for batch in batched(read, BATCH):
            yield replay.take(batch)
        yield replay.finish()

    def _live(self, replay: Replay, until: datetime) -> list[Alert]:
        """Alerts of the live run within the stretch, of the rules that the detector has."""
        stretch = replay.stretch
        rules = {head.rule.name for head in replay.detector.heads}
        since = stretch.since - replay.margin - SLACK
        found: list[Alert] = []
        log = self.log(ALERTS, since, until + replay.margin + SLACK)
        for _, message in messages(log, ALERTS):
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


def batched(items: Iterable[Message], size: int) -> Iterator[list[Seen]]:
    batch: list[Seen] = []
    for item in items:
        assert isinstance(item, EmbeddingExtracted | PosesExtracted)
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    yield batch


def _policies(view: CompactedView) -> Callable[[UUID], PolicySet | None]:
    def policy_of(source_id: UUID) -> PolicySet | None:
        message = view.get(str(source_id))
        return message if isinstance(message, PolicySet) else None

    return policy_of
