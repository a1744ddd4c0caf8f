"""Embeddings of footage on disk (.npz), a row a window and view."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.training.default.recipes import Recipe


@dataclass(frozen=True, slots=True)
class Row:
    """One window of one view of one video."""

    video: str
    kind: str
    group: str
    view: str
    index: int
    """Number of the window inside the video."""
    frames: int
    """Real frames in it; the rest was filled."""
    label: int
    """1 the incident that its kind is about, 0 nothing, -1 cannot be said."""
    vector: NDArray[np.float32]


@dataclass(frozen=True)
class Table:
    """The rows as columns; `vectors` is [rows, dimensions]."""

    vectors: NDArray[np.float32]
    video: NDArray[np.str_]
    kind: NDArray[np.str_]
    group: NDArray[np.str_]
    view: NDArray[np.str_]
    index: NDArray[np.int64]
    frames: NDArray[np.int64]
    label: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.vectors)

    def where(self, rows: NDArray[np.bool_ | np.int64]) -> "Table":
        """Those of a mask, or these numbers in this order."""
        return Table(**{name: column[rows] for name, column in vars(self).items()})

    def seen_by(self, recipe: Recipe) -> "Table":
        """The same rows with the labels of one head: 1 is its own incident."""
        incident = self.label == 1
        label = np.where(incident & ~np.isin(self.kind, recipe.kinds), -1, self.label)
        label[incident & np.isin(self.kind, recipe.other)] = 0
        return replace(self, label=label)


def save(path: Path, rows: Iterable[Row]) -> None:
    """Write all rows; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = list(rows)
    columns: dict[str, Any] = {
        name: np.array([getattr(row, name) for row in kept])
        for name in ("video", "kind", "group", "view", "index", "frames", "label")
    }
    np.savez(path, vectors=np.stack([row.vector for row in kept]), **columns)


def load(paths: Sequence[Path]) -> Table:
    """All rows of one or more files."""
    parts = []
    for path in paths:
        with np.load(path, allow_pickle=False) as file:
            parts.append({name: file[name] for name in file.files})
    return Table(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
