"""Every backbone with every head that goes with it, by configuration alone: footage through the
real topics to scores and alerts. Heads of one backbone look side by side, untrained; all fire.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
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
from services.scoring.heads.live import live_scores
from services.scoring.heads.registry import takes
from services.scoring.poses import PERSON_NUMBERS, SCENE_NUMBERS, scene_vector, sequences
from tests.checkpoints import random_head
from tests.servers import S3Server
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

    def write_heads(self, folder: Path) -> Path:
        made_for = {"backbone": self.backbone, "window": self.window, "spec": ClipSpec()}
        for name, dim in self.heads.items():
            random_head(folder / name, name, dim=dim, **made_for)
        return folder


PARTS = ("ingest", "features", "judging", "episodes", "api")
OF_WINDOWS = ("linear", "deep_mil", "deep_mil_fe", "bn_wvad", "mgfn", "causal_mil")
I3D = Line("i3d_k400", 2, dict.fromkeys(OF_WINDOWS, 1024))
VIDEOMAE = Line("videomae2_s_k710", 1, dict.fromkeys(("deep_mil", "deep_mil_fe", "bn_wvad"), 384))
POSE = Line("yolov8_pose", 1, {"lstm_ae": PERSON_NUMBERS, "mgfn": SCENE_NUMBERS})


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two short scenes."""
    folder = tmp_path_factory.mktemp("footage")
    for url in ("sim://store?seed=7&seconds=14&incident=4-10", "sim://store?seed=8&seconds=9"):
        render_scene(folder, url)
    return folder


@pytest.fixture
def servers(kafka: str, weed: S3Server, topic_prefix: str) -> dict[str, str]:
    """Settings that lead every service to the servers of this run."""
    return {
        "NIGHTCLERK_KAFKA_BOOTSTRAP": kafka,
        "NIGHTCLERK_TOPIC_PREFIX": topic_prefix,
        "NIGHTCLERK_S3_ENDPOINT": weed.endpoint,
        "NIGHTCLERK_S3_ACCESS_KEY": weed.access_key,
        "NIGHTCLERK_S3_SECRET_KEY": weed.secret_key,
    }


@contextmanager
def running(line: Line, heads: Path, settings: dict[str, str], home: Path) -> Iterator[LocalStack]:
    chosen = {"NIGHTCLERK_BACKBONE": line.backbone, "NIGHTCLERK_HEAD": str(heads)}
    with LocalStack(home, PARTS, environment=settings | chosen) as stack:
        yield stack


def test_i3d_with_every_head(footage: Path, servers: dict[str, str], tmp_path: Path) -> None:
    assert_all_heads_speak(I3D, footage, servers, tmp_path)


def test_videomae2_with_its_heads(footage: Path, servers: dict[str, str], tmp_path: Path) -> None:
    """An official checkpoint of one block, with weights of no meaning."""
    blank.put(tmp_path / "cache", VIDEOMAE.backbone, width=384, depth=1)
    settings = servers | {"NIGHTCLERK_CACHE_DIR": str(tmp_path / "cache")}
    assert_all_heads_speak(VIDEOMAE, footage, settings, tmp_path)


def test_two_networks_side_by_side(footage: Path, servers: dict[str, str], tmp_path: Path) -> None:
    """Each with a detector of its own, in one stack: every video has the scores of both."""
    blank.put(tmp_path / "cache", VIDEOMAE.backbone, width=384, depth=1)
    lines = (Line(I3D.backbone, 2, {"linear": 1024}), VIDEOMAE)
    chosen = {
        "NIGHTCLERK_CACHE_DIR": str(cache_with_i3d(tmp_path / "cache")),
        "NIGHTCLERK_BACKBONES": ",".join(line.backbone for line in lines),
        "NIGHTCLERK_HEAD": ",".join(
            str(line.write_heads(tmp_path / line.backbone)) for line in lines
        ),
    }
    refused = Tail(kafka_settings(servers), dead_letters(EMBEDDINGS))
    with LocalStack(tmp_path / "home", PARTS, environment=servers | chosen) as stack:
        names = {process.name for process in stack.run.processes}
        timelines = analysed(stack, footage)
    assert {f"features.{line.backbone}" for line in lines} <= names
    assert {f"judging.{line.backbone}" for line in lines} <= names
    assert refused.drain() == []
    for timeline in timelines.values():
        assert {(one["backbone"], one["head"]) for one in timeline["heads"]} == {
            (line.backbone, name) for line in lines for name in line.heads
        }


