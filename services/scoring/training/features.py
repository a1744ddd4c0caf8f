"""Features of videos on disk, a file each: what `nightclerk extract` writes and training reads.

Our own files are .npz and say what made them. Arrays of others (.npy) are (T, D), (T, 10, D) or
(10, T, D); a `features.json` beside them may say backbone, window, spec and axes.
Shapes: T windows in order, C crops of the same window, D dimensions.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, cast
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.clips import ClipSpec
from services.scoring.heads.registry import Takes
from services.scoring.poses import (
    PERSON_NUMBERS,
    PoseTable,
    messages,
    scene_vector,
    sequences,
)

Vectors = NDArray[np.float32]
Times = NDArray[np.float64]

CROPS = 10
SIDECAR = "features.json"
PART_OF_CROPS = re.compile(r"(?P<video>.+_label_.+)__(?P<crop>\d)$")
"""XD-Violence's features come as a file a crop: NAME__0.npy to NAME__4.npy."""


class FeatureError(ValueError):
    """A feature file that cannot be used. The message names it."""


@dataclass(frozen=True)
class Features:
    """What a backbone saw of one video. `video` is the name relative to the footage folder."""

    video: str
    vectors: Vectors
    """[C, T, D]"""
    start_s: Times
    end_s: Times
    backbone: str
    window: int
    spec: ClipSpec
    persons: tuple[Vectors, ...] | None = None
    """For heads that look at persons: [P, S, 38] of every window; `vectors` says nothing then."""

    def __len__(self) -> int:
        return int(self.vectors.shape[1])

    @property
    def dim(self) -> int:
        return int(self.vectors.shape[2])

    @property
    def made_by(self) -> tuple[str, int, ClipSpec, int]:
        """What must be equal among videos that one head reads."""
        return self.backbone, self.window, self.spec, self.dim

    @property
    def duration_s(self) -> float:
        return float(self.end_s[-1]) if len(self) else 0.0

    @cached_property
    def digest(self) -> str:
        """The same features, whatever the file is called."""
        parts = (self.vectors[0],) if self.persons is None else self.persons
        content = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
        return sha256(content).hexdigest()[:16]


class Maker(BaseModel):
    """features.json: what made the .npy files of a folder. The defaults suit UCF-Crime's I3D."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: str = "unknown"
    window: int = Field(default=1, ge=1)
    spec: ClipSpec = ClipSpec(frames=16, frame_rate=30.0, hop=16)
    axes: Literal["TCD", "CTD"] | None = None


def save(path: Path, features: Features) -> None:
    """Write one video's file, whole or not at all."""
    write(path, **arrays(features))


def arrays(features: Features) -> dict[str, Any]:
    """What a file of embeddings holds."""
    return {
        "features": features.vectors[0],
        "start_s": features.start_s,
        "end_s": features.end_s,
        **described(features.video, features.backbone, features.window, features.spec),
    }


def write(path: Path, **content: Any) -> None:
    """Any .npz, whole or not at all; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        np.savez(file, **content)
    part.replace(path)


def described(video: str, backbone: str, window: int, spec: ClipSpec) -> dict[str, Any]:
    return {"video": video, "backbone": backbone, "window": window, "spec": spec.model_dump_json()}


def is_made_by(path: Path, backbone: str, window: int, spec: ClipSpec) -> bool:
    """Whether there is a whole file here that the same backbone made."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            same = described(str(file["video"]), backbone, window, spec)
            return all(str(file[name]) == str(value) for name, value in same.items())
    except (OSError, ValueError, KeyError, BadZipFile, EOFError):
        return False


def read_folder(folder: Path, takes: Takes = "windows") -> list[Features]:
    """All videos of a folder, in the order of their names. Raises FeatureError.

    All must be made alike: a head reads one kind of embedding. Of poses a head takes either a
    vector a clip or what each person did.
    """
    found = sorted(_files(folder, takes), key=lambda features: features.video)
    if not found:
        raise FeatureError(f"{folder} holds no feature files (.npz or .npy)")
    for features in found:
        if features.made_by != found[0].made_by:
            raise FeatureError(
                f"{features.video} is made by {_told(features)}, "
                f"{found[0].video} by {_told(found[0])}; a head reads one kind"
            )
    return found


def read(path: Path, takes: Takes = "windows") -> Features:
    """One of our own files. Raises FeatureError."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            features = _poses(file, takes) if "keypoints" in file else _embeddings(file, takes)
    except (OSError, ValueError, KeyError, TypeError, BadZipFile, EOFError) as error:
        raise FeatureError(f"{path} is no feature file: {error}") from error
    if not np.isfinite(features.vectors).all():
        raise FeatureError(f"{path} holds values that are not finite")
    return features


def _embeddings(file: Any, takes: Takes) -> Features:
    if takes != "windows":
        raise ValueError("it holds embeddings, the head looks at poses of persons")
    x_TD = np.asarray(file["features"], np.float32)
    start_s, end_s = (np.asarray(file[name], np.float64) for name in ("start_s", "end_s"))
    if x_TD.ndim != 2 or not len(x_TD) == len(start_s) == len(end_s):
        raise ValueError("features and times do not go together")
    return Features(str(file["video"]), x_TD[None], start_s, end_s, *_maker_of(file))


def _poses(file: Any, takes: Takes) -> Features:
    """A scene vector a clip, or the latest samples of everybody in it, as the service has them."""
    video, (backbone, window, spec) = str(file["video"]), _maker_of(file)
    poses = PoseTable(**{one.name: file[one.name] for one in fields(PoseTable)})
    told = messages(poses, video, backbone, spec)
    times = poses.start_s, poses.end_s
    if takes == "persons":
        nothing = np.zeros((1, len(told), PERSON_NUMBERS), np.float32)
        persons = tuple(sequences(told))
        return Features(video, nothing, *times, backbone, window, spec, persons)
    x_TD = np.stack([scene_vector(one) for one in told])
    return Features(video, x_TD[None], *times, backbone, window, spec)


def _maker_of(file: Any) -> tuple[str, int, ClipSpec]:
    spec = ClipSpec.model_validate_json(str(file["spec"]))
    return str(file["backbone"]), int(file["window"]), spec


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


def _files(folder: Path, takes: Takes) -> Iterator[Features]:
    if not folder.is_dir():
        raise FeatureError(f"{folder} is no folder of features")
    for path in folder.rglob("*.npz"):
        if not path.name.startswith("."):
            yield read(path, takes)
    foreign = sorted(folder.rglob("*.npy"))
    if foreign:
        yield from _foreign(folder, foreign)


def _foreign(folder: Path, paths: list[Path]) -> Iterator[Features]:
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


def _told(features: Features) -> str:
    spec = features.spec
    return (
        f"{features.backbone}, window {features.window}, dimension {features.dim}, "
        f"{spec.frames} frames at {spec.frame_rate:g} fps, hop {spec.hop}"
    )
