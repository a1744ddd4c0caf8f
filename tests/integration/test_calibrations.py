"""A verdict moves a mark over Kafka, is told, and survives the death of the process."""

from pathlib import Path

import pytest

from schemas.base import Message
from schemas.calibrations import SourceCalibrated
from schemas.scores import ClipScored
from schemas.topics import CALIBRATIONS, JUDGEMENTS, REVIEWS, SCORES
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.scoring.cards import read_card
from tests.builders import SOURCE
from tests.checkpoints import cosine_head
from tests.integration.test_policies import PATIENCE_S, episodes
from tests.unit.scoring.episodes.builders import judgement
from tests.unit.scoring.episodes.test_calibrating import review

pytestmark = pytest.mark.integration


def test_a_verdict_moves_the_mark_and_outlives_kill_9(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = ServiceSettings(kafka_bootstrap=kafka, topic_prefix=topic_prefix)
    cosine_head(tmp_path / "head")
    card = read_card(tmp_path / "head")
    publisher = KafkaPublisher(settings, "test")
    scores, calibrations = Tail(settings, SCORES), Tail(settings, CALIBRATIONS)

    def mark_of(index: int) -> float | None:
        """The one in force at this clip of the camera."""

        def is_its_score(message: Message) -> bool:
            return isinstance(message, ClipScored) and message.clips[-1].index == index

        clip = judgement(index, {card.model_id: -0.9}, source_id=SOURCE, source_kind="camera")
        publisher.publish(Outgoing(JUDGEMENTS, clip))
        publisher.flush()
        (*_, score) = scores.until(is_its_score, PATIENCE_S)
        assert isinstance(score, ClipScored)
        return score.heads[0].high_mark

    with episodes(settings, tmp_path):
        assert mark_of(0) == card.rule.high
        publisher.publish(Outgoing(REVIEWS, review("false", model_id=card.model_id)))
        publisher.flush()
        (*_, told) = calibrations.until(lambda one: isinstance(one, SourceCalibrated), PATIENCE_S)
        assert isinstance(told, SourceCalibrated)
        assert told.models[0].in_force > card.rule.high
        assert mark_of(1) == told.models[0].in_force
    with episodes(settings, tmp_path):  # which ends by SIGKILL
        assert mark_of(2) == told.models[0].in_force
