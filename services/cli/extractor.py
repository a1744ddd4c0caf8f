"""A video file -> the arrays of its feature file, by the code of the services: decode, sample,
JPEG, then join and embed, or find people.

It lives here because only this layer may see ingest, features and scoring at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from schemas.clips import ClipSpec
from services.features.backbones import Backbone
from services.features.pose import ID as POSES
from services.features.pose import PoseNetwork, PoseOptions
from services.features.pose.observer import Observer
from services.features.recorded import embeddings
from services.ingest.clips import clips_of
from services.scoring.poses import table
from services.training.features import Features, arrays, described

SPEC = ClipSpec()
"""How the ingest service cuts."""
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


def embeddings_by(backbone: Backbone) -> Extractor:
    """One vector a window, as this backbone gives it."""

    def look(path: Path, video: str, heard: Heard) -> tuple[dict[str, Any], int]:
        features = embedded(path, video, backbone, heard)
        return arrays(features), len(features)

    return Extractor(backbone.id, backbone.window, SPEC, look)


def poses_by(network: PoseNetwork, options: PoseOptions) -> Extractor:
    """Poses are told clip by clip, so the window is one clip."""

    def look(path: Path, video: str, heard: Heard) -> tuple[dict[str, Any], int]:
        observer, told = Observer(network, options), []
        for clip in clips_of(path, SPEC):
            told.append(observer.observe(clip, observer.pictures(clip)))
            heard(clip.end_s)
        return {**vars(table(told)), **described(video, POSES, 1, SPEC)}, len(told)

    return Extractor(POSES, 1, SPEC, look)


def embedded(path: Path, video: str, backbone: Backbone, heard: Heard = lambda _: None) -> Features:
    """What the features service would publish for this file, bit for bit.

    `heard` is told how far it came, in seconds of video. Raises BadVideo and OSError.
    """
    vectors, spans = [], []
    for window, vector_D in embeddings(clips_of(path, SPEC), backbone):
        vectors.append(vector_D)
        spans.append((window.clips[0].start_s, window.clips[-1].end_s))
        heard(spans[-1][1])
    start_s_T, end_s_T = np.array(spans, np.float64).reshape(-1, 2).T
    x_TD = np.array(vectors, np.float32).reshape(-1, backbone.dim)
    return Features(video, x_TD[None], start_s_T, end_s_T, backbone.id, backbone.window, SPEC)
