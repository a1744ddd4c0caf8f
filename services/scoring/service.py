"""What was seen comes in, scores and alerts go out: heads and their rules in a stateful stream."""

import math
from collections.abc import Sequence

import torch

from schemas.base import Message
from schemas.embeddings import EmbeddingExtracted
from schemas.poses import PosesExtracted
from schemas.scores import ClipScored
from schemas.topics import ALERTS, SCORES
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing, Record
from services.chassis.streaming.stateful import StatefulStream
from services.chassis.telemetry import metrics
from services.scoring.config import ScoringSettings
from services.scoring.core import Alert, State, step
from services.scoring.detector import Detector, assemble
from services.scoring.heads import MismatchError
from services.scoring.says import say, together
from services.scoring.sight import Seen, clips, look
from services.scoring.state import SourceState


class ScoringStep:
    """One message becomes one score a clip, and what each head's rule makes of its own.

    The state of a source is kept per detector, so that another one starts from nothing. Clips seen
    before put out nothing: a state is written only once Kafka has acknowledged their scores.
    """

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def key(self, message: Message) -> bytes:
        return f"{message.key}/{self._detector.model_id}".encode()

    def __call__(
        self, state: bytes | None, record: Record, message: Message
    ) -> tuple[bytes, list[Outgoing]]:
        assert isinstance(message, EmbeddingExtracted | PosesExtracted)
        known = SourceState.unpack(state, len(self._detector.heads))
        new = [ref for ref in clips(message) if ref.index >= known.next_index]
        if not new:
            return known.pack(), []
        known, raw = self._look(known, message)
        scored, alerts = [], []
        for ref in new:
            says = [
                say(head, score, message, ref)
                for head, score in zip(self._detector.heads, raw, strict=True)
            ]
            known, told = self._step(known, says)
            alerts += told
            scored.append(together(self._detector, says, known.alerts_opened))
        _count(self._detector.model_id, scored, alerts)
        outputs = [Outgoing(ALERTS, alert, record.headers) for alert in alerts]
        outputs += [Outgoing(SCORES, clip, record.headers) for clip in scored]
        return known.pack(), outputs

    def _look(self, known: SourceState, message: Seen) -> tuple[SourceState, list[float]]:
        """Each head's raw score. Raises InvalidMessage for what they cannot judge."""
        try:
            self._detector.check(message)
        except MismatchError as error:
            raise InvalidMessage(str(error)) from error
        known, rows = look(known, message, self._detector.context)
        raw = [head.judge(rows[head.takes]) for head in self._detector.heads]
        if not all(math.isfinite(score) for score in raw):
            raise InvalidMessage("a score is not finite")
        return known, raw

    def _step(
        self, known: SourceState, says: Sequence[ClipScored]
    ) -> tuple[SourceState, list[Alert]]:
        """Each rule takes what its head says of the clip."""
        rules: list[State] = []
        alerts: list[Alert] = []
        for head, state, said in zip(self._detector.heads, known.rules, says, strict=True):
            moved, told = step(state, head.rule, said)
            rules.append(moved)
            alerts += told
        return known.model_copy(update={"rules": tuple(rules)}), alerts


def _count(model_id: str, scored: Sequence[ClipScored], alerts: Sequence[Alert]) -> None:
    metrics.count("clips_scored", model_id, len(scored))
    for alert in alerts:
        if alert.type_name().endswith("opened.v1"):
            metrics.count("alerts_opened", alert.rule)


def build(settings: ScoringSettings) -> StatefulStream:
    """Raises ValueError when the heads' checkpoints cannot be used, or not together."""
    torch.set_num_threads(1)  # a window is little work, and the cores belong to features
    detector = assemble(settings.head)
    publisher = KafkaPublisher(settings, "scoring")
    return StatefulStream(settings, "scoring", detector.topic, ScoringStep(detector), publisher)
