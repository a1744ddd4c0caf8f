"""An upload on real Kafka and a real store: embedded anew by a second network, and judged."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas import ids
from schemas.alerts import AlertOpened
from schemas.base import Message
from schemas.clips import ClipSpec
from schemas.embeddings import EmbeddingExtracted
from schemas.replays import ExtractionProgressed, ReplayProgressed, ReplayRequested
from schemas.sources import SourceConfigured
from schemas.topics import ALERTS, EMBEDDINGS, REPLAY_PROGRESS, REPLAYS, SOURCES
from services.chassis.settings import ServiceSettings
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.features.backbones.videomae2 import blank
from tests.builders import source
from tests.checkpoints import random_head
from tests.footage import encoded
from tests.servers import S3Server

pytestmark = pytest.mark.integration
BACKBONE = "videomae2_s_k710"
ORIGIN = datetime.now(UTC) - timedelta(days=40)
UPLOAD = source(1)
SECONDS = 6
PATIENCE_S = 180


@pytest.fixture
def settings(kafka: str, topic_prefix: str, weed: S3Server, unique: str) -> ServiceSettings:
    return ServiceSettings(
        kafka_bootstrap=kafka,
        topic_prefix=topic_prefix,
        s3_endpoint=weed.endpoint,
        s3_access_key=weed.access_key,
        s3_secret_key=weed.secret_key,
        s3_bucket=unique,
    )


@contextmanager
def process(module: str, environment: Mapping[str, str], log: Path) -> Iterator[None]:
    with log.open("ab") as file:
        command = (sys.executable, "-m", module)
        running = subprocess.Popen(command, env=os.environ | environment, stdout=file, stderr=file)
        try:
            yield
        finally:
            running.kill()
            running.wait(60)


def environment(settings: ServiceSettings, folder: Path) -> dict[str, str]:
    return {
        "NIGHTCLERK_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "NIGHTCLERK_TOPIC_PREFIX": settings.topic_prefix,
        "NIGHTCLERK_S3_ENDPOINT": settings.s3_endpoint,
        "NIGHTCLERK_S3_ACCESS_KEY": settings.s3_access_key,
        "NIGHTCLERK_S3_SECRET_KEY": settings.s3_secret_key.get_secret_value(),
        "NIGHTCLERK_S3_BUCKET": settings.s3_bucket,
        "NIGHTCLERK_STATE_DIR": str(folder),
        "NIGHTCLERK_CACHE_DIR": str(folder / "cache"),
        "NIGHTCLERK_HEALTH_PORT": "0",
        "NIGHTCLERK_HEAD": str(folder / "head"),
    }


def put(settings: ServiceSettings, *outgoing: Outgoing) -> None:
    publisher = KafkaPublisher(settings, "test")
    for one in outgoing:
        publisher.publish(one)
    publisher.flush()


def request(**more: Any) -> ReplayRequested:
    fields: dict[str, Any] = {
        "run": "anew",
        "tenant_id": source(99),
        "since": ORIGIN,
        "until": ORIGIN + timedelta(hours=1),
        "sources": (UPLOAD,),
        "backbone": BACKBONE,
        "input": "recordings",
        "requested_at": datetime.now(UTC),
    }
    return ReplayRequested(**fields | more)


def ended(kind: type[Message]) -> Callable[[Message], bool]:
    def holds(message: Message) -> bool:
        return isinstance(message, kind) and getattr(message, "state", "") in ("done", "failed")

    return holds


def test_an_upload_is_embedded_by_another_network_and_judged(
    settings: ServiceSettings, tmp_path: Path
) -> None:
    blank.put(tmp_path / "cache", BACKBONE, width=384, depth=1)
    made_for = {"backbone": BACKBONE, "window": 1, "dim": 384, "spec": ClipSpec()}
    random_head(tmp_path / "head", "linear", **made_for)
    film = encoded(tmp_path / "film.mp4", range(SECONDS))
    S3Objects.connect(settings).put_file(ids.original_key(UPLOAD), film, "video/mp4")
    configured = SourceConfigured(
        source_id=UPLOAD,
        source_kind="upload",
        name="film.mp4",
        origin_at=ORIGIN,
        configured_at=ORIGIN,
    )
    told, alerts, vectors = (
        Tail(settings, topic) for topic in (REPLAY_PROGRESS, ALERTS, EMBEDDINGS)
    )
    asked, surroundings = request(), environment(settings, tmp_path)
    put(settings, Outgoing(SOURCES, configured), Outgoing(REPLAYS, asked))

    with process("services.reextraction", surroundings, tmp_path / "reextraction.log"):
        extracted = told.until(ended(ExtractionProgressed), PATIENCE_S)[-1]
    assert isinstance(extracted, ExtractionProgressed)
    assert (extracted.state, extracted.error, extracted.clips) == ("done", None, SECONDS)
    embedded = [each for each in vectors.drain() if isinstance(each, EmbeddingExtracted)]
    assert [(each.backbone, each.made_for) for each in embedded] == [(BACKBONE, "anew")] * SECONDS

    again = asked.model_copy(update={"extracted_at": extracted.progressed_at})
    put(settings, Outgoing(REPLAYS, again))
    with process("services.scoring.replay", surroundings, tmp_path / "replay.log"):
        done = told.until(ended(ReplayProgressed), PATIENCE_S)[-1]
    assert isinstance(done, ReplayProgressed)
    assert (done.state, done.clips, done.error) == ("done", SECONDS, None)
    assert [each.run for each in alerts.drain() if isinstance(each, AlertOpened)] == ["anew"]
