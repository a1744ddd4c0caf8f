"""Footage on real Kafka and a real store, embedded anew by a second network, and judged: of an
upload, and of a camera whose ring lies on the disk of a worker; killed in the middle.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas import ids
from schemas.alerts import AlertOpened
from schemas.base import Message
from schemas.clips import ClipSpec
from schemas.embeddings import EmbeddingExtracted
from schemas.recordings import FootageRequested, SegmentRecorded
from schemas.replays import ExtractionProgressed, ReplayProgressed, ReplayRequested
from schemas.sources import SourceConfigured
from schemas.topics import (
    ALERTS,
    EMBEDDINGS,
    FOOTAGE_REQUESTS,
    RECORDINGS,
    REPLAY_PROGRESS,
    REPLAYS,
    SOURCES,
)
from services.chassis.settings import ServiceSettings
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.features.backbones.videomae2 import blank
from services.ingest.recording.folder import RecordingFolder
from services.ingest.recording.recorder import Recorder
from services.scoring.replay.config import ReplaySettings
from services.scoring.replay.job import carry_out
from tests.builders import source
from tests.checkpoints import random_head
from tests.footage import encoded, play
from tests.integration.processes import environment, process
from tests.integration.test_recordings import worker

pytestmark = pytest.mark.integration
BACKBONE = "videomae2_s_k710"
UPLOAD, CAMERA = source(1), source(2)
ORIGIN = datetime.now(UTC) - timedelta(days=40)
BEGAN_AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
"""Of the camera's footage: there it is now, and twenty minutes later."""
LATER = timedelta(minutes=20)
SECONDS, FILMED = 6, 10
"""Of the upload, and of each half of the camera's: more windows than go through at once."""
PATIENCE_S = 300


def put(settings: ServiceSettings, *outgoing: Outgoing) -> None:
    publisher = KafkaPublisher(settings, "test")
    for one in outgoing:
        publisher.publish(one)
    publisher.flush()


def configured(source_id: UUID, kind: Any, origin_at: datetime) -> SourceConfigured:
    return SourceConfigured(
        source_id=source_id,
        source_kind=kind,
        name=kind,
        origin_at=origin_at,
        configured_at=origin_at,
    )


def request(run: str, since: datetime, *sources: UUID) -> ReplayRequested:
    return ReplayRequested(
        run=run,
        tenant_id=source(99),
        since=since,
        until=since + timedelta(hours=1),
        sources=sources,
        backbone=BACKBONE,
        input="recordings",
        requested_at=datetime.now(UTC),
    )


def ended(kind: type[Message], run: str) -> Callable[[Message], bool]:
    def holds(message: Message) -> bool:
        state = getattr(message, "state", "")
        return isinstance(message, kind) and message.key == run and state in ("done", "failed")

    return holds


def embedded(messages: list[Message], run: str) -> list[EmbeddingExtracted]:
    found = [each for each in messages if isinstance(each, EmbeddingExtracted)]
    return [each for each in found if each.made_for == run]


def recorded(settings: ServiceSettings, folder: Path) -> None:
    """Both halves lie in the ring, the first in the store too, and its worker is away."""
    root, film = folder / "recordings", encoded(folder / "film.ts", range(FILMED))
    segments = Tail(settings, RECORDINGS)
    wish = FootageRequested(
        source_id=CAMERA,
        since_at=BEGAN_AT,
        until_at=BEGAN_AT + LATER,
        reason="test",
        requested_at=datetime.now(UTC),
    )
    for began_at, is_stored in ((BEGAN_AT, True), (BEGAN_AT + LATER, False)):
        play(Recorder(RecordingFolder(root), CAMERA), film, began_at)
        with worker(settings, root):
            if is_stored:
                put(settings, Outgoing(FOOTAGE_REQUESTS, wish))
            segments.until(partial(is_of, began_at, is_stored), PATIENCE_S)
    segments.close()


