"""`nightclerk bench --live`: how late cameras are seen, measured by cameras that show a clock.

The age of a score is counted from when its latest frame was sent; what a clip and a window take
by themselves is printed beside it, and not part of it.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import numpy as np

from schemas.alerts import AlertOpened
from schemas.base import Message
from schemas.clips import ClipRecorded, ClipSpec
from schemas.health import SourceHealth
from schemas.scores import ClipScored
from schemas.topics import ALERTS, CLIPS_LIVE, HEALTH, SCORES
from services.chassis.media.jpeg import Jpeg, to_rgb
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.tail import Tail
from services.cli.bench_cameras import (
    CameraPlan,
    add_cameras,
    heads_for,
    scene,
    still_scene,
)
from services.cli.client import Client
from services.ingest.sources.sim.broadcast import Broadcast, number_of
from services.local import LocalRuntimeError
from services.local.stack import LocalStack

PATIENCE_S = 120.0
Stamped = tuple[float, Message]


@dataclass
class Watched:
    """What came of the cameras, each with the time at which it came."""

    ends: dict[tuple[UUID, int], float] = field(default_factory=dict)
    """When the latest frame of a clip was sent, by source and index."""
    scored: dict[tuple[UUID, int], float] = field(default_factory=dict)
    """When the score of a clip came; the latest clip of each window alone."""
    seen: defaultdict[UUID, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Clips that have a score."""
    recorded: defaultdict[UUID, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Clips that came, of which a motion gate keeps some back."""
    alerts: list[tuple[UUID, int, float]] = field(default_factory=list)
    """Of each alert: its latest clip when it opened, and when it came."""
    hop_s: float = ClipSpec().hop_s
    still_clips: int = 0
    """Clips that came of cameras which show no clock."""


def live_figures(
    folder: Path, plan: CameraPlan, seconds: float, window: int
) -> Iterator[tuple[str, object]]:
    """Names and values, measured on a stack of its own. Raises LocalRuntimeError."""
    with ExitStack() as open_ones:
        broadcast = open_ones.enter_context(Broadcast(scene()))
        calm = open_ones.enter_context(Broadcast(still_scene(), is_still=True))
        heads = heads_for(plan.spec, folder / "heads")
        stack = open_ones.enter_context(LocalStack(folder / "live", environment=heads))
        kafka, api = KafkaSettings(kafka_bootstrap=stack.bootstrap), Client(stack.api_url)
        health = Tail(kafka, HEALTH)
        await_still(health, add_cameras(api, calm, plan.still, plan.settings))
        names = add_cameras(api, broadcast, plan.moving, plan.settings)
        watched = watch(kafka, broadcast, names, seconds, plan.spec.hop_s)
        health.close()
    yield "cameras", plan.cameras
    yield "still_cameras", plan.still
    yield "frame_rate", plan.spec.frame_rate
    yield "bare_limit_s", round(window * plan.spec.duration_s, 3)
    yield from latencies(watched)
    let_through = watched.recorded if plan.still else {}
    dropped = [missing(seen, let_through.get(source)) for source, seen in watched.seen.items()]
    yield "dropped_clips", sum(dropped)
    yield "scored_clips", sum(map(len, watched.seen.values()))
    yield "still_clips", watched.still_clips


def await_still(health: Tail, cameras: Collection[UUID]) -> None:
    """Until the gates of all these cameras are shut. Raises LocalRuntimeError."""
    open_ones = set(cameras)

    def is_last(message: Message) -> bool:
        if isinstance(message, SourceHealth) and message.condition == "still":
            open_ones.discard(message.source_id)
        return not open_ones

    try:
        if open_ones:
            health.until(is_last, PATIENCE_S)
    except TimeoutError:
        raise LocalRuntimeError(f"{len(open_ones)} still cameras are not still") from None


def watch(
    kafka: KafkaSettings,
    broadcast: Broadcast,
    names: Mapping[UUID, str],
    seconds: float,
    hop_s: float = ClipSpec().hop_s,
) -> Watched:
    """Everything for so long, from when every camera that is named has a score."""
    warm = Watched()
    with Following(kafka, lambda at, message: note(warm, broadcast, names, at, message)):
        await_all(warm, names)
    watched = Watched(hop_s=hop_s)
    with Following(kafka, lambda at, message: note(watched, broadcast, names, at, message)):
        time.sleep(seconds)
    return watched


def await_all(watched: Watched, names: Mapping[UUID, str]) -> None:
    """Raises LocalRuntimeError."""
    deadline = time.monotonic() + PATIENCE_S
    while len(watched.seen) < len(names):
        if time.monotonic() > deadline:
            raise LocalRuntimeError(f"{len(watched.seen)} of {len(names)} cameras have a score")
        time.sleep(0.2)


class Following:
    """Hears of what is new on the topics, in threads of its own."""

    def __init__(self, kafka: KafkaSettings, heard: Callable[[float, Message], None]) -> None:
        self._heard, self._stopped = heard, threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._follow, args=(Tail(kafka, topic),))
            for topic in (CLIPS_LIVE, SCORES, ALERTS)
        ]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _follow(self, tail: Tail) -> None:
        while not self._stopped.is_set():
            for message in tail.latest(within_s=0.02):  # it is part of what is measured
                with self._lock:
                    self._heard(time.time(), message)
        tail.close()


def note(
    watched: Watched, broadcast: Broadcast, names: Mapping[UUID, str], at: float, message: Message
) -> None:
    """Take what came at a moment into account."""
    if isinstance(message, ClipRecorded) and message.source_id in names:
        watched.recorded[message.source_id].add(message.index)
        sent_at = sent(broadcast, names[message.source_id], message, at)
        if sent_at is not None:
            watched.ends[message.source_id, message.index] = sent_at
    elif isinstance(message, ClipRecorded):
        watched.still_clips += 1
    elif isinstance(message, ClipScored) and message.source_id in names:
        watched.scored[message.source_id, message.clips[-1].index] = at
        watched.seen[message.source_id].update(clip.index for clip in message.clips)
    elif isinstance(message, AlertOpened) and message.source_id in names:
        end = round(message.end_s / watched.hop_s) - 1
        watched.alerts.append((message.source_id, end, at))


def sent(broadcast: Broadcast, name: str, clip: ClipRecorded, before: float) -> float | None:
    """When the latest frame of a clip was sent, by the clock that it shows."""
    number = number_of(to_rgb(Jpeg(clip.frames[-1], clip.width, clip.height)))
    return None if number is None else broadcast.sent_at(name, number, before)


def latencies(watched: Watched) -> Iterator[tuple[str, float | None]]:
    """Seconds from a window's latest frame to its score, and to its alert."""
    scores = [
        at - watched.ends[place] for place, at in watched.scored.items() if place in watched.ends
    ]
    alerts = [
        at - watched.ends[source, index]
        for source, index, at in watched.alerts
        if (source, index) in watched.ends
    ]
    for name, ages in (("latency", scores), ("alert_latency", alerts)):
        for rank in (50, 95):
            yield f"{name}_p{rank}_s", quantile(ages, rank)


def quantile(ages: Sequence[float], rank: int) -> float | None:
    """None of nothing."""
    return round(float(np.percentile(ages, rank)), 3) if ages else None


def missing(seen: set[int], gated: set[int] | None = None) -> int:
    """Clips without a score between the first and the latest that have one; behind a motion gate
    only such as it let through.
    """
    between = set(range(min(seen), max(seen))) - seen
    return len(between if gated is None else between & gated)
