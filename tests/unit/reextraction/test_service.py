"""Footage embedded anew for a replay: of uploads and cameras, with gaps, killed, cancelled."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas import ids
from schemas.embeddings import EmbeddingExtracted
from schemas.recordings import FootageRequested, SegmentRecorded
from schemas.replays import ExtractionProgressed, ReplayRequested
from schemas.sources import SourceConfigured
from schemas.topics import (
    EMBEDDINGS,
    FOOTAGE_REQUESTS,
    RECORDINGS,
    REPLAY_PROGRESS,
    REPLAYS,
    SOURCES,
)
from services.chassis.errors import TransientError
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Outgoing
from services.features.backbones.base import Vectors, Windows
from services.reextraction.core import MARGIN
from services.reextraction.service import Reextraction
from tests.builders import ORIGIN, source
from tests.footage import encoded
from tests.unit.features.test_extraction import MeanColour
from tests.waiting import wait_until

CAMERA, UPLOAD = source(1), source(2)
SECONDS = 8
Entered = Callable[[], None]


class Watched(MeanColour):
    """Calls somebody before each batch of windows."""

    def __init__(self, entered: Entered) -> None:
        self._entered = entered

    def embed(self, windows_BTHWC: Windows) -> Vectors:
        self._entered()
        return super().embed(windows_BTHWC)


@dataclass
class Site:
    """Kafka, a store with an upload and two segments of a camera, and a network."""

    file: Path
    broker: MemoryBroker = field(
        default_factory=lambda: MemoryBroker(
            [REPLAYS, SOURCES, EMBEDDINGS, REPLAY_PROGRESS, RECORDINGS, FOOTAGE_REQUESTS]
        )
    )
    store: MemoryObjects = field(default_factory=MemoryObjects)
    entered: Entered = lambda: None
    patience_s: float = 60.0

    def record(self, second: int, **more: Any) -> None:
        """Announce a segment of the camera."""
        began_at = ORIGIN + timedelta(seconds=second)
        fields: dict[str, Any] = {
            "source_id": CAMERA,
            "segment_id": source(1000 + second),
            "started_at": began_at,
            "ended_at": began_at + timedelta(seconds=SECONDS),
            "size_bytes": 1,
            "codec": "h264",
            "width": 128,
            "height": 96,
            "recorded_at": began_at,
        }
        message = SegmentRecorded(**fields | more)
        self.broker.publisher("ingest").publish(Outgoing(RECORDINGS, message))

    def wishes(self) -> list[FootageRequested]:
        found = self.broker.messages(FOOTAGE_REQUESTS)
        return [each for each in found if isinstance(each, FootageRequested)]

    def configure(self, source_id: UUID, kind: Any) -> None:
        message = SourceConfigured(
            source_id=source_id,
            source_kind=kind,
            name=kind,
            origin_at=ORIGIN,
            configured_at=ORIGIN,
        )
        self.broker.publisher("api").publish(Outgoing(SOURCES, message))

    def keep(self, key: str) -> None:
        self.store.put_file(key, self.file, "video/mp4")

    def ask(self, *sources: UUID, **more: Any) -> ReplayRequested:
        fields: dict[str, Any] = {
            "run": "again",
            "tenant_id": source(99),
            "since": ORIGIN,
            "until": ORIGIN + timedelta(seconds=40),
            "sources": sources,
            "backbone": "mean",
            "input": "recordings",
            "requested_at": ORIGIN,
        }
        request = ReplayRequested(**fields | more)
        self.broker.publisher("api").publish(Outgoing(REPLAYS, request))
        return request

    def load(self, name: str) -> Watched:
        if name != "mean":
            raise ValueError(f"unknown backbone {name!r}")
        return Watched(lambda: self.entered())

    @contextmanager
    def process(self) -> Iterator[list[Exception]]:
        """Gives what it ended by."""
        service = Reextraction(self.broker, self.store, self.load, patience_s=self.patience_s)
        ended = list[Exception]()

        def run() -> None:
            try:
                service.run()
            except TransientError as error:
                ended.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield ended
        finally:
            service.stop()
            thread.join()

    def told(self, state: str) -> list[ExtractionProgressed]:
        found = self.broker.messages(REPLAY_PROGRESS)
        return [
            each for each in found if isinstance(each, ExtractionProgressed) and each.state == state
        ]

    def end(self, state: str = "done") -> ExtractionProgressed:
        with self.process():
            wait_until(lambda: self.told(state))
        (message,) = self.told(state)
        return message

    def embedded(self, source_id: UUID) -> list[EmbeddingExtracted]:
        found = self.broker.messages(EMBEDDINGS)
        return [
            each
            for each in found
            if isinstance(each, EmbeddingExtracted) and each.source_id == source_id
        ]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(encoded(tmp_path / "film.mp4", range(SECONDS)))
    site.configure(CAMERA, "camera")
    site.configure(UPLOAD, "upload")
    site.keep(ids.original_key(UPLOAD))
    for second in (0, SECONDS, 30):
        site.keep(ids.segment_key(CAMERA, ORIGIN + timedelta(seconds=second)))
    return site


def indexes(messages: list[EmbeddingExtracted]) -> list[int]:
    return [ref.index for message in messages for ref in message.clips]


def test_an_upload_is_cut_as_ingest_cut_it_and_counts_its_own_length(site: Site) -> None:
    site.ask(UPLOAD)
    end = site.end()
    messages = site.embedded(UPLOAD)
    assert indexes(messages) == list(range(8))
    assert [message.is_last for message in messages] == [False, False, False, True]
    assert {message.made_for for message in messages} == {"again"}
    first = ids.clip_id(UPLOAD, ORIGIN, 0)
    assert messages[0].embedding_id == ids.embedding_id(first, "mean")
    assert end.clips == 8
    assert end.seconds == end.seconds_planned == pytest.approx(SECONDS, abs=0.1)
    assert end.seconds_missing == pytest.approx(0, abs=0.1)


def test_segments_of_a_camera_are_one_film_and_what_lies_between_is_missing(site: Site) -> None:
    site.ask(CAMERA)
    end = site.end()
    found = indexes(site.embedded(CAMERA))
    assert found[:15] == list(range(15))
    assert found[15:] == list(range(29, 36))
    assert end.seconds_planned == 40
    assert end.seconds_missing == pytest.approx(40 - 3 * SECONDS, abs=2.2)


def test_the_context_of_a_stretch_is_embedded_and_not_counted(site: Site) -> None:
    since = ORIGIN + timedelta(seconds=2 * SECONDS)
    site.ask(CAMERA, since=since, until=since + timedelta(seconds=1))
    assert site.end().seconds_planned == 1
    assert indexes(site.embedded(CAMERA))[0] == 0
    far = ORIGIN + MARGIN + timedelta(minutes=5)
    site.ask(CAMERA, run="later", since=far, until=far + timedelta(seconds=9))
    assert site.end("failed").error == "There is no footage of that stretch in the object store."


def test_what_lies_on_the_disk_of_a_worker_is_asked_for_and_awaited(site: Site) -> None:
    """What was gone before is not waited for, and missing; what lies in the store is not asked for
    again.
    """
    key = ids.segment_key(CAMERA, ORIGIN + timedelta(seconds=SECONDS))
    film = site.store.get(key)
    site.store.delete(key)
    site.record(0, object_key="recordings/0")
    site.record(SECONDS)
    site.record(2 * SECONDS)
    site.record(2 * SECONDS, is_gone=True)
    site.ask(CAMERA)
    with site.process():
        wait_until(site.wishes)
        assert site.embedded(CAMERA) == []
        site.store.put(key, io.BytesIO(film), "video/mp4")
        site.record(SECONDS, object_key=key)
        wait_until(lambda: site.told("done"))
    (wish,) = site.wishes()
    assert (wish.source_id, wish.reason) == (CAMERA, "replay again")
    assert wish.since_at <= ORIGIN + timedelta(seconds=SECONDS) < wish.until_at
    (message,) = site.told("done")
    assert message.error is None
    assert message.clips == 15 + 7
    assert message.seconds_missing == pytest.approx(40 - 22 * 16 / 15, abs=1)


def test_what_nobody_brings_is_a_gap_that_is_told(site: Site) -> None:
    site.patience_s = 0.1
    site.record(2 * SECONDS)
    site.ask(CAMERA)
    message = site.end()
    assert message.error == (
        "camera: 8 s of its footage lie on the disk of a worker that does not bring them."
    )
    assert message.clips == 15 + 7


def test_what_cannot_be_read_is_told_and_the_others_go_on(site: Site, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"no film" * 99)
    site.store.put_file(ids.original_key(UPLOAD), broken, "video/mp4")
    site.ask(source(9), UPLOAD, CAMERA)
    end = site.end()
    assert end.error is not None
    assert end.error.startswith(f"{source(9)} was removed. upload: ")
    assert site.embedded(CAMERA)


def test_a_network_that_cannot_be_had_fails_it_once(site: Site) -> None:
    site.ask(UPLOAD, backbone="none")
    assert site.end("failed").error == "unknown backbone 'none'"
    site.ask(UPLOAD, run="other")
    site.end()
    assert len(site.told("failed")) == 1


def test_killed_it_begins_the_source_at_work_anew_with_the_same_messages(site: Site) -> None:
    site.ask(UPLOAD, CAMERA)
    left = iter([False, True])

    def die() -> None:
        if next(left, False):
            raise TransientError("away")

    site.entered = die
    with site.process() as ended:
        wait_until(lambda: ended)
    assert indexes(site.embedded(UPLOAD)) == list(range(8))
    assert not site.told("done")
    end = site.end()
    assert indexes(site.embedded(UPLOAD)) == list(range(8))
    assert end.clips == 8 + 22
    site.ask(UPLOAD, run="other", requested_at=ORIGIN + timedelta(seconds=1))
    with site.process():
        wait_until(lambda: len(site.told("done")) == 2)
    assert [each.run for each in site.told("done")] == ["again", "other"]


def test_cancelled_it_ends_at_the_next_clip(site: Site) -> None:
    for number in range(60):
        site.keep(ids.segment_key(CAMERA, ORIGIN + timedelta(seconds=number * SECONDS)))
    more = {"until": ORIGIN + timedelta(seconds=60 * SECONDS)}
    request = site.ask(CAMERA, **more)

    def cancel() -> None:
        site.ask(CAMERA, is_cancelled=True, **more)

    site.entered = cancel
    end = site.end("cancelled")
    assert end.requested_at == request.requested_at
    assert not site.told("done")


def test_other_replays_and_those_that_are_embedded_are_not_its_business(site: Site) -> None:
    site.ask(UPLOAD, run="log", input="log")
    site.ask(UPLOAD, run="ready", extracted_at=ORIGIN)
    site.ask(UPLOAD, run="mine")
    assert site.end().run == "mine"
    assert {each.made_for for each in site.embedded(UPLOAD)} == {"mine"}
