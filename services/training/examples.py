"""Features joined to labels: the videos that training and evaluation work on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from services.training.datasets import LabelError, Labelled, Labels, stem
from services.training.datasets.labelled import normal
from services.training.features import Features


@dataclass(frozen=True)
class Example:
    """One video: what was seen in it and what is known of it."""

    features: Features
    labelled: Labelled

    @property
    def is_normal(self) -> bool:
        return self.labelled.is_normal

    @property
    def has_times(self) -> bool:
        """Whether it is known when something is wrong (a normal video: never)."""
        return self.labelled.spans is not None

    @cached_property
    def frames(self) -> NDArray[np.int64]:
        """How many frames each window covers."""
        seconds_T = self.features.end_s - self.features.start_s
        counts_T = np.rint(seconds_T * self.features.spec.frame_rate).astype(np.int64)
        return np.maximum(counts_T, 1)

    @cached_property
    def wrong(self) -> NDArray[np.int64]:
        """In how many frames of each window something is wrong; -1 where nobody knows."""
        if self.labelled.spans is None:
            return np.full(len(self.features), -1)
        rate = self.features.spec.frame_rate
        wrong_T = np.zeros(len(self.features), np.int64)
        for row, (start_s, count) in enumerate(
            zip(self.features.start_s, self.frames, strict=True)
        ):
            at_s = start_s + np.arange(count) / rate
            inside = [(span.start_s <= at_s) & (at_s < span.end_s) for span in self.labelled.spans]
            wrong_T[row] = np.any(inside, axis=0).sum() if inside else 0
        return wrong_T


@dataclass(frozen=True)
class Matched:
    """What was found on both sides, and how much was not."""

    examples: tuple[Example, ...]
    without_features: int = 0
    without_label: int = 0


def match(features: Sequence[Features], labels: Labels) -> Matched:
    """Each video with its label, by name: one may lead with folders that the other leaves out.

    Raises LabelError where a name could mean several videos, or where nothing matches.
    """
    index = _Index(features)
    found: dict[str, Labelled] = {}
    absent = 0
    for one in labels.videos:
        video = index.find(one.video)
        if video is None:
            absent += 1
        elif video in found:
            raise LabelError(f"{one.video} and {found[video].video} both name {video}")
        else:
            found[video] = one
    if not found:
        raise LabelError(f"none of the {len(labels.videos)} labelled videos has features")
    rest = [one for one in features if one.video not in found]
    if labels.others_are_normal:
        found |= {one.video: normal(one.video) for one in rest}
        rest = []
    examples = [Example(one, found[one.video]) for one in features if one.video in found]
    return Matched(tuple(one for one in examples if len(one.features)), absent, len(rest))


class _Index:
    """Finds a video by a name that may have more or fewer folders in front."""

    def __init__(self, features: Iterable[Features]) -> None:
        self._by_last: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for one in features:
            parts = _parts(one.video)
            self._by_last.setdefault(parts[-1], []).append((parts, one.video))

    def find(self, name: str) -> str | None:
        parts = _parts(name)
        near = [
            (own, video) for own, video in self._by_last.get(parts[-1], ()) if _tail(own, parts)
        ]
        exact = [video for own, video in near if own == parts]
        videos = exact or [video for _, video in near]
        if len(videos) > 1:
            raise LabelError(f"{name} could be any of {', '.join(sorted(videos)[:3])}")
        return videos[0] if videos else None


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(stem(name)).parts


def _tail(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether one ends with the whole other."""
    count = min(len(a), len(b))
    return a[-count:] == b[-count:]
