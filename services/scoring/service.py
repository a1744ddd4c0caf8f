"""Embeddings in, scores and alerts out: the head and the persistence rule in a stateful stream."""

import math
from collections.abc import Iterator

import numpy as np

from schemas.base import Message
from schemas.clips import ClipRef
from schemas.embeddings import EmbeddingExtracted
from schemas.scores import ClipScored
from schemas.topics import ALERTS, EMBEDDINGS, SCORES
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing, Record
from services.chassis.streaming.stateful import StatefulStream
from services.chassis.telemetry import metrics
from services.scoring.config import ScoringSettings
from services.scoring.core import Alert, State, step
from services.scoring.heads import Head, MismatchError, load


class ScoringStep:
    """One embedding becomes one score a clip, and what the rule makes of them.

    The state of a source is kept per model, so that another model starts from nothing. Clips seen
    before are scored again, to the same message, and move the rule no further.
    """

    def __init__(self, head: Head) -> None:
        self._head = head

    def key(self, message: Message) -> bytes:
        return f"{message.key}/{self._head.model_id}".encode()

    def __call__(
        self, state: bytes | None, record: Record, message: Message
    ) -> tuple[bytes, list[Outgoing]]:
        assert isinstance(message, EmbeddingExtracted)
        known = State.model_validate_json(state) if state else State()
        score = self._score(message)
        scored, alerts = [], []
        for clip in self._clips(message, score):
            known, told = step(known, self._head.rule, clip)
            alerts += told
            scored.append(clip.model_copy(update={"alerts_opened": known.alerts_opened}))
        _count(scored, alerts, self._head.name)
        outputs = [Outgoing(ALERTS, alert, record.headers) for alert in alerts]
        outputs += [Outgoing(SCORES, clip, record.headers) for clip in scored]
        return known.model_dump_json().encode(), outputs

    def _score(self, message: EmbeddingExtracted) -> float:
        """The raw score. Raises InvalidMessage for an embedding this head cannot judge."""
        try:
            self._head.check(message.backbone, message.window, message.spec, message.dim)
        except MismatchError as error:
            raise InvalidMessage(str(error)) from error
        vector_D = np.frombuffer(message.vector, "<f4")
        score = float(self._head.score(vector_D[None])[0])
        if not math.isfinite(score):
            raise InvalidMessage("the embedding is not finite")
        return score

    def _clips(self, message: EmbeddingExtracted, score: float) -> Iterator[ClipScored]:
        for ref in message.clips:
            yield self._scored(message, ref, score, is_last=ref is message.clips[-1])

    def _scored(
        self, message: EmbeddingExtracted, ref: ClipRef, score: float, *, is_last: bool
    ) -> ClipScored:
        return ClipScored(
            **ref.model_dump(),
            source_id=message.source_id,
            source_kind=message.source_kind,
            origin_at=message.origin_at,
            score=score,
            calibrated=self._head.calibrate(score),
            high_mark=self._head.rule.high,
            head=self._head.name,
            model_id=self._head.model_id,
            backbone=message.backbone,
            is_last=message.is_last and is_last,
        )


def _count(scored: list[ClipScored], alerts: list[Alert], head: str) -> None:
    metrics.count("clips_scored", head, len(scored))
    for alert in alerts:
        if alert.type_name().endswith("opened.v1"):
            metrics.count("alerts_opened", alert.rule)


def build(settings: ScoringSettings) -> StatefulStream:
    """Raises ValueError when the head's checkpoint cannot be used."""
    step = ScoringStep(load(settings.head))
    publisher = KafkaPublisher(settings, "scoring")
    return StatefulStream(settings, "scoring", EMBEDDINGS, step, publisher)
