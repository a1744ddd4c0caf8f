"""`nightclerk bench --replay`: how fast the past is judged again, and what that costs the present.

Rates are by second of CPU time of all threads, so that other work on the machine does not count:
`replay_embeddings_per_s_core` from the bytes on Kafka through heads and episodes to acknowledged
scores and alerts, beside a bare consumer that only decodes.
"""

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import torch
from confluent_kafka import Producer

from schemas.clips import ClipSpec
from schemas.policies import PersistenceRule
from schemas.replays import ReplayProgressed, ReplayRequested
from schemas.topics import EMBEDDINGS, REPLAY_PROGRESS, REPLAYS
from services.chassis.memory import settle_garbage
from services.chassis.settings import KafkaSettings
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.clients import producer_config
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.chassis.streaming.topics import TopicAdmin, registry
from services.cli import live_bench
from services.cli.bench_cameras import add_cameras, scene
from services.cli.client import Client
from services.cli.footage import render_scene
from services.features.backbones import Backbone
from services.features.recorded import embeddings
from services.ingest.clips import clips_of
from services.ingest.sources.sim.broadcast import Broadcast
from services.local.stack import LocalStack
from services.scoring.calibration import Calibration
from services.scoring.cards import Card
from services.scoring.heads import Head
from services.scoring.heads.checkpoint import fingerprint, pack
from services.scoring.heads.registry import build
from services.scoring.judging.detector import Detector, assemble
from services.scoring.replay.checkpoint import Plan, Records
from services.scoring.replay.footage import Chain
from services.scoring.replay.inputs import AT_ONCE, LogInput, decoder_of, keys_of
from services.scoring.replay.log import KafkaLog
from services.scoring.replay.planning import plan
from services.scoring.replay.running import Job, Surroundings

Row = tuple[str, Any]
Config = dict[str, str | int]
PREFIX = "replays."
CAMERAS, WINDOWS = 100, 1500
NARROW = 16
"""Dimensions of an embedding of many days: what Kafka keeps of it is what a disk takes."""
COMPRESSED: Config = {"compression.type": "zstd", "batch.size": 900_000, "linger.ms": 200}
"""Of the producer: what cameras have in common need not lie on the disk a hundred times."""
PATIENCE_S = 300.0


def rates(servers: LocalStack) -> Iterator[Row]:
    """Of the detector that comes with the product, on full embeddings."""
    torch.set_num_threads(1)
    detector = assemble()
    chain = Chain(CAMERAS, WINDOWS, detector.heads[0].card.dim, _lately(WINDOWS))
    kafka = _topics(servers)
    _put(kafka, chain, _direction(detector))
    yield "replayed_embeddings", CAMERAS * WINDOWS
    request = _request("bench", chain)
    yield "decode_embeddings_per_s", _decoded(kafka, request, detector)
    around, _ = _planned(kafka, request, detector)
    done, cpu_s, wall_s = _judged(around, request, detector)
    yield "replay_embeddings_per_s_core", round(done.windows / cpu_s)
    yield "replay_embeddings_per_s", round(done.windows / wall_s)
    yield "replay_alerts", done.alerts


def month(servers: LocalStack, cameras: int, days: float) -> Iterator[Row]:
    """Many cameras and days of narrow embeddings on a compressed log: estimated, and then run.
    The last rows are what both are for a hundred cameras and thirty days, if it goes on like that.
    """
    torch.set_num_threads(1)
    windows = round(days * 86_400 / (2 * ClipSpec().hop_s))
    detector = narrow_detector()
    chain = Chain(cameras, windows, NARROW, _lately(windows))
    kafka = _topics(servers)
    started = time.perf_counter()
    _put(kafka, chain, _direction(detector), COMPRESSED)
    yield "made_clips", 2 * cameras * windows
    yield "made_s", round(time.perf_counter() - started, 1)
    yield "log_mb", round(_size_bytes(servers.home) / 1e6)
    request = _request("month", chain)
    around, planned = _planned(kafka, request, detector)
    estimated_s, share = planned.estimated_s, cameras * days / (100 * 30)
    yield "estimated_s", round(estimated_s, 1)
    done, cpu_s, wall_s = _judged(around, request, detector)
    yield "ran_s", round(wall_s, 1)
    yield "ran_cpu_s", round(cpu_s, 1)
    yield "estimate_off_by", round(estimated_s / wall_s - 1, 3)
    yield "planned_windows", done.windows_planned
    yield "month_windows", done.windows
    yield "month_clips", done.clips
    yield "month_alerts", done.alerts
    yield "month_embeddings_per_s_core", round(done.windows / cpu_s)
    yield "hundred_cameras_thirty_days_estimated_s", round(estimated_s / share)
    yield "hundred_cameras_thirty_days_s", round(wall_s / share)


