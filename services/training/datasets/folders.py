"""A folder per label: `normal/a.mp4`, `fight/b.mp4`. Features may lie there instead of videos."""

from pathlib import Path

from services.training.datasets.labelled import (
    ENDINGS,
    LabelError,
    Labels,
    stem,
    unique,
    weak,
)


def read(path: Path, frame_rate: float = 0.0) -> Labels:
    """Every file two or more levels down; the first folder is its label. Raises LabelError."""
    del frame_rate  # folders have no times
    names = {
        stem(file.relative_to(path).as_posix())
        for file in path.glob("*/**/*")
        if file.suffix.lower() in ENDINGS and not file.name.startswith(".")
    }
    if not names:
        raise LabelError(f"{path} holds no folders with videos, one folder a label")
    found = (weak(name, name.split("/")[0]) for name in sorted(names))
    return Labels("a folder per label", unique(found, str(path)))
