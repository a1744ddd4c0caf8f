"""Our own feature files, an .npz a video: embeddings, or poses. Each says what made it.

Shapes: T windows in order, D dimensions.
"""

from dataclasses import fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from schemas.clips import ClipSpec
from services.scoring.heads.registry import Takes
from services.scoring.poses import (
    PERSON_NUMBERS,
    PoseTable,
    messages,
    scene_vector,
    sequences,
)
from services.training.features.video import FeatureError, Features


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
