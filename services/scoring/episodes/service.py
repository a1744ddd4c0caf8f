"""Episodes on Kafka: judgements and health in, scores and alerts out, by a stateful stream."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from schemas import groups
from schemas.alerts import Alert, AlertClosed, AlertOpened, ClosedReason
from schemas.base import Message
from schemas.health import SourceHealth
from schemas.judgements import LIVE, ClipJudged
from schemas.policies import PRESENCE, PolicySet
from schemas.poses import PosesExtracted
from schemas.reviews import AlertReviewed, EventMissed
from schemas.sources import SourceConfigured
from schemas.topics import (
    ALERTS,
    HEALTH,
    JUDGEMENTS,
    POLICIES,
    POSES,
    REVIEWS,
    SCORES,
    SOURCES,
)
from services.chassis.errors import InvalidMessage
from services.chassis.hours import in_known_zone
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.records import Outgoing, Record, Tombstone
from services.chassis.streaming.stateful import StatefulStream
from services.chassis.telemetry import logs, metrics
from services.scoring import runs
from services.scoring.episodes import conditions
from services.scoring.episodes.budgets import (
    learn_from,
    with_alarms,
)
from services.scoring.episodes.calibrating import Calibrating
from services.scoring.episodes.config import EpisodesSettings
from services.scoring.episodes.core import Outcome, close_all, step
from services.scoring.episodes.in_force import Detectors, InForce, deployed_heads
from services.scoring.episodes.messages import health_alert
from services.scoring.episodes.silence import Bounds, Followed, Silence
from services.scoring.episodes.table import Kept
from services.scoring.episodes.watching import end_all, settle, watch

log = logs.get("episodes")
TOPICS = (JUDGEMENTS, HEALTH, POLICIES, SOURCES, REVIEWS, POSES)

K = TypeVar("K")
V = TypeVar("V")


class EpisodesStep:
    """The step of the stream, of the live run and of all shadows beside it."""

    def __init__(
        self,
        detectors: Detectors,
        bounds: Bounds = Bounds(),
        reread: Callable[[], Detectors] | None = None,
    ) -> None:
        """`reread`: as `InForce` has it."""
        self._in_force = InForce(detectors, reread)
        self._silence = Silence(bounds._replace(window=detectors.window))
        self._unseen = Silence(bounds)
        self._calibrating = Calibrating(self._in_force.learned_of)
        self._now: datetime | None = None

    def unpack(self, packed: bytes) -> Kept:
        return Kept.unpack(packed)

    def pack(self, state: Kept) -> bytes:
        return state.pack()

    def __call__(
        self, state: Kept | None, record: Record, message: Message | Tombstone
    ) -> tuple[Kept | None, Iterable[Outgoing]]:
        if isinstance(message, ClipJudged):
            return self._judged(state or Kept(), record, message)
        if isinstance(message, PosesExtracted):
            return self._seen(state, record, message)
        if isinstance(message, SourceHealth):
            return self._ill(state or Kept(), record, message)
        if isinstance(message, AlertReviewed | EventMissed):
            return self._calibrating.review(state, record, message)
        if isinstance(message, PolicySet):
            return (state or Kept()).with_policy(_usable(message)), ()
        if isinstance(message, SourceConfigured) and state is not None and message.is_paused:
            return _turned(state, conditions.end_all(state.health), record, "source_ended")
        if isinstance(message, Tombstone):
            return self._removed(state, message), ()
        return state, ()

    def tick(self, state: Kept, now: datetime) -> tuple[Kept | None, Iterable[Outgoing]]:
        """Closes what a silent source left open, and lets go of what nobody needs any more."""
        if now != self._now:
            self._silence.tick(now)
            self._unseen.tick(now)
            self._in_force.tick()
            self._now = now
        after, outputs = _turned(state, conditions.settle(state.health, now), None, "recovered")
        for name, source in state.runs.items():
            key = (source.source_id, name)
            if self._silence.is_forgotten(key, source, now):
                after = replace(after, runs=_without(after.runs, name))
                self._silence.forget(key)
            elif source.has_open and self._silence.is_silent(key, source):
                outcome = close_all(source, _silent(source))
                after = after.with_run(outcome.state)
                outputs += _outgoing(outcome, None)
        for is_late, watched in state.watched.items():
            place = (watched.source_id, is_late)
            if self._unseen.is_forgotten(place, watched, now):
                after = replace(after, watched=_without(after.watched, is_late))
                self._unseen.forget(place)
            elif watched.has_open and self._unseen.is_silent(place, watched):
                scored = after.runs.get((LIVE, is_late))
                watched, closed = end_all(watched, _silent(watched), state.policy, scored)
                after = after.with_watched(watched)
                outputs += (Outgoing(ALERTS, alert) for alert in closed)
        return None if after.is_empty else after, outputs

    def _judged(
        self, kept: Kept, record: Record, judged: ClipJudged
    ) -> tuple[Kept, Iterable[Outgoing]]:
        for head in judged.heads:
            if not self._in_force.has(head.model_id):
                metrics.count("judgements_passed_over", head.model_id)
                return kept, ()
        partition = record.partition.number
        name = (judged.run, judged.is_late)
        is_live = judged.source_kind == "camera" and not judged.is_late
        key = (judged.source_id, name)
        self._silence.heard(key, partition, judged.cut_at, is_live, judged.run)
        before = kept.runs.get(name)
        entered = self._in_force.entered(record.key or b"", judged, before, kept.policy)
        terms = self._in_force.raised(record.key or b"", judged.run, kept, entered)
        if judged.run == LIVE:
            kept = _with_health(kept, conditions.see(kept.health, judged))
        backbones = self._in_force.detectors.backbones if judged.run == LIVE else (judged.backbone,)
        outcome = step(before, judged, terms, backbones, partition)
        _count(outcome)
        if outcome.state is before:
            return kept, ()
        outputs = _outgoing(outcome, record)
        if terms is not entered or kept.calibrated:  # there is a budget or a verdict, or was
            learned = learn_from(kept.learned, judged, outcome.state, entered)
            opened = [one.model_id for one in outcome.alerts if isinstance(one, AlertOpened)]
            learned = with_alarms(learned, judged.run, opened)
            kept, told = self._calibrating.take(kept, learned, record, judged, entered)
            outputs = [*told, *outputs]
        kept = kept.with_run(outcome.state)
        watched = kept.watched.get(judged.is_late)
        if judged.run == LIVE and watched is not None and watched.held:
            watched, alerts = settle(watched, kept.policy, outcome.state)
            kept = kept.with_watched(watched)
            outputs += _present(alerts, record)
        return kept, outputs

    def _seen(
        self, kept: Kept | None, record: Record, poses: PosesExtracted
    ) -> tuple[Kept | None, Iterable[Outgoing]]:
        """Poses of a source without presence rules change nothing and cost next to nothing."""
        policy = kept.policy if kept else None
        before = kept.watched.get(poses.is_late) if kept else None
        if kept is None:
            return kept, ()
        if before is None and (policy is None or not policy.presence):
            return kept, ()
        partition = record.partition.number
        is_live = poses.source_kind == "camera" and not poses.is_late
        place = (poses.source_id, poses.is_late)
        self._unseen.heard(place, partition, poses.cut_at, is_live)
        scored = kept.runs.get((LIVE, poses.is_late))
        after, alerts = watch(before, poses, policy, scored, partition)
        outputs = _present(alerts, record)
        if after is before:
            return kept, outputs
        if after.watches or after.held or (policy and policy.presence):
            return kept.with_watched(after), outputs
        return replace(kept, watched=_without(kept.watched, poses.is_late)), outputs

    def _ill(
        self, kept: Kept, record: Record, message: SourceHealth
    ) -> tuple[Kept, list[Outgoing]]:
        turn = conditions.hear(kept.health, message, kept.policy)
        return _turned(kept, turn, record, "recovered")

    def _removed(self, state: Kept | None, tombstone: Tombstone) -> Kept | None:
        """Without policies the defaults are in force; of a removed source nothing is kept."""
        if state is None or tombstone.topic == SOURCES:
            return None
        after = state.with_policy(None)
        return None if after.is_empty else after


def _present(alerts: Iterable[Alert], record: Record) -> list[Outgoing]:
    """Alerts of rules on presence."""
    outputs = [Outgoing(ALERTS, alert, record.headers) for alert in alerts]
    for output in outputs:
        if isinstance(output.message, AlertOpened):
            metrics.count("alerts_opened", PRESENCE)
    return outputs


def _silent(source: Followed) -> ClosedReason:
    """Where what comes late ends, the source itself goes on."""
    return "subsided" if source.is_late else "source_silent"


def _without(kept: Mapping[K, V], key: K) -> dict[K, V]:
    return {name: one for name, one in kept.items() if name != key}


def _usable(policy: PolicySet) -> PolicySet:
    """Raises InvalidMessage for hours of a time zone that there is not."""
    try:
        in_known_zone(policy.hours)
    except ValueError as error:
        raise InvalidMessage(f"hours: {error}") from error
    return policy


def _turned(
    kept: Kept, turn: conditions.Turn, record: Record | None, reason: ClosedReason
) -> tuple[Kept, list[Outgoing]]:
    """What became of the health of a source, and the alerts of it."""
    headers = record.headers if record else {}
    closed = [health_alert(AlertClosed, one, reason=reason) for one in turn.closed]
    opened = [health_alert(AlertOpened, one) for one in turn.opened]
    for alert in opened:
        metrics.count("alerts_opened", alert.rule)
    outputs = [Outgoing(ALERTS, alert, headers) for alert in (*closed, *opened)]
    return _with_health(kept, turn.health), outputs


def _with_health(kept: Kept, health: conditions.Health) -> Kept:
    return kept if health is kept.health else replace(kept, health=health)


def _outgoing(outcome: Outcome, record: Record | None) -> list[Outgoing]:
    """Alerts before the score that counts them."""
    headers = record.headers if record else {}
    outputs = [Outgoing(ALERTS, alert, headers) for alert in outcome.alerts]
    if outcome.score is not None:
        outputs.append(Outgoing(SCORES, outcome.score, headers))
    return outputs


def _count(outcome: Outcome) -> None:
    if outcome.score is not None:
        metrics.count("clips_scored", outcome.score.detector, len(outcome.score.clips))
    for alert in outcome.alerts:
        if isinstance(alert, AlertOpened):
            metrics.count("alerts_opened", alert.rule)


def build(settings: EpisodesSettings) -> StatefulStream:
    """Raises ValueError when the heads' cards cannot be used."""
    bounds = Bounds(settings.camera_silent_s, settings.upload_silent_s)
    broker = KafkaBroker(settings)

    def reread() -> Detectors:
        return Detectors.of(runs.detectors(settings), deployed_heads(broker))

    step = EpisodesStep(reread(), bounds, reread)
    return StatefulStream(settings, groups.episodes(), TOPICS, step, broker.publisher("scoring"))
