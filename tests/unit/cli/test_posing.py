"""Poses of a file are what the service would publish."""

from pathlib import Path
from threading import Event

import numpy as np

from schemas.poses import PosesExtracted
from services.cli.extract import run
from services.cli.extractor import poses_by
from services.features.joiner import BULK
from services.features.pose.base import PoseOptions
from services.features.pose.extraction import PoseExtraction
from services.features.pose.letterbox import Floats, Pixels
from services.features.pose.observer import Observer
from services.ingest.clips import clips_of
from services.ingest.sources.sim import SimSpec, write_mp4
from services.scoring.poses import SCENE_NUMBERS, PoseTable, messages
from services.training.features import read, read_folder
from tests.builders import incoming
from tests.unit.features.pose.planted import planted

OPTIONS = PoseOptions(frames=4, size=128)


class Somebody:
    """Sees one person in every picture; where they stand depends on how bright it is."""

    def places(self, canvases_BHWC: Pixels) -> Floats:
        lefts = [20 + float(canvas.mean()) % 16 for canvas in canvases_BHWC]
        return np.stack(
            [
                planted(canvas.shape, [(int(left), 16, int(left) + 48, 80)])
                for canvas, left in zip(canvases_BHWC, lefts, strict=True)
            ]
        )


def published(path: Path) -> list[PosesExtracted]:
    handler = PoseExtraction(Observer(Somebody(), OPTIONS), BULK)
    batch = [
        incoming(one, k, prepared=handler.prepare(one)) for k, one in enumerate(clips_of(path))
    ]
    told = [item.message for item in handler.handle(batch, Event())]
    return [one for one in told if isinstance(one, PosesExtracted)]


def test_a_file_holds_the_poses_that_the_service_publishes(tmp_path: Path) -> None:
    path, out = tmp_path / "night.mp4", tmp_path / "out"
    write_mp4(SimSpec(seed=1, seconds=4, width=160, height=96), path)
    extractor = poses_by(Somebody(), OPTIONS)
    assert run(tmp_path, [path], out, extractor).made == 1
    with np.load(out / "night.mp4.npz") as file:
        names = [name for name in file.files if name in PoseTable.__dataclass_fields__]
        stored = PoseTable(**{name: file[name] for name in names})
    expected = published(path)
    found = messages(stored, "night.mp4", "yolov8_pose", expected[0].spec)
    assert [one.frames for one in found] == [one.frames for one in expected]
    assert all(frame.people for one in found for frame in one.frames)
    assert [one.clip.start_s for one in found] == [one.clip.start_s for one in expected]
    assert run(tmp_path, [path], out, extractor).kept == 1


def test_heads_read_a_vector_a_clip_or_everybody(tmp_path: Path) -> None:
    path, out = tmp_path / "night.mp4", tmp_path / "out"
    write_mp4(SimSpec(seed=1, seconds=4, width=160, height=96), path)
    run(tmp_path, [path], out, poses_by(Somebody(), OPTIONS))
    scenes = read(out / "night.mp4.npz")
    assert scenes.vectors.shape == (1, 4, SCENE_NUMBERS)
    assert (scenes.backbone, scenes.window) == ("yolov8_pose", 1)
    (people,) = read_folder(out, "persons")
    assert people.dim == 38
    assert people.persons is not None
    assert [one.shape[1:] for one in people.persons] == [(20, 38)] * 4