def is_of(began_at: datetime, is_stored: bool, message: Message) -> bool:
    return (
        isinstance(message, SegmentRecorded)
        and message.started_at == began_at
        and (message.object_key is not None) == is_stored
    )


def test_footage_is_embedded_by_another_network_and_judged(
    settings: ServiceSettings, tmp_path: Path
) -> None:
    """Of the camera the first half lies in the store and the second on a disk, whose worker is away
    until the process was killed while it waits for that: the end is that of a run in which all lay
    in the store.
    """
    blank.put(tmp_path / "cache", BACKBONE, width=384, depth=1)
    made_for = {"backbone": BACKBONE, "window": 1, "dim": 384, "spec": ClipSpec()}
    random_head(tmp_path / "head", "linear", **made_for)
    film = encoded(tmp_path / "film.mp4", range(SECONDS))
    S3Objects.connect(settings).put_file(ids.original_key(UPLOAD), film, "video/mp4")
    recorded(settings, tmp_path)
    told, alerts, vectors, wishes = (
        Tail(settings, topic) for topic in (REPLAY_PROGRESS, ALERTS, EMBEDDINGS, FOOTAGE_REQUESTS)
    )
    chosen = {"cache_dir": str(tmp_path / "cache"), "reextraction_niceness": "0"}
    surroundings, root = environment(settings, tmp_path, **chosen), tmp_path / "recordings"
    anew, ring = request("anew", ORIGIN, UPLOAD), request("ring", BEGAN_AT, CAMERA)
    put(
        settings,
        Outgoing(SOURCES, configured(UPLOAD, "upload", ORIGIN)),
        Outgoing(SOURCES, configured(CAMERA, "camera", BEGAN_AT)),
        Outgoing(REPLAYS, anew),
    )

    log = tmp_path / "reextraction.log"
    with process("services.reextraction", surroundings, log):
        extracted = told.until(ended(ExtractionProgressed, "anew"), PATIENCE_S)[-1]
        put(settings, Outgoing(REPLAYS, ring))
        wishes.until(lambda one: isinstance(one, FootageRequested), PATIENCE_S)
    before = vectors.drain()
    put(settings, Outgoing(REPLAYS, request("alone", BEGAN_AT, CAMERA)))
    with worker(settings, root), process("services.reextraction", surroundings, log):
        whole = told.until(ended(ExtractionProgressed, "ring"), PATIENCE_S)[-1]
        told.until(ended(ExtractionProgressed, "alone"), PATIENCE_S)
    after = vectors.drain()
    assert isinstance(extracted, ExtractionProgressed)
    assert isinstance(whole, ExtractionProgressed)
    assert (extracted.state, extracted.error, extracted.clips) == ("done", None, SECONDS)
    assert [each.backbone for each in embedded(before, "anew")] == [BACKBONE] * SECONDS
    assert (whole.state, whole.error) == ("done", None)
    assert whole.seconds_missing == pytest.approx(3600 - 2 * FILMED, abs=2)
    twice = embedded(before, "ring")
    assert twice  # of the half that lay in the store
    assert [of(each) for each in embedded(after, "ring")][: len(twice)] == [of(e) for e in twice]
    ends = [[of(each) for each in embedded(after, run)] for run in ("ring", "alone")]
    assert ends[0] == ends[1]
    assert len(ends[0]) == whole.clips

    again = anew.model_copy(update={"extracted_at": extracted.progressed_at})
    carry_out(ReplaySettings(**settings.model_dump(), head=str(tmp_path / "head")), again)
    done = told.until(ended(ReplayProgressed, "anew"), PATIENCE_S)[-1]
    assert isinstance(done, ReplayProgressed)
    assert (done.state, done.clips, done.error) == ("done", SECONDS, None)
    assert [each.run for each in alerts.drain() if isinstance(each, AlertOpened)] == ["anew"]


def of(embedding: EmbeddingExtracted) -> tuple[UUID, tuple[int, ...], bytes]:
    return embedding.embedding_id, tuple(clip.index for clip in embedding.clips), embedding.vector
