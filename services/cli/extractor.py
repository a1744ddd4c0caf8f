"""What turns a video file into the arrays of a feature file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.clips import ClipSpec

Heard = Callable[[float], None]
"""Is told how far a video was looked at, in seconds of it."""
Look = Callable[[Path, str, Heard], tuple[dict[str, Any], int]]
"""(file, name in the feature file, heard) -> arrays, and how many windows they tell of."""


@dataclass(frozen=True)
class Extractor:
    """Embeddings or poses; `backbone`, `window` and `spec` stand in every file that it makes.

    `look` raises InvalidMessage (a BadVideo is one) and OSError.
    """

    backbone: str
    window: int
    spec: ClipSpec
    look: Look
