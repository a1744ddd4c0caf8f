"""Every backbone with every head that goes with it, by configuration alone: footage through the
real topics to scores and alerts. All networks look at once in one stack, the heads of each side by
side, untrained; all fire.
"""

import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from schemas.base import Message
from schemas.clips import ClipRef, ClipSpec
from schemas.embeddings import EmbeddingExtracted
from schemas.poses import PosesExtracted
from schemas.topics import EMBEDDINGS, POSES, dead_letters
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.tail import Tail
from services.cli.client import Client
from services.cli.footage import render_scene
from services.features.backbones.videomae2 import blank
from services.features.config import FeaturesSettings
from services.local.stack import LocalStack
from services.scoring.heads import Head
from services.scoring.heads.checkpoint import read
from services.scoring.heads.registry import live_scores, takes
from services.scoring.poses import PERSON_NUMBERS, SCENE_NUMBERS, scene_vector, sequences
from tests.checkpoints import random_head
from tests.servers import S3Server
from tests.topics import fresh_topics
from tests.waiting import until_ended

POSE_WEIGHTS = Path(__file__).parents[3] / "shared/weights/yolov8n-pose-recovered.pt"
pytestmark = [pytest.mark.integration, pytest.mark.e2e]


@dataclass(frozen=True)
class Line:
    """A backbone and what its heads are made for."""

    backbone: str
    window: int
    heads: dict[str, int]
    """Name of a head, and how many numbers it sees of a window, or of a person and frame."""

    def rule(self, head: str) -> str:
        """A name that no head of another backbone has."""
        return f"{self.backbone} {head}"

    def write_heads(self, folder: Path) -> Path:
        made_for = {"backbone": self.backbone, "window": self.window, "spec": ClipSpec()}
        for name, dim in self.heads.items():
            random_head(folder / name, name, self.rule(name), dim=dim, **made_for)
        return folder


PARTS = ("ingest", "features", "judging", "episodes", "api")
OF_WINDOWS = ("linear", "deep_mil", "deep_mil_fe", "bn_wvad", "mgfn", "causal_mil")
I3D = Line("i3d_k400", 2, dict.fromkeys(OF_WINDOWS, 1024))
VIDEOMAE = Line("videomae2_s_k710", 1, dict.fromkeys(("deep_mil", "deep_mil_fe", "bn_wvad"), 384))
POSE = Line("yolov8_pose", 1, {"lstm_ae": PERSON_NUMBERS, "mgfn": SCENE_NUMBERS})
LINES = (I3D, VIDEOMAE, POSE)
NEEDS_POSES = [
    pytest.mark.footage,
    pytest.mark.skipif(not POSE_WEIGHTS.exists(), reason="needs the pose weights in ../shared"),
]
each_line = pytest.mark.parametrize(
    "line",
    [I3D, VIDEOMAE, pytest.param(POSE, marks=NEEDS_POSES)],
    ids=lambda line: line.backbone,
)


@dataclass(frozen=True)
class Seen:
    """What came out of a stack; all by the id of the video."""

    heads: Path
    """A folder of checkpoints for each backbone."""
    processes: set[str]
    timelines: dict[str, dict[str, Any]]
    embedded: dict[str, list[Any]]
    """Embeddings and poses of all backbones, in their order."""
    refused: list[Any]


