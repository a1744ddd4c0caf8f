"""Clips of one source that are all at hand -> the windows that the service forms of them, each with
its vector: what training, demos and re-extraction share.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from schemas.clips import ClipRecorded
from services.features import core
from services.features.backbones.base import Backbone, Pixels, Vectors
from services.features.core import Layout, Received, Window, fill
from services.features.frames import clip_pixels

AT_ONCE = 8
"""Windows in one call of the backbone; a GPU gains by it, a CPU loses nothing."""


def embeddings(
    clips: Iterable[ClipRecorded], backbone: Backbone
) -> Iterator[tuple[Window, Vectors]]:
    """The windows that the service forms of a video's clips, in order, each with its vector [D]."""
    found = windows(clips, backbone)
    while group := list(islice(found, AT_ONCE)):
        vectors_BD = backbone.embed([pixels for _, pixels in group])
        yield from zip((window for window, _ in group), vectors_BD, strict=True)


def windows(clips: Iterable[ClipRecorded], backbone: Backbone) -> Iterator[tuple[Window, Pixels]]:
    """Each with the pixels that the network sees."""
    layout = Layout(backbone.window, backbone.window)
    received = (Received(clip, content=clip_pixels(clip, backbone.size)) for clip in clips)
    for window in core.windows(received, layout):
        pixels = np.concatenate([part.content for part in window.parts])
        yield window, fill(pixels, backbone.frames)
