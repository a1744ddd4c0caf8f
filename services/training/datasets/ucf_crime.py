"""UCF-Crime (Sultani et al., CVPR 2018): the lists of training videos and of spans for the test.

`Abuse/Abuse001_x264.mp4` a line, or `Abuse028_x264.mp4  Abuse  165  240  -1  -1`: frames at 30 a
second. Lists that lead with a folder and carry the number of frames are read too.
"""

from pathlib import Path, PurePosixPath

from services.training.datasets.labelled import (
    Labelled,
    Labels,
    Span,
    is_normal,
    normal,
    spanned,
    unique,
    weak,
)
from services.training.datasets.lines import each, frame, pairs

FRAME_RATE = 30.0


def read_list(path: Path, frame_rate: float = FRAME_RATE) -> Labels:
    """Videos by the folder they lie in; nothing is said of when. Raises LabelError."""
    del frame_rate  # a list has no times
    return Labels("UCF-Crime list", unique(each(path, _listed), str(path)))


def read_spans(path: Path, frame_rate: float = FRAME_RATE) -> Labels:
    """Videos with spans. Raises LabelError."""
    found = each(path, lambda parts: _spanned(parts, frame_rate))
    return Labels("UCF-Crime temporal annotations", unique(found, str(path)))


def _listed(parts: list[str]) -> Labelled:
    if len(parts) > 2:
        raise ValueError("expected a video, and perhaps its number of frames")
    folder = PurePosixPath(parts[0]).parent.name
    if not folder:
        raise ValueError(f"{parts[0]} lies in no folder that would say what it shows")
    return weak(parts[0], folder)


def _spanned(parts: list[str], frame_rate: float) -> Labelled:
    label_at = 1 if not _is_number(parts[1]) else 2
    if len(parts) < label_at + 3:
        raise ValueError("expected a video, a label, and pairs of frames")
    video, label = parts[0], parts[label_at]
    spans = pairs([frame(word) for word in parts[label_at + 1 :]])
    if is_normal(label):
        if spans:
            raise ValueError("a normal video has no spans")
        return normal(video)
    if not spans:
        raise ValueError(f"{label} happens, but no span says when")
    return spanned(video, [Span(a / frame_rate, b / frame_rate, label) for a, b in spans])


def _is_number(word: str) -> bool:
    return word.lstrip("-").isdigit()
