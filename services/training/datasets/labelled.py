"""What is known of videos, whoever wrote it down: the one value that all readers yield."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

NORMAL = "normal"
VIDEOS = frozenset(
    (
        ".mp4",
        ".m4v",
        ".mov",
        ".mkv",
        ".webm",
        ".avi",
        ".mpg",
        ".mpeg",
        ".ts",
        ".wmv",
        ".flv",
        ".3gp",
    )
)
ENDINGS = VIDEOS | {".npz", ".npy", ".xml"}


class LabelError(ValueError):
    """Labels that cannot be read. The message names file and line."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something is wrong, and what."""

    start_s: float
    end_s: float
    label: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """One video. `source` names what must never be on both sides of a split."""

    video: str
    label: str
    """`normal`, or what is wrong in it."""
    spans: tuple[Span, ...] | None
    """Empty for a normal video; None where something is wrong but nobody wrote down when."""
    source: str

    @property
    def is_normal(self) -> bool:
        return self.label == NORMAL


@dataclass(frozen=True, slots=True)
class Labels:
    """All that a file or folder says."""

    kind: str
    """The format that it was recognised as."""
    videos: tuple[Labelled, ...]
    others_are_normal: bool = False
    """Whether videos that are not listed are normal; else they do not belong to it."""


def normal(video: str, source: str = "") -> Labelled:
    return Labelled(video, NORMAL, (), source or video)


def weak(video: str, label: str, source: str = "") -> Labelled:
    """Something is wrong in it, at a time unknown. A normal label makes a normal video."""
    if is_normal(label):
        return normal(video, source)
    return Labelled(video, label, None, source or video)


def spanned(video: str, spans: Sequence[Span], source: str = "") -> Labelled:
    """Labelled in time; called by its first label."""
    in_order = tuple(sorted(spans, key=lambda span: (span.start_s, span.end_s)))
    return Labelled(video, in_order[0].label, in_order, source or video)


def is_normal(label: str) -> bool:
    """`normal`, `Normal_Videos_event`, `Training_Normal_Videos_Anomaly`, but not `abnormal`."""
    word = label.lower()
    return "normal" in word and "abnormal" not in word


def stem(video: str) -> str:
    """The name without the endings of files: `a/b.mp4`, `a/b.mp4.npz` and `a/b` are one video."""
    path = PurePosixPath(video.strip().replace("\\", "/").removeprefix("./"))
    while path.suffix.lower() in ENDINGS:
        path = path.with_suffix("")
    return path.as_posix()


def unique(videos: Iterable[Labelled], where: str) -> tuple[Labelled, ...]:
    """All of them in order. Raises LabelError where a video comes twice."""
    found: dict[str, Labelled] = {}
    for one in videos:
        if found.setdefault(stem(one.video), one) is not one:
            raise LabelError(f"{where} names {one.video} twice")
    return tuple(found.values())
