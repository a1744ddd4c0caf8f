"""Arrays of others (.npy): (T, D), (T, 10, D) or (10, T, D), or a file a crop.

A `features.json` beside them may say backbone, window, spec and axes.
Shapes: T windows in order, C crops of the same window, D dimensions.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.clips import ClipSpec
from services.training.features.video import FeatureError, Features, Vectors

CROPS = 10
SIDECAR = "features.json"
PART_OF_CROPS = re.compile(r"(?P<video>.+_label_.+)__(?P<crop>\d)$")
"""XD-Violence's features come as a file a crop: NAME__0.npy to NAME__4.npy."""


class Maker(BaseModel):
    """features.json: what made the .npy files of a folder. The defaults suit UCF-Crime's I3D."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: str = "unknown"
    window: int = Field(default=1, ge=1)
    spec: ClipSpec = ClipSpec(frames=16, frame_rate=30.0, hop=16)
    axes: Literal["TCD", "CTD"] | None = None


def read_arrays(folder: Path) -> Iterator[Features]:
    """All videos whose arrays lie below a folder. Raises FeatureError."""
    paths = sorted(folder.rglob("*.npy"))
    if not paths:
        return
    maker = _maker(folder / SIDECAR)
    groups: dict[str, list[Path]] = {}
    for path in paths:
        name = path.relative_to(folder).with_suffix("").as_posix()
        match = PART_OF_CROPS.match(name)
        groups.setdefault(match["video"] if match else name, []).append(path)
    for video, members in groups.items():
        found = [_array(one, maker.axes) for one in members]
        # One array stays mapped on disk: ten crops of a whole data set do not fit in memory.
        yield _timed(video, found[0] if len(found) == 1 else np.concatenate(found), maker)


def crops(array: NDArray[Any], axes: str | None = None) -> NDArray[Any]:
    """Any of the three layouts as [C, T, D]. Raises ValueError where it cannot be told."""
    if array.ndim == 2:
        return array[None]
    if array.ndim != 3:
        raise ValueError(f"its shape is {array.shape}, expected (T, D), (T, 10, D) or (10, T, D)")
    first, second = array.shape[0] == CROPS, array.shape[1] == CROPS
    if axes is None and first == second:
        why = "both axes could be the crops" if first else "no axis has ten crops"
        raise ValueError(
            f'its shape is {array.shape}: {why}; say "axes": "TCD" or "CTD" in {SIDECAR}'
        )
    crops_lead = axes == "CTD" if axes else first
    return array if crops_lead else array.swapaxes(0, 1)


def _array(path: Path, axes: str | None) -> NDArray[Any]:
    try:
        return crops(np.load(path, mmap_mode="r", allow_pickle=False), axes)
    except (OSError, ValueError, EOFError) as error:
        raise FeatureError(f"{path}: {error}") from error


def _timed(video: str, x_CTD: NDArray[Any], maker: Maker) -> Features:
    step_s = maker.window * maker.spec.hop_s
    start_s_T = np.arange(x_CTD.shape[1], dtype=np.float64) * step_s
    return Features(
        video,
        cast(Vectors, x_CTD.astype(np.float32, copy=False)),
        start_s_T,
        np.asarray(start_s_T + step_s, np.float64),
        maker.backbone,
        maker.window,
        maker.spec,
    )


def _maker(path: Path) -> Maker:
    if not path.exists():
        return Maker()
    try:
        return Maker.model_validate(json.loads(path.read_text()))
    except (ValidationError, ValueError) as error:
        raise FeatureError(f"{path}: {error}") from error