def cache_with_i3d(folder: Path) -> Path:
    """The weights of I3D beside those that lie in the folder."""
    folder.mkdir(exist_ok=True)
    (folder / I3D.backbone).symlink_to(FeaturesSettings().cache_dir / I3D.backbone)
    return folder


@pytest.mark.footage
@pytest.mark.skipif(not POSE_WEIGHTS.exists(), reason="needs the pose weights in ../shared")
def test_poses_with_their_heads(footage: Path, servers: dict[str, str], tmp_path: Path) -> None:
    weights = tmp_path / "cache" / POSE.backbone / "yolov8n-pose.pt"
    weights.parent.mkdir(parents=True)
    shutil.copy(POSE_WEIGHTS, weights)
    settings = servers | {"NIGHTCLERK_CACHE_DIR": str(tmp_path / "cache")}
    assert_all_heads_speak(POSE, footage, settings, tmp_path)


def assert_all_heads_speak(
    line: Line, footage: Path, settings: dict[str, str], folder: Path
) -> None:
    heads = line.write_heads(folder / "heads")
    tail = Tail(kafka_settings(settings), POSES if line is POSE else EMBEDDINGS)
    with running(line, heads, settings, folder / "home") as stack:
        timelines = analysed(stack, footage)
    for video_id, seen in by_source(tail, set(timelines)).items():
        assert_each_head_raised_an_alert(timelines[video_id], line)
        assert_scores_are_the_offline_ones(timelines[video_id], heads, seen)


def kafka_settings(servers: dict[str, str]) -> ServiceSettings:
    return ServiceSettings(
        kafka_bootstrap=servers["NIGHTCLERK_KAFKA_BOOTSTRAP"],
        topic_prefix=servers["NIGHTCLERK_TOPIC_PREFIX"],
    )


def analysed(stack: LocalStack, footage: Path) -> dict[str, dict[str, Any]]:
    """The timeline of each video of the folder, once its analysis is done; by the video's id."""
    with closing(Client(stack.api_url)) as client:
        videos = [client.upload(path) for path in sorted(footage.iterdir())]
        for video_id in videos:
            assert until_ended(client, video_id)["state"] == "done"
        return {str(video_id): client.timeline(video_id) for video_id in videos}


def by_source(tail: Tail, sources: set[str]) -> dict[str, list[Any]]:
    """All messages of these sources, up to the last of each."""
    found: list[Message] = []
    left = set(sources)
    while left:
        found += tail.until(lambda message: bool(getattr(message, "is_last", False)), 300)
        left.discard(found[-1].key)
    return {source: [one for one in found if one.key == source] for source in sources}


def assert_each_head_raised_an_alert(timeline: dict[str, Any], line: Line) -> None:
    assert {one["backbone"] for one in timeline["heads"]} == {line.backbone}
    assert {one["head"] for one in timeline["heads"]} == set(line.heads)
    told = {(one["label"], one["state"]) for one in timeline["alerts"]}
    assert told == {(f"Possible {name}", "closed") for name in line.heads}


def assert_scores_are_the_offline_ones(
    timeline: dict[str, Any], heads: Path, seen: list[Any]
) -> None:
    """What came out of the topics is what the head says of the same footage in one go."""
    by_index = {one["index"]: one for one in timeline["clips"]}
    assert sorted(by_index) == [ref.index for message in seen for ref in fresh(message)]
    for folder in sorted(heads.iterdir()):
        told = [
            said["score"]
            for message in seen
            for said in by_index[fresh(message)[0].index]["heads"]
            if said["rule"] == folder.name
        ]
        assert told == pytest.approx(offline(folder, seen), rel=1e-4, abs=1e-5)


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
