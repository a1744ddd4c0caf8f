"""The footage of one replay, embedded anew: clips, windows, vectors, and how far it is.

A source is embedded as a whole. After kill -9 the one at work begins anew and puts out the same
messages under the same ids; those before it are done.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from schemas.clips import ClipRecorded
from schemas.replays import ReplayRequested
from schemas.sources import SourceConfigured
from schemas.topics import EMBEDDINGS, REPLAY_PROGRESS
from services.chassis.clock import Clock
from services.chassis.storage.objects import ObjectStore
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Outgoing
from services.chassis.telemetry import logs, metrics
from services.features.backbones import Backbone
from services.features.extraction import extracted
from services.features.recorded import embeddings
from services.reextraction.bringing import PATIENCE_S, Bringing, announcements
from services.reextraction.core import Coverage, State, Stretch, Tally
from services.reextraction.footage import Footage
from services.reextraction.records import ExtractionRecords

log = logs.get("reextraction")
TELLS_EVERY_S = 1.0
REASON_CHARS = 200
STAYS = "of its footage lie on the disk of a worker that does not bring them."
NOTHING = "There is no footage of that stretch in the object store."


@dataclass(frozen=True)
class Surroundings:
    """What every run works with."""

    broker: Broker
    store: ObjectStore
    publisher: Publisher
    sources: Callable[[], Mapping[UUID, SourceConfigured]]
    clock: Clock
    patience_s: float = PATIENCE_S
    """For footage that lies on the disk of a worker."""


class Extraction:
    """`run` it once. `keep_going` is called before every clip and ends it by what it raises."""

    def __init__(
        self,
        around: Surroundings,
        request: ReplayRequested,
        backbone: Backbone,
        keep_going: Callable[[], None],
    ) -> None:
        self._around, self._request, self._backbone = around, request, backbone
        self._keep_going = keep_going
        self._records = ExtractionRecords(around.store)
        self._progress = self._records.load(request)
        self._begun_s = time.monotonic() - self.tally.elapsed_s
        self._told_s = float("-inf")

    @property
    def tally(self) -> Tally:
        return self._progress.tally

    def run(self) -> None:
        """All of it lies on the log, and that is told, when this returns. Raises TransientError."""
        for source_id in self._request.sources[self._progress.sources_done :]:
            self._keep_going()
            self._embed(source_id)
            self._progress.sources_done += 1
            self._around.publisher.flush()
            self._records.save(self._request, self._progress)
        if not self.tally.clips:
            self.tally.faults.insert(0, NOTHING)
        self.end("done" if self.tally.clips else "failed")

    def end(self, state: State) -> None:
        """Told first and kept then: what is told twice changes nothing."""
        self._tell(state)
        self._progress.state = state
        self._records.save(self._request, self._progress)
        counts = {"clips": self.tally.clips, "missing_s": round(self.tally.seconds_missing)}
        log.info("recordings embedded anew", run=self._request.run, state=state, **counts)

    def _embed(self, source_id: UUID) -> None:
        coverage = Coverage(self.tally, Stretch.of(self._request))
        source = self._around.sources().get(source_id)
        if source is None:
            self.tally.faults.append(f"{source_id} was removed.")
        elif not self._takes(source):
            self.tally.faults.append(f"{source.name}: its clips are too long for this network.")
        elif source.source_kind == "upload":
            self._publish(Footage(self._around.store, source, coverage, self.tally.faults.append))
        else:
            self._embed_camera(source, coverage)
        coverage.end()

    def _embed_camera(self, source: SourceConfigured, coverage: Coverage) -> None:
        around, note = self._around, self.tally.faults.append
        wanted = Stretch.of(self._request).with_margin
        with announcements(around.broker, source.source_id, wanted) as reader:
            bringing = Bringing(
                reader,
                around.publisher,
                around.clock,
                source.source_id,
                f"replay {self._request.run}"[:REASON_CHARS],
                self._keep_going,
                around.patience_s,
            )
            self._publish(Footage(around.store, source, coverage, note, bringing.bring))
        if bringing.left_s:
            note(f"{source.name}: {bringing.left_s:.0f} s {STAYS}")

    def _publish(self, footage: Footage) -> None:
        wanted = Stretch.of(self._request).with_margin
        for window, vector_D in embeddings(self._paced(footage.clips(wanted)), self._backbone):
            message = extracted(window, vector_D, self._backbone)
            anew = message.model_copy(update={"made_for": self._request.run})
            self._around.publisher.publish(Outgoing(EMBEDDINGS, anew))
            metrics.count("windows_embedded", self._backbone.id)

    def _paced(self, clips: Iterator[ClipRecorded]) -> Iterator[ClipRecorded]:
        for clip in clips:
            self._keep_going()
            if time.monotonic() - self._told_s > TELLS_EVERY_S:
                self._tell("running")
            yield clip

    def _takes(self, source: SourceConfigured) -> bool:
        return source.spec.frames * self._backbone.window <= self._backbone.frames

    def _tell(self, state: State) -> None:
        self.tally.elapsed_s = time.monotonic() - self._begun_s
        message = self.tally.message(self._request, state, self._around.clock.now())
        self._around.publisher.publish(Outgoing(REPLAY_PROGRESS, message))
        self._around.publisher.flush()
        self._told_s = time.monotonic()
