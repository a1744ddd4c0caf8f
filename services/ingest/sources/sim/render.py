"""Draws a scene frame by frame, or writes it as an H.264 file."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.random import Generator, default_rng

from services.ingest.sources.sim import body, store
from services.ingest.sources.sim.actors import Actor, cast_scene
from services.ingest.sources.sim.camera import Camera, Picture
from services.ingest.sources.sim.spec import SimSpec

_GRAINS = 5


def render(spec: SimSpec) -> Iterator[Picture]:
    """RGB frames [H, W, 3], frame k at k / frame_rate seconds. Equal specs give equal frames."""
    scene = Scene(spec)
    for k in range(spec.frame_count):
        yield scene.picture(k)


class Scene:
    """A scene whose pictures are drawn one by one. The sensor's noise goes on from one to the next:
    for equal frames draw them in the same order, or give each a generator of its own.
    """

    def __init__(self, spec: SimSpec) -> None:
        self._spec = spec
        self._camera = Camera(spec.width, spec.height)
        self._room = store.background(self._camera, default_rng([spec.seed, 1]))
        self._actors = cast_scene(spec, default_rng([spec.seed, 2]))
        self._rng = default_rng([spec.seed, 3])
        self._grains = _grains(spec, self._rng)

    def picture(self, k: int, rng: Generator | None = None) -> Picture:
        """Frame `k`, RGB [H, W, 3]."""
        t = k / self._spec.frame_rate
        picture = _people(self._room, self._camera, self._actors, t)
        _caption(picture, t)
        return _seen(picture, self._grains, rng or self._rng)


def write_mp4(spec: SimSpec, path: Path) -> None:
    """The scene as an H.264 MP4 that browsers play."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=spec.frame_rate, options={"crf": "21"})
        stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, "yuv420p"
        for k, picture in enumerate(render(spec)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, spec.frame_rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _people(room: Picture, camera: Camera, actors: list[Actor], t: float) -> Picture:
    picture = room.copy()
    placed = [(actor, actor.pose(t)) for actor in actors]
    for _, pose in placed:
        camera.ellipse(picture, np.array([pose.x, 0.0, pose.z]), 0.3, (112, 109, 102))
    placed.sort(key=lambda one: -one[1].z)
    behind = store.COUNTER[2][0]
    for actor, pose in placed:
        if pose.z >= behind:
            body.draw(picture, camera, actor.look, pose)
    store.counter(picture, camera)
    for actor, pose in placed:
        if pose.z < behind:
            body.draw(picture, camera, actor.look, pose)
    return picture


def _grains(spec: SimSpec, rng: Generator) -> list[Picture]:
    """A few fields of sensor noise around 128; shifted at random they never look alike."""
    shape = (spec.height, spec.width, 3)
    return [np.clip(rng.normal(128, 3.0, shape), 0, 255).astype(np.uint8) for _ in range(_GRAINS)]


def _seen(picture: Picture, grains: list[Picture], rng: Generator) -> Picture:
    """What the sensor makes of it: a little blur, lamps that flicker, grain."""
    soft = cv2.GaussianBlur(picture, (3, 3), 0.6)
    grain = np.roll(grains[int(rng.integers(_GRAINS))], int(rng.integers(64)), axis=1)
    flicker = float(rng.normal(1.0, 0.004))
    noisy: Picture = cv2.addWeighted(soft, flicker, grain, 1.0, -128.0).astype(np.uint8, copy=False)
    return noisy


def _caption(picture: Picture, t: float) -> None:
    text = f"CAM 1  02:{13 + int(t) // 60 % 47:02d}:{int(t) % 60:02d}"
    size = picture.shape[1] / 640
    spot = (int(12 * size), int(24 * size))
    cv2.putText(
        picture, text, spot, cv2.FONT_HERSHEY_SIMPLEX, 0.5 * size, (240, 240, 236), 1, cv2.LINE_AA
    )
