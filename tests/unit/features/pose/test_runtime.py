"""The real network on real footage; needs `../shared` (weights and footage)."""

from collections import Counter
from pathlib import Path
from shutil import copy
from typing import Any

import numpy as np
import pytest

from schemas.clips import ClipRecorded
from services.features.backbones.base import Options
from services.features.frames import decode as picture
from services.features.pose import ID, PoseNetwork, PoseOptions, load
from services.features.pose.decode import People, decode
from services.features.pose.observer import Observer
from services.features.pose.pictures import pictures
from services.features.pose.weights import read
from services.ingest.clips import clips_of

SHARED = Path(__file__).parents[5] / "shared"
WEIGHTS = SHARED / "weights/yolov8n-pose-recovered.pt"
FOOTAGE = SHARED / "footage/normal/one-by-one-person-detection.mp4"
pytestmark = [
    pytest.mark.footage,
    pytest.mark.skipif(
        not (WEIGHTS.exists() and FOOTAGE.exists()), reason="needs weights and footage in ../shared"
    ),
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    (folder / ID).mkdir()
    copy(WEIGHTS, folder / ID / "yolov8n-pose.pt")
    return folder


@pytest.fixture(scope="module")
def openvino(cache: Path) -> PoseNetwork:
    return load(PoseOptions(run=Options(cache=cache, engine="openvino")))


@pytest.fixture(scope="module")
def torch(cache: Path) -> PoseNetwork:
    return load(PoseOptions(run=Options(cache=cache, engine="torch")))


@pytest.fixture(scope="module")
def clips() -> list[ClipRecorded]:
    """The first person's way through the room."""
    taken = []
    for clip in clips_of(FOOTAGE):
        taken.append(clip)
        if clip.index == 18:
            return taken
    raise AssertionError("the footage is longer than this")


def seen(network: PoseNetwork, clip: ClipRecorded, size: int = 448) -> list[People]:
    shown = pictures(clip, 2, size)
    return [decode(places, shown.letterbox, 0.25) for places in network.places(shown.canvases)]


@pytest.mark.parametrize("size", [320, 448])
def test_people_are_those_that_ultralytics_finds(
    torch: PoseNetwork, cache: Path, clips: list[ClipRecorded], size: int
) -> None:
    theirs = ultralytics(cache, clips[12], size)
    ours = seen(torch, clips[12], size)[0]
    pixels = np.array([clips[12].width, clips[12].height])
    assert len(ours) == len(theirs.boxes) == 1
    assert ours.box[0] * np.tile(pixels, 2) == pytest.approx(theirs.boxes.xyxy.numpy()[0], abs=0.1)
    points = theirs.keypoints.data.numpy()[0]
    assert ours.keypoints[0, :, :2] * pixels == pytest.approx(points[:, :2], abs=0.1)
    assert ours.keypoints[0, :, 2] == pytest.approx(points[:, 2], abs=1e-3)


def ultralytics(cache: Path, clip: ClipRecorded, size: int) -> Any:
    """Its own way from a picture to people."""
    from ultralytics import YOLO

    yolo = YOLO("yolov8n-pose.yaml", verbose=False)
    yolo.model.fuse(verbose=False)
    yolo.model.load_state_dict(read(cache / ID / "yolov8n-pose.pt"), strict=False)
    bgr_HWC = np.ascontiguousarray(picture(clip.frames[0])[:, :, ::-1])
    return yolo.predict(bgr_HWC, imgsz=size, conf=0.25, iou=0.7, verbose=False)[0]


def test_openvino_says_what_torch_says(
    openvino: PoseNetwork, torch: PoseNetwork, clips: list[ClipRecorded]
) -> None:
    pixels = np.array([clips[0].width, clips[0].height])
    for clip in clips[8:18:3]:
        for ours, reference in zip(seen(openvino, clip), seen(torch, clip), strict=True):
            assert len(ours) == len(reference)
            sure = reference.keypoints[:, :, 2] > 0.5
            apart = np.abs((ours.keypoints - reference.keypoints)[:, :, :2] * pixels)[sure]
            assert np.abs((ours.box - reference.box) * np.tile(pixels, 2)).max() < 3
            assert np.median(apart) < 1
            assert np.percentile(apart, 95) < 4


def test_one_walking_person_is_one_track(openvino: PoseNetwork, clips: list[ClipRecorded]) -> None:
    observer = Observer(openvino, PoseOptions(frames=4))
    messages = [observer.observe(clip, observer.pictures(clip)) for clip in clips]
    people = [one for message in messages for frame in message.frames for one in frame.people]
    tracks = Counter(person.track_id for person in people)
    assert len(people) > 40
    assert tracks.most_common(1)[0][1] > 0.9 * len(people)