def reextraction(folder: Path, backbone: Backbone, seconds: int = 20) -> Iterator[Row]:
    """Cutting and embedding of recorded footage, as a replay with another backbone needs it."""
    path = render_scene(folder, f"sim://store?seed=5&seconds={seconds}").path
    started, clips = time.perf_counter(), 0
    for window, _ in embeddings(clips_of(path), backbone):
        clips += len(window.clips)
    yield "reextraction_clips_per_s", round(clips / (time.perf_counter() - started), 2)


def live_growth(folder: Path, seconds: float) -> Iterator[Row]:
    """How much later scores of a camera come while replays run one after the other."""
    detector = assemble()
    chain = Chain(20, WINDOWS, detector.heads[0].card.dim, _lately(WINDOWS))
    with Broadcast(scene()) as broadcast, LocalStack(folder, own_ports=True) as stack:
        kafka = KafkaSettings(kafka_bootstrap=stack.bootstrap)
        _put(kafka, chain, _direction(detector))
        names = add_cameras(Client(stack.api_url), broadcast, 1)
        before = dict(live_bench.latencies(live_bench.watch(kafka, broadcast, names, seconds)))
        with _Replaying(kafka, chain) as replaying:
            during = dict(live_bench.latencies(live_bench.watch(kafka, broadcast, names, seconds)))
        yield "replays_meanwhile", replaying.count
    early, late = before["latency_p95_s"], during["latency_p95_s"]
    yield "live_latency_p95_s", {"before": early, "during": late}
    yield "live_latency_growth", round(late / early - 1, 3) if early and late else None


