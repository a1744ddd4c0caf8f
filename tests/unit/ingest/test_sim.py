"""Simulated scenes: the truth is stated, the frames follow from the spec alone."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from services.ingest.sources.sim import SimSpec, parse, render, truth, write_mp4

SMALL = "sim://store?seed=3&seconds=6&incident=2-5&size=160x120"


def test_a_url_says_what_is_in_the_scene() -> None:
    spec = parse("sim://store?seed=7&seconds=60&incident=30-40,50-55&people=5")
    assert spec == SimSpec(seed=7, seconds=60, incidents=((30, 40), (50, 55)), people=5)
    assert truth(spec) == [(30, 40), (50, 55)]
    assert truth(parse("sim://store")) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://store?seed=1",
        "sim://bank?seed=1",
        "sim://store?sed=1",
        "sim://store?seed=x",
        "sim://store?incident=30",
        "sim://store?seconds=20&incident=15-25",
        "sim://store?incident=10-20,21-25",
        "sim://store?incident=20-10",
        "sim://store?people=1&incident=1-2",
        "sim://store?people=0",
        "sim://store?seconds=0",
        "sim://store?size=9999x9999",
    ],
)
def test_a_url_that_makes_no_sense_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(url)


def test_equal_specs_give_equal_frames_and_other_seeds_do_not() -> None:
    first, again = (list(render(parse(SMALL))) for _ in range(2))
    other = list(render(parse(SMALL.replace("seed=3", "seed=4"))))
    assert len(first) == 90
    assert first[0].shape == (120, 160, 3)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[40], other[40])


def test_the_incident_is_where_the_motion_is() -> None:
    spec = SimSpec(seed=11, seconds=12, incidents=((5, 9),), people=2, width=320, height=240)
    frames = np.stack([frame.mean(axis=2) for frame in render(spec)])
    # Over a fifth of a second noise stays and motion adds up; the caption is left out.
    change = np.abs(frames[3:, 20:] - frames[:-3, 20:])
    moving = (change > 30).mean(axis=(1, 2))
    fight, calm = moving[5 * 15 : 9 * 15 - 3], moving[: 4 * 15]
    assert np.median(fight) > 1.2 * np.median(calm)


def test_an_actor_is_always_somewhere() -> None:
    """People stay in the room whatever the seed, also around incidents."""
    from numpy.random import default_rng

    from services.ingest.sources.sim.actors import cast_scene

    for seed in range(20):
        spec = SimSpec(seed=seed, seconds=40, incidents=((6, 10), (20, 30)), people=3)
        for actor in cast_scene(spec, default_rng(seed)):
            poses = [actor.pose(k / 5) for k in range(200)]
            assert max(abs(pose.x) for pose in poses) < 3.5
            assert all(1.5 < pose.z < 8 for pose in poses)
            steps = [np.hypot(b.x - a.x, b.z - a.z) for a, b in pairwise(poses)]
            assert max(steps) < 0.2 * 5, "nobody jumps"


def test_the_file_plays(tmp_path: Path) -> None:
    path = tmp_path / "scene.mp4"
    write_mp4(parse(SMALL), path)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.average_rate == 15
        times = [frame.time for frame in container.decode(stream)]
    assert times == pytest.approx([k / 15 for k in range(90)], abs=1e-3)
