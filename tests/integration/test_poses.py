"""The features service with a pose network, as a process on real Kafka."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.poses import PosesExtracted
from schemas.topics import CLIPS_BULK, POSES, dead_letters
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.features.pose.base import ID
from services.features.pose.silent_ultralytics import quiet
from tests.builders import clip, source
from tests.integration.processes import environment, process
from tests.unit.features.pose.planted import walking

pytestmark = pytest.mark.integration
CLIPS = 12


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of an untrained network: what it sees does not matter here."""
    quiet()
    import torch
    from ultralytics.nn.tasks import PoseModel

    folder = tmp_path_factory.mktemp("cache")
    (folder / ID).mkdir()
    torch.manual_seed(0)
    model = PoseModel("yolov8n-pose.yaml", verbose=False)
    torch.save(model.state_dict(), folder / ID / "yolov8n-pose.pt")
    return folder


@contextmanager
def features(settings: ServiceSettings, cache: Path) -> Iterator[None]:
    """The service as a process of its own; killed at the end."""
    chosen = {"backbone": ID, "pose_frames": "2", "pose_size": "320"}
    surroundings = environment(settings, cache, cache_dir=str(cache), **chosen)
    with process("services.features", surroundings, cache / "features.log"):
        yield


def publish(settings: ServiceSettings, clips: Sequence[ClipRecorded]) -> None:
    publisher = KafkaPublisher(settings, "test")
    for one in clips:
        publisher.publish(Outgoing(CLIPS_BULK, one))
    publisher.flush()


def film(number: int) -> list[ClipRecorded]:
    """A whole upload."""
    return [
        walking(index, source_id=source(number), is_last=index == CLIPS - 1)
        for index in range(CLIPS)
    ]


def is_end(message: Message) -> bool:
    return isinstance(message, PosesExtracted) and message.is_last


def test_kill_9_loses_no_clip_and_keeps_the_order(settings: ServiceSettings, cache: Path) -> None:
    poses = Tail(settings, POSES)
    publish(settings, film(1)[:8])
    with features(settings, cache):
        found = poses.until(lambda one: getattr(one, "clip", clip(0)).index >= 3, 300)
    publish(settings, film(1)[8:])
    with features(settings, cache):
        found += poses.until(is_end, 300)
    messages = [one for one in found if isinstance(one, PosesExtracted)]
    by_id = {one.poses_id: one for one in messages}
    assert sorted(one.clip.index for one in by_id.values()) == list(range(CLIPS))
    assert [one.clip.index for one in messages][-4:] == [8, 9, 10, 11]
    assert all(len(one.frames) == 2 and one.backbone == ID for one in messages)


def test_frames_that_are_no_pictures_end_as_dead_letters(
    settings: ServiceSettings, cache: Path
) -> None:
    poses, dead = Tail(settings, POSES), Tail(settings, dead_letters(CLIPS_BULK))
    whole = film(2)
    broken = clip(1, source(2), frames=(b"not a picture",))
    publish(settings, [whole[0], broken, *whole[2:]])
    with features(settings, cache):
        found = poses.until(is_end, 300)
        (letter,) = dead.until(lambda _: True, 120)
    assert "not a JPEG" in letter.reason
    assert {one.clip.index for one in found} == set(range(CLIPS)) - {1}
