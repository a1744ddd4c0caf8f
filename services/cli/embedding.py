"""A video file -> its features, by the code of the services: decode, sample, JPEG, join, embed.

It lives here because only this layer may see ingest, features and scoring at once.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from schemas.clips import ClipSpec
from services.cli.extractor import Extractor, Heard
from services.features.backbones import Backbone
from services.features.backbones.base import Pixels
from services.features.core import Joining, Received, Window, fill, join
from services.features.frames import clip_pixels
from services.ingest.clips import clips_of
from services.scoring.training.features import Features, arrays

SPEC = ClipSpec()
"""How the ingest service cuts."""
AT_ONCE = 8
"""Windows in one call of the backbone; a GPU gains by it, a CPU loses nothing."""


def embeddings_by(backbone: Backbone) -> Extractor:
    """One vector a window, as this backbone gives it."""

    def look(path: Path, video: str, heard: Heard) -> tuple[dict[str, Any], int]:
        features = embedded(path, video, backbone, heard)
        return arrays(features), len(features)

    return Extractor(backbone.id, backbone.window, SPEC, look)


def embedded(path: Path, video: str, backbone: Backbone, heard: Heard = lambda _: None) -> Features:
    """What the features service would publish for this file, bit for bit.

    `heard` is told how far it came, in seconds of video. Raises BadVideo and OSError.
    """
    vectors, spans = [], []
    found = windows(path, backbone)
    while group := list(islice(found, AT_ONCE)):
        vectors.append(backbone.embed(np.stack([pixels for _, pixels in group])))
        spans += [(window.clips[0].start_s, window.clips[-1].end_s) for window, _ in group]
        heard(spans[-1][1])
    start_s_T, end_s_T = np.array(spans, np.float64).reshape(-1, 2).T
    x_TD = np.concatenate([np.zeros((0, backbone.dim), np.float32), *vectors])
    return Features(video, x_TD[None], start_s_T, end_s_T, backbone.id, backbone.window, SPEC)


def windows(path: Path, backbone: Backbone) -> Iterator[tuple[Window, Pixels]]:
    """The windows that the service forms, in order, with the pixels that the network sees."""
    state = Joining(backbone.window)
    for clip in clips_of(path, SPEC):
        state, complete = join(state, Received(clip))
        for window in complete:
            pixels = [clip_pixels(one, backbone.size) for one in window.clips]
            yield window, fill(np.concatenate(pixels), backbone.frames)
