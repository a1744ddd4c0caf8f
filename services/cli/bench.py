"""`nightclerk bench`: what one machine does, measured through the real services.

A stack of its own is started; clips, embeddings and a whole video are put where the services
read them, and the time until the last answer is taken. The bare forward pass of the backbone is
measured in the same run, before and after, since machines drift.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

import typer
from rich.table import Table

from schemas.base import Message
from schemas.clips import ClipRecorded, ClipSpec
from schemas.topics import CLIPS_BULK, EMBEDDINGS, SCORES, Topic
from services.chassis.environment import read
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.tail import Tail
from services.cli.client import Client
from services.cli.footage import render_scene
from services.cli.rates import Bench, put, scoring_rates
from services.cli.screen import console, err, give_up
from services.features.backbones import NAMES, Backbone, Options, load
from services.features.bench import bare_forward, with_weights
from services.features.bench import gpu as gpu_rows
from services.features.config import FeaturesSettings
from services.features.service import ON_CPU
from services.features.weights import FetchError
from services.ingest.bench import run as ingest_rows
from services.ingest.clips import clips_of
from services.local.config import SERVICES
from services.local.stack import LocalStack
from services.scoring.bench import run as head_rows

PATIENCE_S = 3600.0
DEFAULT = "i3d_k400"
"""The backbone of the heads that come with the product."""


class Figure(NamedTuple):
    """A row for people; with a name also a value for programs."""

    what: str
    shown: str
    name: str = ""
    value: Any = None


def bench(  # noqa: PLR0913 - the options of a command
    seconds: Annotated[
        int, typer.Option(help="Length of the rendered scene; with --live: of measuring.")
    ] = 120,
    video: Annotated[Path | None, typer.Option(help="Measure with this video instead.")] = None,
    backbone: Annotated[str, typer.Option(help="The network that looks.")] = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    storage: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Measure the tables in this empty database; with --api the API on it.",
        ),
    ] = "",
    api: Annotated[
        bool, typer.Option("--api", help="Measure the API under many clients instead.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Measure how late cameras are seen instead.")
    ] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Measure how fast the past is judged again instead.")
    ] = False,
    cameras: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="With --storage or --api: so many (100); with --live: as many as fit; with "
            "--replay: a stretch of so many, for --days.",
        ),
    ] = None,
    days: Annotated[
        float, typer.Option(min=0.001, help="With --storage, --api or --replay: of each, so long.")
    ] = 30,
    still: Annotated[
        int,
        typer.Option(
            min=0,
            help="With --live: in so many of the cameras nothing moves; all have the motion gate.",
        ),
    ] = 0,
    frame_rate: Annotated[
        float, typer.Option(min=1, max=30, help="With --live: of their clips; 7.5 is cheaper.")
    ] = ClipSpec().frame_rate,
) -> None:
    """Measure decode, features, scoring and the whole line on this machine."""
    if backbone not in NAMES:
        raise typer.BadParameter(f"there are: {', '.join(NAMES)}", param_hint="--backbone")
    if video is not None and not video.is_file():
        give_up(f"there is no video file {video}", 2)
    load = os.getloadavg()[0]
    if api:
        wanted = api_figures(storage, cameras or 100, round(days))
    elif replay:
        wanted = replay_figures(cameras, days, seconds, backbone)
    elif storage:
        wanted = storage_figures(storage, cameras or 100, round(days))
    elif live:
        if cameras is not None and still >= cameras:
            raise typer.BadParameter("one camera at least must move", param_hint="--still")
        wanted = live_figures(seconds, cameras, still, frame_rate, backbone)
    else:
        wanted = line_figures(seconds, video, backbone)
    show([*wanted, *machine(load)], as_json)


def machine(load_before: float) -> Iterator[Figure]:
    """What the figures were taken on: other work on the machine makes them worse."""
    load = {"before": round(load_before, 2), "after": round(os.getloadavg()[0], 2)}
    yield Figure("cores", str(os.cpu_count()), "cores", os.cpu_count())
    yield Figure("load", f"{load['before']:g} before, {load['after']:g} after", "load", load)


def show(figures: Sequence[Figure], as_json: bool) -> None:
    """One JSON object of those with a name, or a table of all with a text."""
    if as_json:
        told = {figure.name: figure.value for figure in figures if figure.name}
        sys.stdout.write(json.dumps(told) + "\n")
        return
    table = Table("what", "figure")
    for figure in figures:
        if figure.shown:
            table.add_row(figure.what, figure.shown)
    console.print(table)


def line_figures(seconds: int, video: Path | None, backbone: str) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = video or render_scene(folder, f"sim://store?seed=3&seconds={seconds}").path
        subject = Subject.of(backbone, folder / "cache")
        with LocalStack.infrastructure(folder / "servers") as servers:
            yield from measured(Bench(servers, folder), path, subject)


def storage_figures(url: str, cameras: int, days: int) -> Iterator[Figure]:
    """How much room scores take in a database, and how fast they are read."""
    from services.api.bench.storage import Plan, measure

    for name, value in measure(url, Plan(cameras, days), progress).items():
        yield Figure(name.replace("_", " "), str(value), name, value)


def api_figures(url: str, cameras: int, days: int) -> Iterator[Figure]:
    """How fast the API answers fifty clients, on tables of many cameras."""
    from services.api.bench.load import LoadPlan
    from services.cli import api_bench

    with tempfile.TemporaryDirectory() as name:
        plan = LoadPlan(cameras, days)
        for key, value in api_bench.api_figures(Path(name), url, plan, progress):
            yield Figure(key.replace("_", " "), str(value), key, value)


def live_figures(
    seconds: int, cameras: int | None, still: int, frame_rate: float, backbone: str
) -> Iterator[Figure]:
    """How old scores and alerts of cameras are when they come."""
    from services.cli import bench_cameras, live_bench

    spec = ClipSpec(frame_rate=frame_rate)
    with tempfile.TemporaryDirectory() as name:
        network = Subject.of(backbone, Path(name) / "cache").network
        bare_s = bare_forward(network, 10)
        yield Figure("bare forward pass", f"{1000 * bare_s:.0f} ms", "bare_forward_s", bare_s)
        fitting = bench_cameras.cameras_for(bare_s, network.window, os.cpu_count() or 1, spec)
        plan = bench_cameras.CameraPlan(cameras or fitting + still, still, spec)
        progress(f"{plan.cameras} cameras of 720p for {seconds} s, {still} of them still")
        for key, value in live_bench.live_figures(Path(name), plan, seconds, network.window):
            yield Figure(key.replace("_", " "), str(value), key, value)


def replay_figures(
    cameras: int | None, days: float, seconds: int, backbone: str
) -> Iterator[Figure]:
    """How fast the past is judged again, and how much later that makes the present."""
    from services.cli import replay_bench

    with tempfile.TemporaryDirectory() as name:
        if cameras is not None:
            found = replay_bench.month_figures(cameras, days)
        else:
            network = Subject.of(backbone, Path(name) / "cache").network
            found = replay_bench.replay_figures(seconds, network)
        for key, value in found:
            progress(f"{key.replace('_', ' ')}: {value}")
            yield Figure(key.replace("_", " "), str(value), key, value)


@dataclass(frozen=True)
class Subject:
    """The backbone that is measured, loaded and so converted before its service starts."""

    network: Backbone
    options: Options
    real: bool
    """Whether its weights are the real ones."""

    @classmethod
    def of(cls, name: str, scratch: Path) -> Self:
        options, real = with_weights(name, read(FeaturesSettings).options, scratch)
        try:
            return cls(load(name, options), options, real)
        except FetchError as error:
            give_up(error)

    @property
    def has_heads(self) -> bool:
        """Whether heads at hand know it."""
        return self.network.id == DEFAULT


def measured(bench: Bench, video: Path, subject: Subject) -> Iterator[Figure]:
    """Each part by itself, one after the other, and then the whole line."""
    progress("decoding and cutting")
    yield from starmap(Figure, ingest_rows(video))
    clips = list(clips_of(video))
    content = sum(len(frame) for clip in clips for frame in clip.frames) / len(clips)
    yield Figure("bytes of a clip", f"{content / 1000:.0f} KB", "bytes_per_clip", round(content))
    yield from feed_figures()
    real = "" if subject.real else ", random weights"
    yield Figure("backbone", f"{subject.network.id}{real}", "backbone", subject.network.id)
    yield from starmap(Figure, gpu_rows(subject.network.id, subject.options))
    if subject.has_heads:
        progress("judging and episodes, each alone")
        yield from starmap(Figure, head_rows())
        for name, value in scoring_rates(bench).items():
            service = name.partition("_")[0]
            yield Figure(f"{service} alone", f"{value:.0f} windows/s", name, round(value, 1))
    progress("features, and the whole line")
    yield from line(bench, video, clips, subject)


def line(
    bench: Bench, video: Path, clips: Sequence[ClipRecorded], subject: Subject
) -> Iterator[Figure]:
    """The services of a whole stack; for a network without heads, only what is in front of them."""
    chosen = {
        "NIGHTCLERK_BACKBONE": subject.network.id,
        "NIGHTCLERK_CACHE_DIR": str(subject.options.cache),
    }
    services = SERVICES if subject.has_heads else ("features",)
    kafka = bench.kafka("line.")
    environment = bench.environment(kafka.topic_prefix) | chosen
    with LocalStack(bench.folder / "line", services, environment=environment) as stack:
        yield from features_figures(kafka, clips, subject.network)
        if subject.has_heads:
            yield from whole_figures(stack, kafka, video, clips[-1].end_s)
        memory = {**memory_of(bench.servers), **memory_of(stack)}
        yield from (Figure(f"memory of {name}", f"{mib} MiB") for name, mib in memory.items())
        yield Figure("memory of all", f"{sum(memory.values())} MiB", "rss_mib", memory)


def feed_figures() -> Iterator[Figure]:
    """The features service with a network that costs nothing, beside one decoding thread."""
    from services.features import bench as features

    alone = features.decode_clips_per_s()
    shown = f"{alone:.0f} clips/s"
    yield Figure("one decoding thread", shown, "decode_clips_per_s", round(alone, 1))
    rates = {}
    for cores, name in ((1, "one_core"), (2, "two_cores")):
        if cores <= (os.cpu_count() or 1):
            rates[name] = round(features.feed(cores), 1)
            times = f"{rates[name]:.0f} clips/s, {rates[name] / alone:.2f} times that thread"
            yield Figure(f"features fed, {name.replace('_', ' ')}", times)
    yield Figure("features fed", "", "features_feed_clips_per_s", rates)


def features_figures(
    kafka: KafkaSettings, clips: Sequence[ClipRecorded], backbone: Backbone
) -> Iterator[Figure]:
    """The service beside the bare forward pass: bare, service, bare, since machines drift."""
    windows = -(-len(clips) // backbone.window)
    batch = ON_CPU.batch_clips
    before_s = bare_forward(backbone, 2 * batch, batch)
    seconds = answered(kafka, CLIPS_BULK, clips, EMBEDDINGS) / windows
    bare_s = (before_s + bare_forward(backbone, 2 * batch, batch)) / 2
    word = f"a window of {backbone.window} clips" if backbone.window > 1 else "a clip"
    yield Figure("bare forward pass", f"{1000 * bare_s:.0f} ms {word}", "bare_forward_s", bare_s)
    rate, share = backbone.window / seconds, bare_s / seconds
    yield Figure("features service", f"{rate:.1f} clips/s", "features_clips_per_s", round(rate, 2))
    against = "  against the bare forward pass"
    yield Figure(against, f"{100 * share:.0f} %", "features_share_of_bare", round(share, 3))


def whole_figures(
    stack: LocalStack, kafka: KafkaSettings, video: Path, length_s: float
) -> Iterator[Figure]:
    scores, started = Tail(kafka, SCORES), time.perf_counter()
    video_id = str(Client(stack.api_url).upload(video))
    scores.until(lambda message: is_last_of(message, video_id), PATIENCE_S)
    seconds = time.perf_counter() - started
    scores.close()
    yield Figure("upload to last score", f"{seconds:.1f} s", "upload_to_last_score_s", seconds)
    hour_min = 60 * seconds / length_s
    yield Figure("  one hour of video, at this rate", f"{hour_min:.1f} min")


def memory_of(stack: LocalStack) -> Mapping[str, int]:
    """Resident MiB of each process, by name."""
    return {one.name: rss_mib(one.pid) for one in stack.run.processes if one.pid}


def answered(
    kafka: KafkaSettings, into: Topic, messages: Sequence[Message], answers: Topic
) -> float:
    """Seconds from the first record put into a topic to the last answer to its source."""
    tail, started = Tail(kafka, answers), time.perf_counter()
    put(kafka, into, messages)
    tail.until(lambda message: is_last_of(message, messages[0].key), PATIENCE_S)
    seconds = time.perf_counter() - started
    tail.close()
    return seconds


def is_last_of(message: Message, key: str) -> bool:
    return message.key == key and bool(getattr(message, "is_last", False))


def rss_mib(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


def progress(text: str) -> None:
    err.print(f"[dim]measuring: {text}[/]", highlight=False)
