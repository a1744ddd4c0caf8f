"""Clips in, poses out: the shell around the observer.

A batch that must be handled again gets the same answers again: people are followed once, in order,
and the poses of a clip are remembered until they are acknowledged. After kill -9 the latest clips
of each source are observed again, and nothing is put out for them: whoever is there is followed on
from the first new clip, and under another id only if they came before those clips (see tracks).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from threading import Event

from schemas.base import Message
from schemas.clips import ClipRecorded, SequenceId
from schemas.poses import PosesExtracted
from schemas.topics import HEALTH, POSES
from services.chassis.clock import Clock, SystemClock
from services.chassis.streaming.handler import Cancelled, Handler
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.telemetry import metrics
from services.features.core import Layout, Window
from services.features.joiner import Patience
from services.features.overload import Overload
from services.features.partitions import Partitions, Place
from services.features.pose.base import ID
from services.features.pose.observer import Observer
from services.features.pose.pictures import Pictures

LAYOUT = Layout(window=1, stride=1, lookback=2)
"""Somebody lost for longer than a second is somebody new, so two clips tell who is there."""


class PoseExtraction(Handler):
    """Observes the clips of each source in order; one message a clip."""

    def __init__(
        self,
        observer: Observer,
        patience: Patience,
        clock: Clock | None = None,
        overload: Overload | None = None,
    ) -> None:
        """Without `overload` every clip is observed, however long it takes."""
        self._observer, self._overload = observer, overload
        self._clock = clock or SystemClock()
        self._partitions = Partitions(LAYOUT, patience, clock)
        self._sources: dict[Partition, set[SequenceId]] = {}
        self._observed: dict[Place, PosesExtracted | None] = {}

    def prepare(self, message: Message) -> Pictures | None:
        """Canvases of the sampled frames; None where nobody will look at them. Raises
        InvalidMessage for frames that do not fit.
        """
        assert isinstance(message, ClipRecorded)
        if self._overload is not None and self._overload.is_hopeless(message, self._clock.now()):
            return None
        return self._observer.pictures(message)

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        self._partitions.begin(batch)
        if self._overload is not None:
            self._overload.begin(batch, self._clock.now())
        for item in batch:
            if cancelled.is_set():
                raise Cancelled
            poses = self._poses(item)
            if poses is not None and not item.again:
                yield Outgoing(POSES, poses, item.record.headers)

    def tick(self, now: datetime) -> Iterable[Outgoing]:
        self._partitions.fall_silent()
        for partition, sequences in self._sources.items():
            for sequence in self._partitions.ended(partition, sequences):
                self._observer.forget(sequence)
                sequences.discard(sequence)
        reports = self._overload.reports(now) if self._overload is not None else ()
        return [Outgoing(HEALTH, report) for report in reports]

    def settle(self) -> None:
        for place in self._partitions.settle():
            self._observed.pop(place, None)
        if self._overload is not None:
            self._overload.settle(self._clock.now())

    def held(self) -> Mapping[Partition, int]:
        return self._partitions.held()

    def forget(self, partitions: Collection[Partition]) -> None:
        self._partitions.forget(partitions)
        if self._overload is not None:
            self._overload.forget(partitions)
        for partition in partitions:
            for sequence in self._sources.pop(partition, ()):
                self._observer.forget(sequence)
        self._observed = {
            place: poses for place, poses in self._observed.items() if place[0] not in partitions
        }

    def _poses(self, item: Incoming) -> PosesExtracted | None:
        """None for a clip that came before, or is left out."""
        place = (item.record.partition, item.record.offset)
        if place not in self._observed:
            self._observed[place] = self._observe(item)
        return self._observed[place]

    def _observe(self, item: Incoming) -> PosesExtracted | None:
        clip, partition = item.message, item.record.partition
        assert isinstance(clip, ClipRecorded)
        windows = self._partitions.take(item, item.prepared)
        if not windows or not self._is_looked_at(item, windows):
            return None
        self._sources.setdefault(partition, set()).add(clip.sequence)
        metrics.count("windows_embedded", ID)
        return self._observer.observe(clip, item.prepared)

    def _is_looked_at(self, item: Incoming, windows: Sequence[Window]) -> bool:
        """What was handled before is, where its pictures are at hand: it says who is there."""
        if item.again or self._overload is None:
            return item.prepared is not None
        looked_at = bool(self._overload.chosen(windows, self._clock.now()))
        metrics.count("windows_left_out", ID, not looked_at)
        return looked_at
