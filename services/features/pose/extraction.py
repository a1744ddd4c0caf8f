"""Clips in, poses out: the shell around the observer.

A batch that must be handled again gets the same answers again: people are followed once, in order,
and what was said of a clip is remembered until it is acknowledged. After kill -9 a source is
followed anew from the first clip that was not committed, under other ids (see tracks).
"""

from collections.abc import Collection, Iterable, Sequence
from threading import Event
from uuid import UUID

from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.poses import PosesExtracted
from schemas.topics import POSES
from services.chassis.streaming.handler import Cancelled, Handler
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.telemetry import metrics
from services.features.pose.base import ID
from services.features.pose.observer import Observer
from services.features.pose.pictures import Pictures


class PoseExtraction(Handler):
    """Observes the clips of each source in order; one message a clip."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._said: dict[UUID, PosesExtracted] = {}
        self._latest: Sequence[Incoming] = ()
        self._sources: dict[Partition, set[UUID]] = {}

    def prepare(self, message: Message) -> Pictures:
        """Canvases of the sampled frames. Raises InvalidMessage for frames that do not fit."""
        assert isinstance(message, ClipRecorded)
        return self._observer.pictures(message)

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        self._latest = batch
        for item in batch:
            if cancelled.is_set():
                raise Cancelled
            yield Outgoing(POSES, self._poses(item), item.record.headers)

    def settle(self) -> None:
        for item in self._latest:
            self._said.pop(_clip(item).clip_id, None)

    def forget(self, partitions: Collection[Partition]) -> None:
        for partition in partitions:
            for source_id in self._sources.pop(partition, ()):
                self._observer.forget(source_id)
                self._said = {k: one for k, one in self._said.items() if one.source_id != source_id}

    def _poses(self, item: Incoming) -> PosesExtracted:
        clip = _clip(item)
        if clip.clip_id not in self._said:
            sources = self._sources.setdefault(item.record.partition, set())
            (sources.discard if clip.is_last else sources.add)(clip.source_id)
            self._said[clip.clip_id] = self._observer.observe(clip, item.prepared)
            metrics.count("windows_embedded", ID)
        return self._said[clip.clip_id]


def _clip(item: Incoming) -> ClipRecorded:
    assert isinstance(item.message, ClipRecorded)
    return item.message
