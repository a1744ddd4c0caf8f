"""What was seen of one video: a vector a window, or what its people did.

Shapes: T windows in order, C crops of the same window, D dimensions; P persons, S samples of each.
"""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from schemas.clips import ClipSpec

Vectors = NDArray[np.float32]
Times = NDArray[np.float64]


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
