"""The door to the backbones, and that both engines give the same numbers."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from services.features.backbones import Options, engine, load, torch_engine
from services.features.backbones.base import check, default_cache
from services.features.backbones.i3d_k400 import checkpoint, runtime
from services.features.backbones.i3d_k400.model import I3D
from services.features.backbones.videomae2 import blank


def test_an_unknown_backbone_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'resnet'"):
        load("resnet")


def test_the_cache_is_where_the_desktop_standard_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_cache() == Path("/somewhere/nightclerk")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache() == Path.home() / ".cache" / "nightclerk"


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((32, 224, 224, 3), np.uint8),
        ((1, 16, 224, 224, 3), np.uint8),
        ((1, 32, 256, 224, 3), np.uint8),
        ((1, 32, 224, 224, 3), np.float32),
    ],
)
def test_other_shapes_and_types_are_refused(shape: tuple[int, ...], dtype: type) -> None:
    with pytest.raises(ValueError, match="expected"):
        check(np.zeros(shape, dtype), frames=32, size=224)


I3D_NETWORK = runtime.NETWORKS["i3d_k400"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seeded weights in the place of the real ones: no test fetches anything."""
    torch.manual_seed(5)
    cache = tmp_path_factory.mktemp("cache")
    (cache / "i3d_k400").mkdir()
    save_file(I3D().state_dict(), cache / "i3d_k400" / checkpoint.SDIST.kept_as)
    return cache


def test_openvino_equals_torch(cache: Path) -> None:
    windows = np.random.default_rng(1).integers(0, 256, (2, 32, 224, 224, 3), dtype=np.uint8)
    weights = checkpoint.ensure(cache)
    expected = torch_engine.Torch(I3D_NETWORK, weights.path).embed(windows)
    ir = engine.converted(I3D_NETWORK, weights)
    exact = engine.OpenVINO(I3D_NETWORK, ir, precision="f32")
    assert exact.embed(windows) == pytest.approx(expected, abs=1e-5)
    fast = engine.OpenVINO(I3D_NETWORK, ir).embed(windows)
    cosine = (
        (fast * expected).sum(1) / np.linalg.norm(fast, axis=1) / np.linalg.norm(expected, axis=1)
    )
    assert cosine.min() > 0.999
    assert exact.embed(windows[:0]).shape == (0, 1024)


def test_a_window_gives_the_same_vector_alone_and_among_others(cache: Path) -> None:
    windows = np.random.default_rng(2).integers(0, 256, (3, 32, 224, 224, 3), dtype=np.uint8)
    ir = engine.converted(I3D_NETWORK, checkpoint.ensure(cache))
    backbone = engine.OpenVINO(I3D_NETWORK, ir, threads=2, precision="f32")
    alone = np.concatenate([backbone.embed(windows[row : row + 1]) for row in range(3)])
    assert len(np.unique(alone.round(6), axis=0)) == 3
    assert backbone.embed(windows) == pytest.approx(alone, abs=1e-6)


def test_int8_is_made_once_and_takes_windows_of_the_same_shape(cache: Path) -> None:
    options = Options(cache=cache, engine="openvino", precision="int8")
    backbone = load("i3d_k400", options)
    assert isinstance(backbone, engine.OpenVINO)
    assert backbone.precision == "int8"
    made = {file: file.stat().st_mtime_ns for file in (cache / "i3d_k400").glob("*-int8-*")}
    assert {file.suffix for file in made} == {".xml", ".bin"}
    load("i3d_k400", options)
    assert {file: file.stat().st_mtime_ns for file in made} == made
    windows = np.zeros((1, 32, 224, 224, 3), np.uint8)
    assert backbone.embed(windows).shape == (1, 1024)


@pytest.mark.parametrize(("wish", "kind"), [("torch", "Torch"), ("openvino", "OpenVINO")])
def test_the_engine_is_the_one_wished_for(
    wish: Literal["torch", "openvino"], kind: str, cache: Path
) -> None:
    backbone = load("i3d_k400", Options(cache=cache, engine=wish))
    assert type(backbone).__name__ == kind
    assert (backbone.id, backbone.window, backbone.frames) == ("i3d_k400", 2, 32)


def test_openvino_never_brings_torch_into_the_memory_of_the_service(tmp_path: Path) -> None:
    """Not even where the model must be converted first: that is more than a gigabyte."""
    blank.put(tmp_path, "videomae2_s_k710", width=384, depth=1)
    code = (
        "import sys; from pathlib import Path; from services.features.backbones import *\n"
        f"options = Options(cache=Path({str(tmp_path)!r}), engine='openvino')\n"
        "load('videomae2_s_k710', options)\n"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
    assert len(list((tmp_path / "videomae2_s_k710").glob("*.xml"))) == 1


def test_nobody_is_told_that_openvino_runs(tmp_path: Path) -> None:
    """Its telemetry keeps an id and a counter in the home folder as soon as it is imported."""
    code = (
        "from services.features.backbones import engine\n"
        "from openvino.tools.ovc import telemetry_utils\n"
        "print(telemetry_utils.tm.__name__)"
    )
    environment = {**os.environ, "HOME": str(tmp_path)}
    environment.pop("CI", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "openvino.tools.ovc.telemetry_stub"
    assert list(tmp_path.iterdir()) == []
