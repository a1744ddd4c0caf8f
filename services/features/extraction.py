"""Clips in, embeddings out: the shell around the joiner and a backbone.

Frames are decoded on the loop's pool while the network runs in the worker's thread. Commits stay
below clips that still wait for their neighbour, and below embeddings that are not acknowledged:
after kill -9 the same windows form again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from threading import Event

import numpy as np

from schemas import ids
from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.embeddings import EmbeddingExtracted
from schemas.topics import EMBEDDINGS, HEALTH
from services.chassis.clock import Clock, SystemClock
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.records import Headers, Incoming, Outgoing, Partition
from services.chassis.telemetry import metrics
from services.features.backbones import Backbone
from services.features.backbones.base import Pixels, Vectors
from services.features.core import Layout, Window, fill
from services.features.frames import clip_pixels
from services.features.joiner import Patience
from services.features.overload import Overload
from services.features.partitions import Partitions


@dataclass(frozen=True, slots=True)
class Content:
    """What an embedding needs of a clip beside its place."""

    pixels: Pixels
    headers: Headers


class Extraction(Handler):
    """Joins clips per source and embeds the windows of a batch, order kept per source. Those that
    the network computes together go out before the next are begun.
    """

    def __init__(
        self,
        backbone: Backbone,
        patience: Patience,
        stride: int = 0,
        clock: Clock | None = None,
        overload: Overload | None = None,
    ) -> None:
        """A window begins every `stride` clips; 0: they follow one another without overlap. Without
        `overload` everything is embedded, however long it takes.
        """
        self._backbone, self._overload = backbone, overload
        self._clock = clock or SystemClock()
        layout = Layout(backbone.window, stride or backbone.window)
        self._partitions = Partitions(layout, patience, clock)

    def prepare(self, message: Message) -> Pixels | None:
        """uint8 [frames, size, size, 3]; None where nobody will look at it. Raises InvalidMessage
        for frames that do not fit.
        """
        assert isinstance(message, ClipRecorded)
        if self._overload is not None and self._overload.is_hopeless(message, self._clock.now()):
            return None
        most = self._backbone.frames // self._backbone.window
        if message.frame_count > most:
            raise InvalidMessage(f"{message.frame_count} frames, the backbone takes {most} a clip")
        return clip_pixels(message, self._backbone.size)

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        self._partitions.begin(batch)
        if self._overload is not None:
            self._overload.begin(batch, self._clock.now())
        yield from self._embed([window for item in batch for window in self._join(item)])

    def tick(self, now: datetime) -> Iterable[Outgoing]:
        yield from self._embed(self._partitions.fall_silent())
        if self._overload is not None:
            for report in self._overload.reports(now):
                yield Outgoing(HEALTH, report)

    def settle(self) -> None:
        self._partitions.settle()
        if self._overload is not None:
            self._overload.settle(self._clock.now())

    def held(self) -> Mapping[Partition, int]:
        return self._partitions.held()

    def forget(self, partitions: Collection[Partition]) -> None:
        self._partitions.forget(partitions)
        if self._overload is not None:
            self._overload.forget(partitions)

    def _join(self, item: Incoming) -> tuple[Window, ...]:
        """A clip that will not be looked at, since it has waited too long, has no content."""
        is_decoded = item.prepared is not None
        content = Content(item.prepared, item.record.headers) if is_decoded else None
        return self._partitions.take(item, content, item.again)

    def _embed(self, windows: Sequence[Window]) -> Iterator[Outgoing]:
        if self._overload is not None:
            formed = len(windows)
            windows = self._overload.chosen(windows, self._clock.now())
            metrics.count("windows_left_out", self._backbone.id, formed - len(windows))
        left = iter(windows)
        while together := list(islice(left, self._backbone.at_once)):
            vectors_BD = self._backbone.embed([self._pixels(window) for window in together])
            metrics.count("windows_embedded", self._backbone.id, len(together))
            for window, vector_D in zip(together, vectors_BD, strict=True):
                message = extracted(window, vector_D, self._backbone)
                yield Outgoing(EMBEDDINGS, message, window.parts[-1].content.headers)

    def _pixels(self, window: Window) -> Pixels:
        """Of a window that is looked at: the frames of all its clips are decoded."""
        parts = [part.content.pixels for part in window.parts]
        pixels_THWC = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return fill(pixels_THWC, self._backbone.frames)


def extracted(window: Window, vector_D: Vectors, backbone: Backbone) -> EmbeddingExtracted:
    """The message for one window's vector. Its id depends on nothing but clip and backbone."""
    first, latest = window.clips[0], window.clips[-1]
    return EmbeddingExtracted(
        **latest.provenance(),
        embedding_id=ids.embedding_id(first.clip_id, backbone.id),
        clips=tuple(clip.ref for clip in window.clips),
        fresh_count=window.fresh_count,
        backbone=backbone.id,
        window=backbone.window,
        spec=first.spec,
        dim=backbone.dim,
        vector=vector_D.astype("<f4").tobytes(),
        is_last=window.is_last,
    )
