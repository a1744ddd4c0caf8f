"""Made-up videos in which the anomaly is real: one direction of the features tells it."""

from pathlib import Path

import numpy as np

from schemas.clips import ClipSpec
from services.training.datasets import Labelled, Span
from services.training.datasets.labelled import normal
from services.training.examples import Example
from services.training.features import Features, save

DIM = 16
WINDOW_S = 32 / 15


def features(video: str, x_TD: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> Features:
    start_s = np.arange(len(x_TD)) * WINDOW_S
    vectors = x_TD.astype(np.float32)[None]
    return Features(video, vectors, start_s, start_s + WINDOW_S, "i3d_k400", 2, ClipSpec())


def planted(
    number: int, wrong: tuple[int, int] | None, windows: int = 12, strength: float = 6.0
) -> Example:
    """A video of noise; the windows from `wrong[0]` up to `wrong[1]` carry the signal."""
    rng = np.random.default_rng(number)
    x_TD = rng.normal(size=(windows, DIM))
    video = f"v{number:03}.mp4"
    if wrong is None:
        return Example(features(video, x_TD), normal(video, f"s{number // 2}"))
    x_TD[wrong[0] : wrong[1], 0] += strength
    span = Span(wrong[0] * WINDOW_S, wrong[1] * WINDOW_S, "fight")
    return Example(features(video, x_TD), Labelled(video, "fight", (span,), f"s{number // 2}"))


def videos(count: int = 24, windows: int = 12) -> list[Example]:
    """Half of them anomalous, somewhere in the middle; two videos a source."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(count):
        first = int(rng.integers(1, windows - 4))
        wrong = (first, first + 3) if number % 2 else None
        made.append(planted(number, wrong, windows))
    return made


def write_features(folder: Path, examples: list[Example]) -> Path:
    for one in examples:
        save(folder / f"{one.features.video}.npz", one.features)
    return folder


def write_labels(path: Path, examples: list[Example]) -> Path:
    lines = ["video,start_s,end_s,label,source"]
    for one in examples:
        video, source = one.features.video, one.labelled.source
        spans = one.labelled.spans or ()
        lines += [f"{video},{span.start_s},{span.end_s},{span.label},{source}" for span in spans]
        if one.is_normal:
            lines.append(f"{video},,,normal,{source}")
    path.write_text("\n".join(lines) + "\n")
    return path
