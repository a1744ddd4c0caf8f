"""`nightclerk bench`: what one machine does, measured through the real services.

A stack of its own is started; clips, embeddings and a whole video are put where the services
read them, and the time until the last answer is taken. The bare forward pass of the backbone is
measured in the same run, before and after, since machines drift.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self
from uuid import uuid4

import numpy as np
import typer
from rich.table import Table

from schemas import ids
from schemas.base import Message
from schemas.clips import ClipRecorded, ClipRef, ClipSpec
from schemas.embeddings import EmbeddingExtracted
from schemas.topics import CLIPS_BULK, EMBEDDINGS, SCORES, Topic
from services.chassis.environment import read
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.cli.client import Client
from services.cli.footage import render_scene
from services.cli.screen import console, give_up
from services.features.backbones import NAMES, Backbone, Options, load
from services.features.bench import bare_forward, with_weights
from services.features.bench import gpu as gpu_rows
from services.features.config import FeaturesSettings
from services.features.weights import FetchError
from services.ingest.bench import run as ingest_rows
from services.ingest.clips import clips_of
from services.local.stack import LocalStack
from services.scoring.bench import run as head_rows

Row = tuple[str, str]
PATIENCE_S = 3600.0
DEFAULT = "i3d_k400"
"""The backbone of the heads that come with the product."""


def bench(
    seconds: Annotated[int, typer.Option(help="Length of the rendered scene.")] = 120,
    video: Annotated[Path | None, typer.Option(help="Measure with this video instead.")] = None,
    backbone: Annotated[str, typer.Option(help="The network that looks.")] = DEFAULT,
) -> None:
    """Measure decode, features, scoring and the whole line on this machine."""
    if backbone not in NAMES:
        raise typer.BadParameter(f"there are: {', '.join(NAMES)}", param_hint="--backbone")
    table = Table("what", "figure", title=f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sim://store?seed=3&seconds={seconds}"
        path = video or render_scene(Path(folder), url).path
        subject = Subject.of(backbone, Path(folder) / "cache")
        with stack_with(subject, Path(folder) / "home") as stack:
            for row in measured(stack, path, subject):
                table.add_row(*row)
    console.print(table)


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


def stack_with(subject: Subject, home: Path) -> LocalStack:
    """Everything; for a backbone that no head at hand knows, only what is in front of heads."""
    chosen = {
        "NIGHTCLERK_BACKBONE": subject.network.id,
        "NIGHTCLERK_CACHE_DIR": str(subject.options.cache),
    }
    if subject.has_heads:
        return LocalStack(home, environment=chosen)
    return LocalStack(home, ("kafka", "features"), environment=chosen)


def measured(stack: LocalStack, video: Path, subject: Subject) -> Iterator[Row]:
    settings = ServiceSettings(kafka_bootstrap=stack.bootstrap)
    yield from ingest_rows(video)
    clips = list(clips_of(video))
    yield "backbone", f"{subject.network.id}{'' if subject.real else ', random weights'}"
    yield from features_rows(settings, clips, subject.network)
    yield from gpu_rows(subject.network.id, subject.options)
    yield from head_rows()
    if subject.has_heads:
        yield from scoring_rows(settings)
        yield from whole_rows(stack, settings, video, clips[-1].end_s)
    yield from memory_rows(stack)


def features_rows(
    settings: ServiceSettings, clips: Sequence[ClipRecorded], backbone: Backbone
) -> Iterator[Row]:
    """The service beside the bare forward pass: bare, service, bare, since machines drift."""
    windows = -(-len(clips) // backbone.window)
    before_s = bare_forward(backbone, 10)
    seconds = answered(settings, CLIPS_BULK, clips, EMBEDDINGS) / windows
    bare_s = (before_s + bare_forward(backbone, 10)) / 2
    word = f"a window of {backbone.window} clips" if backbone.window > 1 else "a clip"
    yield "bare forward pass", f"{1000 * bare_s:.0f} ms {word}"
    yield "features service", f"{backbone.window / seconds:.1f} clips/s"
    yield "  against the bare forward pass", f"{100 * bare_s / seconds:.0f} %"


def scoring_rows(settings: ServiceSettings, windows: int = 1000) -> Iterator[Row]:
    embeddings = list(random_embeddings(windows))
    seconds = answered(settings, EMBEDDINGS, embeddings, SCORES)
    yield "scoring service", f"{2 * windows / seconds:.0f} clips/s"


def whole_rows(
    stack: LocalStack, settings: ServiceSettings, video: Path, length_s: float
) -> Iterator[Row]:
    scores, started = Tail(settings, SCORES), time.perf_counter()
    video_id = str(Client(stack.api_url).upload(video))
    found = scores.until(lambda message: is_last_of(message, video_id), PATIENCE_S)
    seconds = time.perf_counter() - started
    count = sum(message.key == video_id for message in found)
    yield "upload to last score", f"{seconds:.1f} s, {count / seconds:.1f} clips/s"
    yield "  one hour of video, at this rate", f"{60 * seconds / length_s:.1f} min"


def memory_rows(stack: LocalStack) -> Iterator[Row]:
    for process in stack.run.processes:
        if process.pid:
            yield f"memory of {process.name}", f"{rss_mib(process.pid):.0f} MiB"


def answered(
    settings: ServiceSettings, into: Topic, messages: Sequence[Message], answers: Topic
) -> float:
    """Seconds from the first record put into a topic to the last answer to its source."""
    tail, publisher = Tail(settings, answers), KafkaPublisher(settings, "bench")
    started = time.perf_counter()
    for message in messages:
        publisher.publish(Outgoing(into, message))
    publisher.flush()
    tail.until(lambda message: is_last_of(message, messages[0].key), PATIENCE_S)
    return time.perf_counter() - started


def is_last_of(message: Message, key: str) -> bool:
    return message.key == key and bool(getattr(message, "is_last", False))


def random_embeddings(windows: int, dim: int = 1024) -> Iterator[EmbeddingExtracted]:
    source_id, hop_s = uuid4(), ClipSpec().hop_s
    vectors_ND = np.random.default_rng(0).random((windows, dim), np.float32)
    for number, vector_D in enumerate(vectors_ND):
        clips = tuple(
            ClipRef(
                clip_id=ids.clip_id(source_id, index * hop_s),
                index=index,
                start_s=index * hop_s,
                end_s=(index + 1) * hop_s,
            )
            for index in (2 * number, 2 * number + 1)
        )
        yield EmbeddingExtracted(
            embedding_id=ids.embedding_id(clips[0].clip_id, "i3d_k400"),
            source_id=source_id,
            clips=clips,
            backbone="i3d_k400",
            window=2,
            dim=dim,
            vector=vector_D.astype("<f4").tobytes(),
            is_last=number == windows - 1,
        )


def rss_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
