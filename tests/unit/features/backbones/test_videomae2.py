"""VideoMAE v2: official checkpoints give official numbers, and odd ones are refused by name."""

import argparse
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from services.features.backbones import Options, load
from services.features.backbones.videomae2 import blank, load_official
from services.features.backbones.videomae2.model import (
    MEAN,
    STD,
    PixelsToFeature,
    looks_unnormalised,
)
from services.features.weights import FetchError


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    return blank.state(width=128, depth=2, classes=5)


@pytest.fixture(scope="module")
def videos() -> Tensor:
    noise = np.random.RandomState(1).uniform(-2.1, 2.2, (2, 3, 16, 224, 224))
    return torch.from_numpy(noise.astype(np.float32))


def test_the_numbers_are_those_of_the_official_code(
    state: dict[str, Tensor], videos: Tensor
) -> None:
    """The literals are what the official code gave for these weights and this input."""
    with torch.inference_mode():
        feature, logits = load_official(state)(videos)
    assert feature.shape == (2, 128)
    first = [-0.175039, -1.67499, -0.359132, -0.762589, -0.707444, -0.575096]
    assert feature[0, :6].tolist() == pytest.approx(first, abs=1e-5)
    assert feature[1, -3:].tolist() == pytest.approx([0.614626, -1.643114, 1.789687], abs=1e-5)
    assert logits[0].tolist() == pytest.approx(
        [-0.555945, -0.6337, -0.095044, 0.74622, -0.720719], abs=1e-5
    )
    assert logits[1].tolist() == pytest.approx(
        [-0.47525, -0.745309, 0.056044, 0.763438, -0.772799], abs=1e-5
    )


def test_every_norm_has_the_official_epsilon(state: dict[str, Tensor]) -> None:
    """Of transformers' own one, the last, is another."""
    norms = [one for one in load_official(state).modules() if isinstance(one, nn.LayerNorm)]
    assert [norm.eps for norm in norms] == [1e-6] * 5


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"module": state},
        lambda state: {"model": state, "args": argparse.Namespace(lr=0.001), "epoch": 35},
        lambda state: {f"module.{name}": tensor.half() for name, tensor in state.items()},
        lambda state: state,
    ],
    ids=["module", "model", "parallel and half", "bare"],
)
def test_a_torch_file_is_read_however_it_is_wrapped(
    wrap: Callable[[dict[str, Tensor]], Any], state: dict[str, Tensor], tmp_path: Path
) -> None:
    torch.save(wrap(state), tmp_path / "vit.pth")
    network = load_official(tmp_path / "vit.pth")
    weight = network.get_parameter("classifier.weight")
    assert weight.dtype == torch.float32
    assert torch.allclose(weight, state["head.weight"], atol=1e-3)


def test_safetensors_are_read(state: dict[str, Tensor], tmp_path: Path) -> None:
    save_file(state, tmp_path / "vit.safetensors")
    network = load_official(str(tmp_path / "vit.safetensors"))
    assert torch.equal(network.get_parameter("classifier.weight"), state["head.weight"])


def test_a_file_with_code_in_it_is_not_run(state: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save({"module": state, "run": print}, tmp_path / "vit.pth")
    with pytest.raises(ValueError, match="more than tensors"):
        load_official(tmp_path / "vit.pth")


@pytest.mark.parametrize(
    ("lost", "added", "said"),
    [
        ("fc_norm.weight", "", "lacks fc_norm.weight"),
        ("head.weight", "", "lacks head.weight"),
        ("patch_embed.proj.weight", "", "lacks patch_embed.proj.weight"),
        ("blocks.1.norm2.bias", "", "lacks .*layer.1.layernorm_after.bias"),
        ("", "pos_embed", "holds pos_embed"),
        ("", "blocks.0.gamma_1", "holds blocks.0.gamma_1"),
        ("", "decoder.blocks.0.norm1.weight", "holds decoder"),
    ],
)
def test_what_is_no_fine_tuning_checkpoint_is_refused_by_name(
    lost: str, added: str, said: str, state: dict[str, Tensor]
) -> None:
    changed = {name: tensor for name, tensor in state.items() if name != lost}
    if added:
        changed[added] = torch.zeros(1)
    with pytest.raises(ValueError, match=f"no VideoMAE v2 fine-tuning checkpoint: it {said}"):
        load_official(changed)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0, 255, "ImageNet-normalised pixels lie in"),
        (-1, 3, "ImageNet-normalised pixels lie in"),
        (0, 1, "not normalised by mean and std"),
        (0.5, 0.5, "every value is the same"),
        (-2.11, 2.63, ""),
        (-1.5, 0.7, ""),
    ],
)
def test_odd_input_is_noticed(low: float, high: float, said: str) -> None:
    x = torch.linspace(low, high, 3 * 16 * 8 * 8).view(1, 3, 16, 8, 8)
    complaint = looks_unnormalised(x)
    assert said in complaint
    assert bool(complaint) == bool(said)


