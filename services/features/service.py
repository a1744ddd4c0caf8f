"""Clips in, embeddings out: the shell around the joining core and a backbone.

Frames are decoded in the reader's thread while the network runs in the worker's. State moves on
only once the embeddings of a batch are acknowledged, and commits stay below clips that still wait
for their neighbour: after kill -9 the same windows form again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event
from uuid import UUID

import numpy as np

from schemas import ids
from schemas.base import Message
from schemas.clips import ClipRecorded, ClipRef
from schemas.embeddings import EmbeddingExtracted
from schemas.topics import CLIPS_BULK, EMBEDDINGS
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Headers, Incoming, Outgoing, Partition
from services.chassis.streaming.worker import Limits
from services.chassis.telemetry import metrics
from services.features import pose
from services.features.backbones import Backbone, load
from services.features.backbones.base import Pixels, Vectors
from services.features.config import FeaturesSettings
from services.features.core import Joining, Received, Window, commit_point, fill, join
from services.features.frames import clip_pixels
from services.features.pose.extraction import PoseExtraction
from services.features.pose.observer import Observer


@dataclass(frozen=True)
class Progress:
    """How far one partition got: what waits, and which windows are done but not yet committed."""

    joining: Joining
    next_offset: int = 0
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def commit_point(self) -> int:
        return commit_point(self.next_offset, self.joining.held_offsets, self.spans)

    def advanced(self, joining: Joining, offset: int, windows: Sequence[Window]) -> "Progress":
        spans = (*self.spans, *(window.span for window in windows))
        moved = Progress(joining, offset + 1, spans)
        kept = tuple(span for span in spans if span[1] >= moved.commit_point)
        return replace(moved, spans=kept)


class Extraction(Handler):
    """Joins clips per source and embeds the windows of a batch together, order kept per source."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone
        self._progress: dict[Partition, Progress] = {}
        self._next: dict[Partition, Progress] = {}
        self._pixels: dict[UUID, Pixels] = {}
        self._fresh: dict[UUID, Pixels] = {}

    def prepare(self, message: Message) -> Pixels:
        """uint8 [frames, size, size, 3]. Raises InvalidMessage for frames that do not fit."""
        assert isinstance(message, ClipRecorded)
        most = self._backbone.frames // self._backbone.window
        if message.frame_count > most:
            raise InvalidMessage(f"{message.frame_count} frames, the backbone takes {most} a clip")
        return clip_pixels(message, self._backbone.size)

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        self._next = dict(self._progress)
        self._fresh = dict(self._pixels)
        windows: list[tuple[Window, Headers]] = []
        for item in batch:
            windows += ((window, item.record.headers) for window in self._join(item))
        yield from self._embed(windows)

    def settle(self) -> None:
        self._progress = self._next
        waiting = {
            part.clip.clip_id
            for progress in self._progress.values()
            for parts in progress.joining.held.values()
            for part in parts
        }
        self._pixels = {clip: kept for clip, kept in self._fresh.items() if clip in waiting}

    def held(self) -> Mapping[Partition, int]:
        return {partition: state.commit_point for partition, state in self._progress.items()}

    def forget(self, partitions: Collection[Partition]) -> None:
        for partition in partitions:
            self._progress.pop(partition, None)

    def _join(self, item: Incoming) -> list[Window]:
        clip, partition = item.message, item.record.partition
        assert isinstance(clip, ClipRecorded)
        self._fresh[clip.clip_id] = item.prepared
        state = self._next.get(partition) or Progress(Joining(self._backbone.window))
        joining, windows = join(state.joining, Received(clip, item.record.offset))
        self._next[partition] = state.advanced(joining, item.record.offset, windows)
        return windows

    def _embed(self, windows: Sequence[tuple[Window, Headers]]) -> Iterator[Outgoing]:
        if not windows:
            return
        frames_BTHWC = np.stack([self._filled(window) for window, _ in windows])
        vectors_BD = self._backbone.embed(frames_BTHWC)
        metrics.count("windows_embedded", self._backbone.id, len(windows))
        for (window, parent), vector_D in zip(windows, vectors_BD, strict=True):
            yield Outgoing(EMBEDDINGS, extracted(window, vector_D, self._backbone), parent)

    def _filled(self, window: Window) -> Pixels:
        parts = [self._fresh[clip.clip_id] for clip in window.clips]
        return fill(np.concatenate(parts), self._backbone.frames)


def extracted(window: Window, vector_D: Vectors, backbone: Backbone) -> EmbeddingExtracted:
    """The message for one window's vector. Its id depends on nothing but clip and backbone."""
    first = window.clips[0]
    return EmbeddingExtracted(
        embedding_id=ids.embedding_id(first.clip_id, backbone.id),
        source_id=first.source_id,
        source_kind=first.source_kind,
        clips=tuple(ClipRef.model_validate(clip, from_attributes=True) for clip in window.clips),
        origin_at=first.origin_at,
        backbone=backbone.id,
        window=backbone.window,
        spec=first.spec,
        dim=backbone.dim,
        vector=vector_D.astype("<f4").tobytes(),
        is_last=window.is_last,
    )


def handler(settings: FeaturesSettings) -> Handler:
    """Loads the network that the settings name. Raises what `load` of its folder raises."""
    if settings.backbone == pose.ID:
        options = settings.pose_options
        return PoseExtraction(Observer(pose.load(options), options))
    return Extraction(load(settings.backbone, settings.options))


def build(settings: FeaturesSettings) -> ConsumeLoop:
    """Loads the network (fetching weights the first time), then joins the group."""
    batch = settings.batch_clips
    return ConsumeLoop(
        KafkaBroker(settings),
        "features",
        [CLIPS_BULK],
        handler(settings),
        KafkaPublisher(settings, "features"),
        Limits(batch_records=batch, queue_records=3 * batch),
    )