@pytest.fixture(scope="module")
def seen(kafka: str, weed: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Two short scenes, as every backbone that is here and all its heads see them."""
    folder = tmp_path_factory.mktemp("combinations")
    lines = [line for line in LINES if line is not POSE or POSE_WEIGHTS.exists()]
    for line in lines:
        line.write_heads(folder / "heads" / line.backbone)
    settings = {
        "NIGHTCLERK_KAFKA_BOOTSTRAP": kafka,
        "NIGHTCLERK_TOPIC_PREFIX": (prefix := fresh_topics(kafka, "combinations")),
        "NIGHTCLERK_S3_ENDPOINT": weed.endpoint,
        "NIGHTCLERK_S3_ACCESS_KEY": weed.access_key,
        "NIGHTCLERK_S3_SECRET_KEY": weed.secret_key,
        "NIGHTCLERK_CACHE_DIR": str(cached(folder / "cache", lines)),
        "NIGHTCLERK_BACKBONES": ",".join(line.backbone for line in lines),
        "NIGHTCLERK_HEAD": ",".join(str(folder / "heads" / line.backbone) for line in lines),
    }
    topics = ServiceSettings(kafka_bootstrap=kafka, topic_prefix=prefix)
    refused = [Tail(topics, dead_letters(topic)) for topic in (EMBEDDINGS, POSES)]
    tails = [Tail(topics, POSES if line is POSE else EMBEDDINGS) for line in lines]
    with LocalStack(folder / "home", PARTS, environment=settings) as stack:
        processes = {process.name for process in stack.run.processes}
        timelines = analysed(stack, folder / "footage")
    embedded: dict[str, list[Any]] = {source: [] for source in timelines}
    for line, tail in zip(lines, tails, strict=True):
        for source, messages in by_source(tail, line, set(timelines)).items():
            embedded[source] += messages
    dead = [message for tail in refused for message in tail.drain()]
    return Seen(folder / "heads", processes, timelines, embedded, dead)


def cached(folder: Path, lines: list[Line]) -> Path:
    """A cache with I3D, fetched once for all tests, with an official checkpoint of VideoMAE of one
    block and weights of no meaning, and with the weights for poses where they are.
    """
    blank.put(folder, VIDEOMAE.backbone, width=384, depth=1)
    fetched = FeaturesSettings().cache_dir / I3D.backbone
    fetched.mkdir(parents=True, exist_ok=True)
    (folder / I3D.backbone).symlink_to(fetched)
    if POSE in lines:
        weights = folder / POSE.backbone / "yolov8n-pose.pt"
        weights.parent.mkdir(parents=True)
        shutil.copy(POSE_WEIGHTS, weights)
    return folder


@each_line
def test_each_network_has_processes_of_its_own(line: Line, seen: Seen) -> None:
    assert {f"features.{line.backbone}", f"judging.{line.backbone}"} <= seen.processes
    assert seen.refused == []


@each_line
def test_each_head_raises_an_alert(line: Line, seen: Seen) -> None:
    for timeline in seen.timelines.values():
        mine = [one for one in timeline["heads"] if one["backbone"] == line.backbone]
        assert {one["head"] for one in mine} == set(line.heads)
        told = {one["label"]: one["state"] for one in timeline["alerts"]}
        for name in line.heads:
            assert told[f"Possible {line.rule(name)}"] == "closed"


@each_line
def test_its_scores_are_those_of_the_same_footage_in_one_go(line: Line, seen: Seen) -> None:
    for video_id, timeline in seen.timelines.items():
        embedded = [one for one in seen.embedded[video_id] if one.backbone == line.backbone]
        by_index = {one["index"]: one for one in timeline["clips"]}
        assert sorted(by_index) == [ref.index for message in embedded for ref in fresh(message)]
        for name in line.heads:
            told = [
                said["score"]
                for message in embedded
                for said in by_index[fresh(message)[0].index]["heads"]
                if said["rule"] == line.rule(name)
            ]
            alone = offline(seen.heads / line.backbone / name, embedded)
            assert told == pytest.approx(alone, rel=1e-4, abs=1e-5)


def analysed(stack: LocalStack, footage: Path) -> dict[str, dict[str, Any]]:
    """The timeline of two videos, once their analysis is done; by the video's id."""
    for url in ("sim://store?seed=7&seconds=14&incident=4-10", "sim://store?seed=8&seconds=9"):
        render_scene(footage, url)
    with closing(Client(stack.api_url)) as client:
        videos = [client.upload(path) for path in sorted(footage.iterdir())]
        for video_id in videos:
            assert until_ended(client, video_id)["state"] == "done"
        return {str(video_id): client.timeline(video_id) for video_id in videos}


def by_source(tail: Tail, line: Line, sources: set[str]) -> dict[str, list[Any]]:
    """What that backbone said of these sources, up to the last of each."""
    found: list[Any] = []
    left = set(sources)

    def is_last(message: Message) -> bool:
        is_mine = getattr(message, "backbone", "") == line.backbone
        return is_mine and bool(getattr(message, "is_last", False))

    while left:
        found += tail.until(is_last, 300)
        left.discard(found[-1].key)
    mine = [one for one in found if one.backbone == line.backbone]
    return {source: [one for one in mine if one.key == source] for source in sources}


def fresh(message: EmbeddingExtracted | PosesExtracted) -> tuple[ClipRef, ...]:
    return (message.clip,) if isinstance(message, PosesExtracted) else message.fresh


def offline(checkpoint: Path, seen: list[Any]) -> list[float]:
    """The scores of one source."""
    network, card = read(checkpoint)
    if takes(card.head) == "windows":
        with torch.inference_mode():
            x_TD = torch.from_numpy(np.stack([vector(message) for message in seen]))
            return live_scores(network, x_TD).tolist()
    head = Head(network, card)
    found = [head.judge(list(persons_PTD)) for persons_PTD in sequences(seen)]
    return [max(scores, default=head.lowest) for scores in found]


def vector(message: EmbeddingExtracted | PosesExtracted) -> Any:
    if isinstance(message, PosesExtracted):
        return scene_vector(message)
    return np.frombuffer(message.vector, "<f4")
