"""Detectors that are deployed: heard of on a topic, fetched and assembled beside the stream.

The stream asks `of` for each record and never waits: a detector takes its place once it is there,
and until then the one before it stays in force. What cannot be had is tried again with backoff.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import numpy as np

from schemas.base import Message
from schemas.judgements import LIVE
from schemas.models import DetectorPackage, ModelsDeployed
from schemas.sources import SourceConfigured
from schemas.topics import MODELS, SOURCES
from services.chassis.clock import Clock, SystemClock
from services.chassis.duties import Duty
from services.chassis.errors import TransientError
from services.chassis.storage.objects import ObjectStore
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.compacted import CompactedView
from services.chassis.telemetry import logs, metrics
from services.scoring.judging.assigned import Assigned, Assignments, Judge, Scope
from services.scoring.judging.detector import Detector, assemble
from services.scoring.packages import fetch, prune

log = logs.get("deployed")
FIRST_RETRY_S, LONGEST_RETRY_S = 2.0, 300.0
REST_S = 3600.0
FIRST_TRY_S = 30.0
"""So long a process that starts waits for what is deployed, before it judges by what it has."""


@dataclass(frozen=True)
class _Retry:
    """After so many failures a package is tried again at this moment (monotonic)."""

    failures: int
    due_s: float


class DeployedDetectors:
    """The judges of each source by the latest deployments, for one backbone. `start` it, and `stop`
    it at the end; `of` may be called from any thread.
    """

    def __init__(
        self,
        broker: Broker,
        default: Detector,
        store: Callable[[], ObjectStore],
        cache: Path,
        clock: Clock | None = None,
    ) -> None:
        """`store` is asked when the first package is needed; may raise TransientError."""
        clock = clock or SystemClock()
        self._default, self._store, self._cache, self._clock = default, store, cache, clock
        self._views = (CompactedView(broker, MODELS, clock), CompactedView(broker, SOURCES, clock))
        self._deployed: dict[UUID, ModelsDeployed] = {}
        self._scopes: dict[UUID, tuple[UUID, ...]] = {}
        self._lock = threading.Lock()
        self._loaded: dict[str, Detector] = {}
        self._retries: dict[str, _Retry] = {}
        self._assignments = Assignments(default)
        self._tried = threading.Event()
        self._duty = Duty(f"detectors-{default.backbone}", self._turn, clock)

    def of(self, source_id: UUID) -> Assigned:
        """The judges of a source now."""
        return self._assignments.of(*self._scopes.get(source_id, ()))

    def has_shadows(self) -> bool:
        """Whether anybody looks on anywhere."""
        return self._assignments.has_shadows

    def start(self, on_failure: Callable[[], None] = lambda: None) -> None:
        """Return once all that is deployed was tried, or that takes too long.

        Raises TransientError when the topics cannot be read.
        """
        prune(self._cache)
        models, sources = self._views
        models.subscribe(self._on_deployed)
        sources.subscribe(self._on_source)
        for view in self._views:
            view.start(on_failure)
        for view in self._views:
            view.wait_ready()
        self._duty.start(on_failure)
        self._tried.wait(FIRST_TRY_S)

    def stop(self) -> None:
        for view in self._views:
            view.stop()
        self._duty.stop()

    def raise_failure(self) -> None:
        for part in (*self._views, self._duty):
            part.raise_failure()

    def _on_source(self, key: str, message: Message | None) -> None:
        if (source_id := _uuid(key)) is None:
            return
        if isinstance(message, SourceConfigured):
            self._scopes[source_id] = (message.store_id, message.tenant_id)
        else:
            self._scopes.pop(source_id, None)

    def _on_deployed(self, key: str, message: Message | None) -> None:
        if (scope_id := _uuid(key)) is None:
            return
        with self._lock:
            if isinstance(message, ModelsDeployed):
                self._deployed[scope_id] = message
                for package in _packages(message):
                    self._retries.pop(package.sha256, None)
            else:
                self._deployed.pop(scope_id, None)
        self._duty.wake()

    def _turn(self) -> float:
        with self._lock:
            deployed = dict(self._deployed)
        wanted = {
            package.sha256: package
            for message in deployed.values()
            for package in _packages(message)
            if package.backbone == self._default.backbone
        }
        for package in wanted.values():
            if package.sha256 not in self._loaded and self._is_due(package):
                self._load(package)
        self._switch(deployed)
        in_force = {id(judge.detector) for judge in self._assignments.judges()}
        self._loaded = {
            sha256: detector
            for sha256, detector in self._loaded.items()
            if sha256 in wanted or id(detector) in in_force
        }
        self._tried.set()
        return self._rest_s(wanted)

    def _is_due(self, package: DetectorPackage) -> bool:
        retry = self._retries.get(package.sha256)
        return retry is None or retry.due_s <= self._clock.monotonic()

    def _rest_s(self, wanted: Iterable[str]) -> float:
        due = [retry.due_s for sha256 in wanted if (retry := self._retries.get(sha256))]
        return max(min(due, default=REST_S) - self._clock.monotonic(), 0.1) if due else REST_S

    def _load(self, package: DetectorPackage) -> None:
        """Whatever a package makes of it: it was handed in by somebody, and the stream goes on."""
        try:
            detector = assemble(fetch(self._store(), package, self._cache))
            if detector.backbone != package.backbone:
                raise ValueError(f"it is made for {detector.backbone}")
            _require_finite(detector)
        except Exception as error:  # noqa: BLE001
            before = self._retries.get(package.sha256, _Retry(0, 0.0))
            wait_s = min(FIRST_RETRY_S * 2.0 ** min(before.failures, 10), LONGEST_RETRY_S)
            due_s = self._clock.monotonic() + wait_s
            self._retries[package.sha256] = _Retry(before.failures + 1, due_s)
            metrics.count("packages_unavailable", package.detector)
            is_away = isinstance(error, TransientError)
            log.warning(
                "a deployed detector cannot be had; the one before it stays in force",
                detector=package.detector,
                object=package.object_key,
                again_in_s=wait_s,
                error=str(error) if is_away else repr(error),
            )
            return
        self._retries.pop(package.sha256, None)
        self._loaded[package.sha256] = detector
        log.info("detector assembled", detector=package.detector)

    def _switch(self, deployed: dict[UUID, ModelsDeployed]) -> None:
        since = _since(deployed.values())
        scopes = {
            scope_id: self._scope(scope_id, message, since)
            for scope_id, message in deployed.items()
        }
        if scopes != self._assignments.scopes:
            metrics.count("detectors_switched", self._default.backbone)
            self._assignments = Assignments(self._default, scopes)
            log.info("deployments in force", scopes=len(scopes), detectors=len(self._loaded))

    def _scope(
        self, scope_id: UUID, message: ModelsDeployed, since: dict[tuple[str, str], datetime]
    ) -> Scope:
        before = self._assignments.scopes.get(scope_id, Scope())
        live = None
        for package in message.live:
            if package.backbone == self._default.backbone:
                live = self._judge(LIVE, package, since) or before.live
        shadows = (self._judge(one.run, one.package, since) for one in message.shadows)
        return Scope(live, tuple(filter(None, shadows)))

    def _judge(
        self, run: str, package: DetectorPackage, since: dict[tuple[str, str], datetime]
    ) -> Judge | None:
        detector = self._loaded.get(package.sha256)
        return Judge(run, detector, since[run, package.sha256]) if detector else None


def _packages(message: ModelsDeployed) -> Iterator[DetectorPackage]:
    yield from message.live
    for shadow in message.shadows:
        yield shadow.package


def _since(deployed: Iterable[ModelsDeployed]) -> dict[tuple[str, str], datetime]:
    """When a detector was deployed last under a run, wherever."""
    latest: dict[tuple[str, str], datetime] = {}
    for message in deployed:
        places = [(LIVE, package) for package in message.live]
        places += [(shadow.run, shadow.package) for shadow in message.shadows]
        for run, package in places:
            key = (run, package.sha256)
            latest[key] = max(latest.get(key, message.deployed_at), message.deployed_at)
    return latest


def _require_finite(detector: Detector) -> None:
    """Raise ValueError for a head that cannot judge even an empty window."""
    for head in detector.heads:
        if not np.isfinite(head.judge([np.zeros((1, head.card.dim), np.float32)])).all():
            raise ValueError(f"{head.model_id} gives no finite score")


def _uuid(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None
