"""Benches of backbones: what is measured, and what is said where something is missing."""

from pathlib import Path

import pytest

from services.features.backbones import Options, load
from services.features.backbones.base import Pixels, Vectors
from services.features.backbones.videomae2 import blank
from services.features.bench import bare_forward, feed, gpu, gpu_rows, with_weights
from services.features.feed import decode_clips_per_s, footage, measure
from services.features.weights import FetchError


class Counting:
    """Remembers the batches that it was given."""

    id, window, frames, size, dim, at_once = "counting", 2, 2, 4, 3, 8

    def __init__(self) -> None:
        self.batches: list[int] = []

    def embed(self, windows_BTHWC: Pixels) -> Vectors:
        self.batches.append(len(windows_BTHWC))
        means: Vectors = windows_BTHWC.mean(axis=(1, 2, 3), dtype="float32")
        return means


def test_the_first_pass_is_not_measured_and_the_rest_covers_the_windows() -> None:
    backbone = Counting()
    assert bare_forward(backbone, windows=10, batch=4) > 0
    assert backbone.batches == [4, 4, 4, 4]


def test_a_gpu_is_measured_at_every_batch_as_it_is_and_compiled() -> None:
    asked: list[bool] = []

    def start(compiled: bool) -> Counting:
        asked.append(compiled)
        return Counting()

    rows = list(gpu_rows(start, "H100", batches=(1, 8)))
    assert asked == [False, True]
    assert [what for what, _ in rows] == [
        "  H100, bf16, as it is, batch 1",
        "  H100, bf16, as it is, batch 8",
        "  H100, bf16, compiled, batch 1",
        "  H100, bf16, compiled, batch 8",
    ]
    assert all(figure.endswith(" clips/s") for _, figure in rows)


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="there is a GPU")
def test_where_there_is_no_gpu_the_row_says_so(tmp_path: Path) -> None:
    assert list(gpu("videomae2_s_k710", Options(cache=tmp_path))) == [
        ("  on a GPU", "not measured: there is none here")
    ]


def test_missing_weights_are_replaced_for_measuring_only(tmp_path: Path) -> None:
    here, scratch = Options(cache=tmp_path / "cache"), tmp_path / "scratch"
    options, real = with_weights("videomae2_s_k710", here, scratch)
    assert (options.cache, real) == (scratch, False)
    with pytest.raises(FetchError):
        load("videomae2_s_k710", here)


def test_weights_that_are_here_are_used(tmp_path: Path) -> None:
    blank.put(tmp_path, "videomae2_s_k710", width=384, depth=1)
    here = Options(cache=tmp_path)
    assert with_weights("videomae2_s_k710", here, tmp_path / "scratch") == (here, True)
    assert with_weights("i3d_k400", here, tmp_path / "scratch") == (here, True)


def test_the_service_is_fed_with_whole_uploads_and_ends() -> None:
    clips = list(footage(sources=2, clips=3))
    assert [clip.index for clip in clips] == [0, 0, 1, 1, 2, 2]
    assert [clip.is_last for clip in clips] == [False] * 4 + [True] * 2
    assert measure(sources=2, clips=3) > 0


def test_one_decoding_thread_is_measured_for_as_long_as_is_said() -> None:
    assert decode_clips_per_s(seconds=0.01) > 0


def test_more_cores_than_there_are_cannot_be_measured() -> None:
    with pytest.raises(ValueError, match="cores here"):
        feed(10_000)
