"""The whole service on the fake broker: both lanes, one network, and workers that die."""

import resource
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest

from schemas import groups
from schemas.clips import ClipRecorded
from schemas.embeddings import EmbeddingExtracted
from schemas.groups import Lane
from schemas.health import SourceHealth
from schemas.topics import CLIPS_BULK, CLIPS_LIVE, EMBEDDINGS, HEALTH
from services.chassis.errors import WrongSettings
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.positions import Note
from services.chassis.streaming.records import Outgoing
from services.features.config import FeaturesSettings
from services.features.service import embedding, lanes, limits, settle_process
from tests.builders import source
from tests.unit.features.test_extraction import MeanColour, grey_clip

WAIT_S = 30.0
PAGES = 9_000
"""The pixels of a batch have more."""


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker([CLIPS_LIVE, CLIPS_BULK, EMBEDDINGS, HEALTH], partitions=2)


def publish(broker: MemoryBroker, clips: Sequence[ClipRecorded]) -> None:
    publisher = broker.publisher("ingest")
    for one in clips:
        topic = CLIPS_LIVE if one.source_kind == "camera" else CLIPS_BULK
        publisher.publish(Outgoing(topic, one))
    publisher.flush()


def embeddings(broker: MemoryBroker) -> list[EmbeddingExtracted]:
    return [one for one in broker.messages(EMBEDDINGS) if isinstance(one, EmbeddingExtracted)]


@contextmanager
def serving(broker: MemoryBroker, **chosen: object) -> Iterator[None]:
    settings = FeaturesSettings(**{"backbone": "mean", **chosen})
    bound_s = float(str(chosen.get("live_bound_s", 0)))
    service = lanes(settings, embedding(MeanColour(), bound_s=bound_s), broker)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        yield
    finally:
        service.stop()
        thread.join(WAIT_S)
    assert not thread.is_alive()


def film(number: int, length: int, **more: object) -> list[ClipRecorded]:
    return [
        grey_clip(index, source_id=source(number), is_last=index == length - 1, **more)
        for index in range(length)
    ]


def test_cameras_and_uploads_come_out_on_one_topic(broker: MemoryBroker) -> None:
    publish(broker, [*film(1, 5), *film(2, 4, source_kind="camera")])
    with serving(broker):
        broker.wait_until(lambda: len(embeddings(broker)) == 5)
    by_source = {one.source_id: one.source_kind for one in embeddings(broker)}
    assert by_source == {source(1): "upload", source(2): "camera"}


@pytest.mark.parametrize(("lane", "kind"), [("live", "camera"), ("bulk", "upload")])
def test_a_process_may_have_one_lane(broker: MemoryBroker, lane: Lane, kind: str) -> None:
    publish(broker, [*film(1, 2), *film(2, 2, source_kind="camera")])
    with serving(broker, features_lanes=lane):
        broker.wait_until(lambda: len(embeddings(broker)) == 1)
    assert [one.source_kind for one in embeddings(broker)] == [kind]


def test_workers_that_follow_one_another_make_each_window_once(broker: MemoryBroker) -> None:
    """Each takes over in the middle of windows."""
    films = [film(number, 9) for number in range(1, 6)]
    clips = [one for together in zip(*films, strict=True) for one in together]
    for first in range(0, len(clips), 7):
        publish(broker, clips[first : first + 7])
        with serving(broker):
            broker.wait_until(lambda: _is_read(broker))
    held = [(one.source_id, ref.index) for one in embeddings(broker) for ref in one.fresh]
    assert sorted(held) == sorted((one.source_id, one.index) for one in clips)
    assert all(len(one.clips) == 2 or one.is_last for one in embeddings(broker))


def _is_read(broker: MemoryBroker) -> bool:
    """Whether all that lies on the bulk lane is handled, if not committed."""
    committed = broker.committed(groups.features("mean", "bulk"))
    done = {partition: Note.unpack(one.note).done for partition, one in committed.items()}
    return all(
        done.get(one) == broker.bounds(one).end for one in broker.partitions(CLIPS_BULK.name)
    )


def test_what_waits_for_its_neighbour_is_all_that_lags(broker: MemoryBroker) -> None:
    publish(broker, [one for number in range(1, 41) for one in film(number, 3)[:2]])
    publish(broker, [film(number, 6)[2] for number in range(1, 41)])
    with serving(broker):
        broker.wait_until(lambda: _is_read(broker))
        group = groups.features("mean", "bulk")
        broker.wait_until(lambda: broker.lag(group, CLIPS_BULK) == 40)


def test_a_gpu_gets_larger_batches_and_the_settings_have_the_last_word() -> None:
    cpu = limits(FeaturesSettings(engine="openvino"))
    assert (cpu.batch_records, cpu.batch_wait_s) == (8, 0.0)
    chosen = limits(FeaturesSettings(batch_clips=32, batch_wait_ms=20, decode_threads=3))
    assert (chosen.batch_records, chosen.batch_wait_s, chosen.prepare_threads) == (32, 0.02, 3)
    assert chosen.queue_records == 96


@pytest.mark.parametrize("stride", [3, 40])
def test_a_stride_beyond_the_window_is_refused_in_one_sentence(stride: int) -> None:
    with pytest.raises(WrongSettings, match="the window of i3d_k400 has 2 clips"):
        FeaturesSettings(window_stride=stride).require_usable()


def test_two_networks_never_share_a_group(broker: MemoryBroker) -> None:
    assert groups.features("i3d_k400", "live") != groups.features("yolov8_pose", "live")
    publish(broker, film(1, 4))
    with serving(broker), serving(broker, backbone="other"):
        broker.wait_until(lambda: len(embeddings(broker)) == 4)


def test_clips_of_cameras_that_are_too_old_are_passed_over_and_reported(
    broker: MemoryBroker,
) -> None:
    """All clips of these builders were cut long ago."""
    publish(broker, [*film(1, 4), *film(2, 8, source_kind="camera")])
    with serving(broker, live_bound_s=8.0):
        broker.wait_until(lambda: len(broker.messages(HEALTH)) == 1)
        broker.wait_until(lambda: len(embeddings(broker)) == 2)
    (report,) = broker.messages(HEALTH)
    assert isinstance(report, SourceHealth)
    assert (report.source_id, report.condition, report.is_over) == (source(2), "overloaded", False)
    assert report.count >= 2
    assert {one.source_id for one in embeddings(broker)} == {source(1)}


def test_the_memory_of_pixels_is_kept_for_the_next_batch() -> None:
    settle_process()
    fill_and_free()

    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        fill_and_free()

    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < PAGES


def fill_and_free() -> None:
    batch = [np.ones((32, 224, 224, 3), np.uint8) for _ in range(8)]
    assert sum(window.nbytes for window in batch) > PAGES * resource.getpagesize()
