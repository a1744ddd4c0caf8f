"""A policy that is entered reaches the stream over Kafka, and the next windows are judged by it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine

from schemas.ids import DEFAULT_TENANT, default_store
from schemas.scores import ClipScored
from schemas.topics import JUDGEMENTS, SCORES
from services.api.access.tenants import ensure_default
from services.api.policies import storing
from services.api.policies.announcing import PolicyAnnouncements
from services.api.policies.entry import EMPTY, Policy
from services.api.principal import Principal
from services.api.projector import Projector
from services.chassis.clock import SystemClock
from services.chassis.settings import ServiceSettings
from services.chassis.storage import database
from services.chassis.storage.migrations import upgrade
from services.chassis.streaming.publisher import KafkaPublisher, Publishing
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.scoring.cards import read_card
from tests.checkpoints import cosine_head
from tests.unit.api.builders import CAMERA, configured, incoming
from tests.unit.scoring.episodes.builders import judgement

pytestmark = pytest.mark.integration
PATIENCE_S = 120
WHERE = storing.Where("tenant", DEFAULT_TENANT, DEFAULT_TENANT)


@pytest.fixture
def engine(mariadb_url: str) -> Iterator[Engine]:
    upgrade(mariadb_url)
    engine = database.connect(mariadb_url)
    ensure_default(engine, SystemClock().now())
    camera = configured(tenant_id=DEFAULT_TENANT, store_id=default_store(DEFAULT_TENANT))
    Projector(engine).handle(incoming(camera), Event())
    yield engine
    engine.dispose()


@contextmanager
def episodes(settings: ServiceSettings, folder: Path) -> Iterator[None]:
    environment = {
        "NIGHTCLERK_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "NIGHTCLERK_TOPIC_PREFIX": settings.topic_prefix,
        "NIGHTCLERK_STATE_DIR": str(folder),
        "NIGHTCLERK_HEALTH_PORT": "0",
        "NIGHTCLERK_HEAD": str(folder / "head"),
    }
    with (folder / "episodes.log").open("ab") as log:
        process = subprocess.Popen(
            ["sh", "-c", 'while :; do "$0" -m services.scoring.episodes; done', sys.executable],
            env=os.environ | environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)


def test_the_next_windows_are_judged_by_a_policy_that_was_entered(
    kafka: str, topic_prefix: str, engine: Engine, tmp_path: Path
) -> None:
    """Entered, seen in the marks of scores, taken away, and the head's own mark is back."""
    settings = ServiceSettings(kafka_bootstrap=kafka, topic_prefix=topic_prefix)
    cosine_head(tmp_path / "head")
    card = read_card(tmp_path / "head")
    publisher, clock = KafkaPublisher(settings, "test"), SystemClock()
    announcements = PolicyAnnouncements(engine, Publishing(publisher), clock)
    scores = Tail(settings, SCORES)
    own, strict = card.rule.high, 0.9375
    rule = card.rule.model_copy(update={"high": strict, "alone": None})
    index = 0

    def enter(policy: Policy) -> None:
        with engine.begin() as connection:
            storing.enter(connection, Principal(), WHERE, policy, clock.now())
        announcements.turn()

    def until_marked(wanted: float) -> None:
        """Clip after clip; how long a change takes is not said here."""
        nonlocal index
        for _ in range(200):
            message = judgement(index, {card.model_id: 0.5}, source_id=CAMERA, source_kind="camera")
            publisher.publish(Outgoing(JUDGEMENTS, message))
            publisher.flush()
            (*_, score) = scores.until(
                lambda one, at=index: isinstance(one, ClipScored) and one.clips[-1].index == at,  # type: ignore[misc]
                PATIENCE_S,
            )
            index += 1
            assert isinstance(score, ClipScored)
            if score.heads[0].high_mark == wanted:
                return
        raise AssertionError(f"no score has the mark {wanted}")

    with episodes(settings, tmp_path):
        until_marked(own)
        enter(Policy(rules=(rule,)))
        until_marked(strict)
        enter(EMPTY)
        until_marked(own)
