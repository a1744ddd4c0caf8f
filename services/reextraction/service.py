"""Watches `replays.v1` for replays from recordings, and embeds their footage one after the other.

Networks and decoders are loaded with the first of them: until then the process is small. One
process a stack does this work; a second would do the same again.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING
from uuid import UUID

from schemas.replays import ReplayRequested
from schemas.sources import SourceConfigured
from schemas.topics import REPLAY_PROGRESS, REPLAYS, SOURCES
from services.chassis.clock import Clock, SystemClock
from services.chassis.niceness import stand_back
from services.chassis.storage.objects import ObjectStore
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.handler import Cancelled
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.records import Outgoing
from services.chassis.telemetry import logs
from services.reextraction.bringing import PATIENCE_S
from services.reextraction.config import ReextractionSettings
from services.reextraction.core import Tally
from services.reextraction.records import ExtractionRecords, Progress

if TYPE_CHECKING:
    from services.features.backbones import Backbone

log = logs.get("reextraction")
RESTS_S = 0.5
Load = Callable[[str], "Backbone"]
"""Gives a backbone by its name. Raises ValueError for one that does not exist or cannot be had."""


class Reextraction:
    """Runs until it is stopped."""

    def __init__(
        self,
        broker: Broker,
        store: ObjectStore,
        load: Load,
        clock: Clock | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`patience_s`: for footage that lies on the disk of a worker."""
        self._broker, self._patience_s = broker, patience_s
        self._store, self._load, self._clock = store, load, clock or SystemClock()
        self._publisher = broker.publisher("reextraction")
        self._replays = CompactedView(broker, REPLAYS)
        self._sources = CompactedView(broker, SOURCES)
        self._over: set[tuple[str, datetime]] = set()
        """Runs, and when they were asked for."""
        self._begun_s: dict[UUID, float] = {}
        """When the latest of each tenant began: monotonic."""
        self._stopping = Event()
        self.ready = False

    def run(self) -> None:
        """Raises TransientError when Kafka or the store is away for long."""
        views = (self._replays, self._sources)
        for view in views:
            view.start()
        try:
            for view in views:
                view.wait_ready()
            self.ready = True
            while not self._stopping.is_set():
                if (request := self._next()) is not None:
                    self._carry_out(request)
                else:
                    self._stopping.wait(RESTS_S)
        finally:
            for view in views:
                view.stop()

    def stop(self) -> None:
        """At the next clip."""
        self._stopping.set()

    def _next(self) -> ReplayRequested | None:
        self._replays.raise_failure()
        self._sources.raise_failure()
        asked = [each for each in self._replays.values() if isinstance(each, ReplayRequested)]
        waiting = [each for each in asked if self._is_waiting(each)]
        return min(waiting, key=self._turn, default=None)

    def _turn(self, request: ReplayRequested) -> tuple[float, datetime]:
        """Tenants take turns, and what one of them asked for first goes first."""
        return self._begun_s.get(request.tenant_id, 0.0), request.requested_at

    def _carry_out(self, request: ReplayRequested) -> None:
        if ExtractionRecords(self._store).load(request).state != "running":
            self._over.add(_named(request))  # it ended in an earlier life of this process
            return
        self._begun_s[request.tenant_id] = time.monotonic()
        log.info("embedding recordings anew", run=request.run, backbone=request.backbone)
        try:
            backbone = self._load(request.backbone)
        except ValueError as error:
            self._refuse(request, str(error))
            return
        self._embed(request, backbone)

    def _embed(self, request: ReplayRequested, backbone: "Backbone") -> None:
        from services.reextraction.extraction import Extraction, Surroundings

        around = Surroundings(
            self._broker,
            self._store,
            self._publisher,
            self._configured,
            self._clock,
            self._patience_s,
        )
        extraction = Extraction(around, request, backbone, lambda: self._keep_going(request))
        try:
            extraction.run()
        except Cancelled:
            latest = self._replays.get(request.run)
            if self._stopping.is_set() or not isinstance(latest, ReplayRequested):
                return
            if latest.is_cancelled:
                extraction.end("cancelled")
        self._over.add(_named(request))

    def _keep_going(self, request: ReplayRequested) -> None:
        self._replays.raise_failure()
        if self._stopping.is_set() or self._replays.get(request.run) != request:
            raise Cancelled

    def _is_waiting(self, request: ReplayRequested) -> bool:
        return (
            request.input == "recordings"
            and request.extracted_at is None
            and not request.is_cancelled
            and _named(request) not in self._over
        )

    def _configured(self) -> Mapping[UUID, SourceConfigured]:
        messages = self._sources.values()
        found = [each for each in messages if isinstance(each, SourceConfigured)]
        return {each.source_id: each for each in found}

    def _refuse(self, request: ReplayRequested, sentence: str) -> None:
        tally = Tally(faults=[sentence])
        message = tally.message(request, "failed", self._clock.now())
        self._publisher.publish(Outgoing(REPLAY_PROGRESS, message))
        self._publisher.flush()
        ExtractionRecords(self._store).save(request, Progress(state="failed", tally=tally))
        self._over.add(_named(request))


def _named(request: ReplayRequested) -> tuple[str, datetime]:
    return request.run, request.requested_at


def build(settings: ReextractionSettings) -> Reextraction:
    stand_back(settings.reextraction_niceness)
    return Reextraction(
        KafkaBroker(settings), S3Objects.connect(settings), _Backbones(settings).load
    )


class _Backbones:
    """Keeps the one that was asked for last."""

    def __init__(self, settings: ReextractionSettings) -> None:
        self._settings = settings
        self._latest: Backbone | None = None

    def load(self, name: str) -> "Backbone":
        """Raises ValueError for one that does not exist, or that has no weights here."""
        from services.features.backbones import load
        from services.features.weights import FetchError

        if self._latest is None or self._latest.id != name:
            try:
                self._latest = load(name, self._settings.options)
            except FetchError as error:
                raise ValueError(str(error)) from error
        return self._latest
