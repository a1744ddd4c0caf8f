"""Features of videos on disk, what `nightclerk extract` writes and training reads: a folder of our
own files, or of arrays of others.
"""

from collections.abc import Iterator
from pathlib import Path

from services.scoring.heads.registry import Takes
from services.training.features.foreign import read_arrays
from services.training.features.own import (
    arrays,
    described,
    is_made_by,
    read,
    save,
    write,
)
from services.training.features.video import FeatureError, Features, Vectors


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


def _files(folder: Path, takes: Takes) -> Iterator[Features]:
    if not folder.is_dir():
        raise FeatureError(f"{folder} is no folder of features")
    for path in folder.rglob("*.npz"):
        if not path.name.startswith("."):
            yield read(path, takes)
    yield from read_arrays(folder)


def _told(features: Features) -> str:
    spec = features.spec
    return (
        f"{features.backbone}, window {features.window}, dimension {features.dim}, "
        f"{spec.frames} frames at {spec.frame_rate:g} fps, hop {spec.hop}"
    )


__all__ = [
    "FeatureError",
    "Features",
    "Vectors",
    "arrays",
    "described",
    "is_made_by",
    "read",
    "read_folder",
    "save",
    "write",
]