class _Replaying:
    """Has the worker of a stack judge the same stretch again and again, each as another run."""

    def __init__(self, kafka: KafkaSettings, chain: Chain, runs: int = 200) -> None:
        self._kafka, self._chain, self._runs, self.count = kafka, chain, runs, 0
        self._tail = Tail(kafka, REPLAY_PROGRESS)

    def __enter__(self) -> "_Replaying":
        requests = [_request(f"bench-{number}", self._chain) for number in range(self._runs)]
        _publish(self._kafka, *(Outgoing(REPLAYS, each) for each in requests))
        self._tail.until(lambda message: getattr(message, "state", "") == "running", PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        told = [one for one in self._tail.drain() if isinstance(one, ReplayProgressed)]
        self.count = sum(one.state == "done" for one in told)
        self._tail.close()


def narrow_detector() -> Detector:
    """A linear head for narrow embeddings, whose mark incidents alone reach."""
    torch.manual_seed(0)
    network = build("linear", NARROW, {}).eval()
    norm = network.bounds()[1] - float(network.out.bias.detach())  # type: ignore[operator,union-attr]
    rule = PersistenceRule(name="made", label="Made up", high=0.9, low=0.6, k=2, n=4, m=2)
    card = Card(
        head="linear",
        weights_sha256=fingerprint(pack(network)),
        backbone="i3d_k400",
        window=2,
        spec=ClipSpec(),
        dim=NARROW,
        calibration=Calibration(raw=(-norm, norm), calibrated=(0.0, 1.0)),
        rule=rule,
    )
    return Detector((Head(network, card),))  # type: ignore[arg-type]


def _direction(detector: Detector) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """An embedding that the first head finds as high as it can."""
    weights = [one for one in detector.heads[0]._network.parameters() if one.dim() == 2]  # type: ignore[attr-defined]
    direction: np.ndarray[Any, np.dtype[np.float32]] = weights[0][0].detach().numpy()
    return direction / np.linalg.norm(direction)


def _lately(windows: int) -> datetime:
    """So long ago that the footage ends now."""
    return datetime.now(UTC) - timedelta(seconds=2 * ClipSpec().hop_s * windows)


def _request(run: str, chain: Chain) -> ReplayRequested:
    return ReplayRequested(
        run=run,
        tenant_id=UUID(int=1),
        since=chain.origin_at,
        until=chain.until,
        sources=chain.sources,
        backbone=chain.backbone,
        requested_at=datetime.now(UTC),
    )


def _topics(servers: LocalStack) -> KafkaSettings:
    kafka = KafkaSettings(kafka_bootstrap=servers.bootstrap, topic_prefix=PREFIX)
    TopicAdmin(kafka).apply(registry())
    return kafka


def _put(kafka: KafkaSettings, chain: Chain, high_D: Any, config: Config | None = None) -> None:
    roomy = {"queue.buffering.max.kbytes": 512 * 1024, "queue.buffering.max.messages": 1_000_000}
    producer = Producer(producer_config(kafka) | roomy | (config or {}))
    name = kafka.topic_prefix + EMBEDDINGS.name
    for key, value in chain.records(high_D):
        while True:
            try:
                producer.produce(name, value, key)
                break
            except BufferError:
                producer.poll(0.2)
    producer.flush()


def _size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.log"))


def _decoded(kafka: KafkaSettings, request: ReplayRequested, detector: Detector) -> int:
    """Embeddings a second of CPU time that are read and taken apart, and no more."""
    log, decoder, keys = KafkaLog(kafka), decoder_of(request, detector), keys_of(request)
    span = log.span(EMBEDDINGS, request.since - timedelta(days=40), datetime.now(UTC))
    started, count = time.process_time(), 0
    for records in log.read(EMBEDDINGS, span, AT_ONCE):
        count += sum(decoder(one.value) is not None for one in records if one.key in keys)
    return round(count / (time.process_time() - started))


def _planned(
    kafka: KafkaSettings, request: ReplayRequested, detector: Detector
) -> tuple[Surroundings, Plan]:
    """What a job begins with."""
    broker, store, log = KafkaBroker(kafka), MemoryObjects(), KafkaLog(kafka)
    made = plan(request, detector, broker, LogInput(request, detector, broker, log))
    Records(store, request.run).save_plan(made)
    return Surroundings(broker, log, store, broker.publisher("bench")), made


def _judged(
    around: Surroundings, request: ReplayRequested, detector: Detector
) -> tuple[ReplayProgressed, float, float]:
    """A whole job that was planned: how it ended, its seconds of CPU time, and of the clock."""
    settle_garbage()
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    done = Job(request, detector, around).run()
    return done, time.process_time() - cpu_s, time.perf_counter() - wall_s


def _publish(kafka: KafkaSettings, *outgoing: Outgoing) -> None:
    publisher = KafkaPublisher(kafka, "bench")
    for one in outgoing:
        publisher.publish(one)
    publisher.flush()


def month_figures(cameras: int, days: float) -> Iterator[Row]:
    """Those of many days alone."""
    with (
        tempfile.TemporaryDirectory() as name,
        LocalStack.infrastructure(Path(name), ("kafka",)) as servers,
    ):
        yield from month(servers, cameras, days)


def replay_figures(seconds: int, backbone: Backbone) -> Iterator[Row]:
    """All others in one run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with LocalStack.infrastructure(folder / "servers", ("kafka",)) as servers:
            yield from rates(servers)
        yield from reextraction(folder, backbone)
        yield from live_growth(folder / "live", seconds)