def test_unnormalised_input_is_warned_of_once(
    state: dict[str, Tensor], videos: Tensor, caplog: pytest.LogCaptureFixture
) -> None:
    network = load_official(state)
    with torch.inference_mode(), caplog.at_level(logging.WARNING):
        network(videos[:1])
        assert not caplog.records
        for _ in range(2):
            network(videos[:1] * 100)
    assert len(caplog.records) == 1


def test_pixels_are_normalised_as_imagenet(state: dict[str, Tensor]) -> None:
    frames = np.random.RandomState(2).randint(0, 256, (1, 16, 224, 224, 3)).astype(np.uint8)
    network = load_official(state)
    by_hand = (torch.from_numpy(frames) / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
    with torch.inference_mode():
        expected, _ = network(by_hand.permute(0, 4, 1, 2, 3))
        feature = PixelsToFeature(network)(torch.from_numpy(frames))
    assert torch.allclose(feature, expected, atol=1e-5)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For official files of one block: a test after one that converted a file need not do so."""
    return tmp_path_factory.mktemp("cache")


SIZES = {"videomae2_s_k710": 384, "videomae2_b_k710": 768}


@pytest.mark.parametrize(("name", "dim"), SIZES.items())
def test_both_sizes_embed_clips_of_their_official_file(
    name: str, dim: int, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blank.put(cache, name, dim, depth=1)
    backbone = load(name, Options(cache=cache))
    assert (backbone.id, backbone.window, backbone.frames, backbone.dim) == (name, 1, 16, dim)
    frames = np.random.RandomState(3).randint(0, 256, (2, 16, 224, 224, 3)).astype(np.uint8)
    expected = load(name, Options(cache=cache, engine="torch")).embed(frames)
    found = backbone.embed(frames)
    assert cosine(found, expected).min() > 0.999
    assert not caplog.records


def test_weights_of_the_other_size_are_refused(tmp_path: Path) -> None:
    blank.put(tmp_path, "videomae2_s_k710", width=768, depth=1)
    with pytest.raises(FetchError, match="width 768, expected 384"):
        load("videomae2_s_k710", Options(cache=tmp_path))


def test_other_weights_are_converted_anew(cache: Path, tmp_path: Path) -> None:
    frames = np.zeros((1, 16, 224, 224, 3), np.uint8)
    own = shutil.copytree(cache, tmp_path / "own")
    file = blank.put(own, "videomae2_s_k710", 384, depth=1)
    first = load("videomae2_s_k710", Options(cache=own)).embed(frames)
    state = blank.state(384, depth=1, classes=710)
    torch.save({"module": state | {"fc_norm.bias": state["fc_norm.bias"] + 1}}, file)
    (file.parent / "SHA256SUMS").unlink()
    second = load("videomae2_s_k710", Options(cache=own)).embed(frames)
    assert second - first == pytest.approx(1, abs=0.05)
    assert len(list(file.parent.glob("*.xml"))) == 1


def cosine(one_BD: np.ndarray, other_BD: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(one_BD, axis=1) * np.linalg.norm(other_BD, axis=1)
    return np.asarray((one_BD * other_BD).sum(1) / lengths)
