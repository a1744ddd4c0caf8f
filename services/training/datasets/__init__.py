"""Readers of labels, a file each. `read` tells the format by the content."""

import re
from collections.abc import Callable
from pathlib import Path

from services.training.datasets import (
    aihub_store,
    csv_spans,
    folders,
    ucf_crime,
    xd_violence,
)
from services.training.datasets.labelled import (
    NORMAL,
    LabelError,
    Labelled,
    Labels,
    Span,
    stem,
)
from services.training.datasets.lines import text

FORMATS = (
    "a CSV of spans (video,start_s,end_s,label[,source]), lists or temporal annotations of "
    "UCF-Crime or XD-Violence, AI-Hub store XML, or a folder per label"
)
LINES: tuple[tuple[str, Callable[..., Labels]], ...] = (
    (r"[^,]*video[^,]*,.*\blabel\b", csv_spans.read),
    (r"<", aihub_store.read),
    (r"\S+_label_\S+(\s+\d+)+\s*$", xd_violence.read_spans),
    (r"\S.*_label_\S+\s*$", xd_violence.read_list),
    (r"\S+(\s+\d+)?\s+[A-Za-z]\w*(\s+-?\d+){2,}\s*$", ucf_crime.read_spans),
    (r"\S+/\S+(\s+\d+)?\s*$", ucf_crime.read_list),
)
"""What the first line looks like, and who reads such files."""


def read(path: Path, frame_rate: float | None = None) -> Labels:
    """Labels in any of the formats. Raises LabelError.

    `frame_rate` is the one that frame numbers count in; each format has its own default.
    """
    reader = _folder(path) if path.is_dir() else _file(path)
    labels = reader(path) if frame_rate is None else reader(path, frame_rate)
    if not labels.videos:
        raise LabelError(f"{path} labels no video")
    return labels


def _folder(path: Path) -> Callable[..., Labels]:
    return aihub_store.read if next(path.rglob("*.xml"), None) else folders.read


def _file(path: Path) -> Callable[..., Labels]:
    first = next((line for line in text(path).splitlines() if line.strip()), "")
    for pattern, reader in LINES:
        if re.match(pattern, first):
            return reader
    raise LabelError(f"{path}, line 1: {first[:80]!r} is none of the formats: {FORMATS}")


__all__ = ["FORMATS", "NORMAL", "LabelError", "Labelled", "Labels", "Span", "read", "stem"]
