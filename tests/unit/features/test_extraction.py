"""The features shell: what it puts out, what it holds back, and that a retry changes nothing."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from schemas.clips import ClipRecorded
from schemas.embeddings import EmbeddingExtracted
from services.chassis.clock import ManualClock
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.records import Incoming
from services.features.backbones import load
from services.features.backbones.base import Vectors, Windows
from services.features.backbones.videomae2 import blank
from services.features.config import FeaturesSettings
from services.features.extraction import Extraction
from services.features.joiner import BULK, LIVE
from tests.builders import ORIGIN, clip, incoming, source


class MeanColour:
    """A backbone small enough to check by eye: the mean of each colour."""

    id, window, frames, size, dim, at_once = "mean", 2, 32, 8, 3, 8

    def embed(self, windows_BTHWC: Windows) -> Vectors:
        means: Vectors = np.stack(windows_BTHWC).mean(axis=(1, 2, 3), dtype=np.float32)
        return means


class TwoAtOnce(MeanColour):
    at_once = 2

    def __init__(self) -> None:
        self.computed = 0

    def embed(self, windows_BTHWC: Windows) -> Vectors:
        self.computed += len(windows_BTHWC)
        return super().embed(windows_BTHWC)


def grey_clip(index: int, shade: int = 100, frame_count: int = 16, **more: Any) -> ClipRecorded:
    frame = simplejpeg.encode_jpeg(np.full((24, 32, 3), shade, np.uint8))
    return clip(index, frame_count=frame_count, frames=(frame,) * frame_count, **more)


def arrive(
    handler: Extraction, clips: Sequence[ClipRecorded], first_offset: int = 0
) -> list[Incoming]:
    return [
        incoming(one, first_offset + k, prepared=handler.prepare(one))
        for k, one in enumerate(clips)
    ]


def run(handler: Extraction, batch: Sequence[Incoming]) -> list[EmbeddingExtracted]:
    out = [item.message for item in handler.handle(batch, Event())]
    handler.settle()
    return [message for message in out if isinstance(message, EmbeddingExtracted)]


def ticked(handler: Extraction, clock: ManualClock) -> list[EmbeddingExtracted]:
    out = [item.message for item in handler.tick(clock.now())]
    handler.settle()
    return [message for message in out if isinstance(message, EmbeddingExtracted)]


def indexes(embeddings: Sequence[EmbeddingExtracted]) -> list[tuple[int, ...]]:
    return [tuple(ref.index for ref in one.clips) for one in embeddings]


def extraction(stride: int = 0, clock: ManualClock | None = None) -> Extraction:
    return Extraction(MeanColour(), LIVE, stride, clock or ManualClock())


def test_two_clips_make_one_embedding_and_the_last_closes_its_window_alone() -> None:
    handler = extraction()
    out = run(handler, arrive(handler, [grey_clip(0), grey_clip(1), grey_clip(2, is_last=True)]))
    assert indexes(out) == [(0, 1), (2,)]
    assert [one.is_last for one in out] == [False, True]
    assert np.frombuffer(out[0].vector, "<f4") == pytest.approx([100] * 3, abs=2)


def test_an_embedding_says_where_it_comes_from() -> None:
    handler, camera = extraction(), {"source_kind": "camera", "is_wall_clock": False}
    later = ORIGIN + timedelta(seconds=9)
    (out,) = run(handler, arrive(handler, [grey_clip(0), grey_clip(1, cut_at=later, **camera)]))
    assert (out.source_kind, out.is_wall_clock, out.cut_at) == ("camera", False, later)
    assert out.origin_at == ORIGIN


def test_what_is_computed_together_goes_out_before_the_next_is_begun() -> None:
    network = TwoAtOnce()
    handler = Extraction(network, LIVE)
    clips = [grey_clip(k, source_id=source(n)) for n in range(3) for k in (0, 1)]
    steps: list[int] = []
    for item in handler.handle(arrive(handler, clips), Event()):
        assert isinstance(item.message, EmbeddingExtracted)
        steps.append(network.computed)
    assert steps == [2, 2, 3]


def test_windows_overlap_where_a_stride_is_set() -> None:
    handler = extraction(stride=1)
    shades = [10, 30, 50, 90]
    clips = [grey_clip(k, shade) for k, shade in enumerate(shades)]
    out = run(handler, arrive(handler, clips))
    assert indexes(out) == [(0, 1), (1, 2), (2, 3)]
    assert [one.fresh_count for one in out] == [2, 1, 1]
    means = [np.frombuffer(one.vector, "<f4")[0] for one in out]
    assert means == pytest.approx([20, 40, 70], abs=2)


def test_the_commit_stays_below_a_clip_that_waits() -> None:
    handler = extraction()
    batch = arrive(handler, [grey_clip(0), grey_clip(1), grey_clip(2)])
    run(handler, batch)
    assert handler.held() == {batch[0].record.partition: 2}


def test_the_commit_stays_below_what_is_not_acknowledged() -> None:
    handler = extraction()
    batch = arrive(handler, [grey_clip(0), grey_clip(1)])
    list(handler.handle(batch, Event()))
    assert handler.held() == {batch[0].record.partition: 0}
    handler.settle()
    assert handler.held() == {}


def test_a_batch_handled_again_gives_the_same_embeddings() -> None:
    handler = extraction()
    run(handler, arrive(handler, [grey_clip(0)]))
    batch = arrive(handler, [grey_clip(1, shade=10), grey_clip(2)], first_offset=1)
    unsettled = [item.message for item in handler.handle(batch, Event())]
    assert unsettled == run(handler, batch)
    assert handler.held() == {batch[0].record.partition: 2}


def test_a_batch_taken_apart_gives_the_same_embeddings() -> None:
    handler = extraction()
    batch = arrive(handler, [grey_clip(k) for k in range(5)])
    together = [item.message for item in handler.handle(batch, Event())]
    assert [message for item in batch for message in run(handler, [item])] == together


@given(st.integers(1, 12), st.integers(0, 12), st.integers(0, 2))
def test_a_restart_anywhere_forms_the_same_windows(count: int, stop: int, stride: int) -> None:
    clips = [
        grey_clip(index, source_id=source(number), is_last=index == count - 1)
        for index in range(count)
        for number in (1, 2)
    ]
    whole = extraction(stride)
    expected = run(whole, arrive(whole, clips))
    first, second = extraction(stride), extraction(stride)
    done = run(first, arrive(first, clips[:stop]))
    committed = next(iter(first.held().values()), min(stop, len(clips)))
    again = arrive(second, clips[committed:], first_offset=committed)
    done += run(second, [one._replace(again=one.record.offset < stop) for one in again])
    assert done == expected


def test_silence_lets_nothing_wait_for_ever() -> None:
    clock = ManualClock()
    handler = extraction(clock=clock)
    run(handler, arrive(handler, [grey_clip(0)]))
    clock.wait(LIVE.silence_s - 1, Event())
    assert ticked(handler, clock) == []
    clock.wait(1, Event())
    assert indexes(ticked(handler, clock)) == [(0,)]
    assert handler.held() == {}
    assert ticked(handler, clock) == []


def test_a_silence_that_could_not_be_put_out_is_put_out_later() -> None:
    clock = ManualClock()
    handler = extraction(clock=clock)
    run(handler, arrive(handler, [grey_clip(0)]))
    clock.wait(LIVE.silence_s, Event())
    lost = [item.message for item in handler.tick(clock.now())]
    assert handler.held() != {}
    assert ticked(handler, clock) == lost


def test_a_partition_that_went_away_is_forgotten() -> None:
    handler = extraction()
    batch = arrive(handler, [grey_clip(0)])
    run(handler, batch)
    handler.forget([batch[0].record.partition])
    assert handler.held() == {}
    assert indexes(run(handler, arrive(handler, [grey_clip(1)], 1))) == [(1,)]


@pytest.mark.parametrize(
    "bad",
    [
        clip(0, frames=(b"not a picture",)),
        clip(0, encoding="h264"),
        grey_clip(0, frame_count=17, spec={"frames": 32, "frame_rate": 15, "hop": 32}),
    ],
)
def test_frames_that_cannot_be_used_are_an_invalid_message(bad: ClipRecorded) -> None:
    with pytest.raises(InvalidMessage):
        extraction().prepare(bad)


def test_another_backbone_is_a_matter_of_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blank.put(tmp_path, "videomae2_s_k710", width=384, depth=1)
    monkeypatch.setenv("NIGHTCLERK_BACKBONE", "videomae2_s_k710")
    monkeypatch.setenv("NIGHTCLERK_CACHE_DIR", str(tmp_path))
    settings = FeaturesSettings()
    handler = Extraction(load(settings.backbone, settings.options), BULK)
    clips = [grey_clip(0), grey_clip(1, frame_count=5, is_last=True)]
    out = run(handler, arrive(handler, clips))
    assert indexes(out) == [(0,), (1,)]
    assert {(one.backbone, one.window, one.dim) for one in out} == {("videomae2_s_k710", 1, 384)}
    assert all(np.isfinite(np.frombuffer(one.vector, "<f4")).all() for one in out)
