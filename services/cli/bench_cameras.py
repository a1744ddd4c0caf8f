"""The cameras of `nightclerk bench --live`: which they are, and a stack that looks at them."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from schemas.clips import ClipSpec
from services.cli.client import Client
from services.ingest.sources.sim import SimSpec, parse
from services.ingest.sources.sim.broadcast import Broadcast
from services.rules.folders import CARD, DEFAULT, checkpoints

SCENE = "sim://store?seed=7&seconds=20&incident=6-16&size=1280x720"
STILL_SCENE = "sim://store?seed=8&seconds=2&size=1280x720"
FRAME_RATE = 25
SHARE = 0.85
"""Of what the bare network could do, so much is asked of the machine."""
CAMERAS_A_CORE = 2


@dataclass(frozen=True)
class CameraPlan:
    """`still` of the cameras show a store in which nothing moves; then all have the motion gate."""

    cameras: int
    still: int = 0
    spec: ClipSpec = field(default_factory=ClipSpec)

    @property
    def moving(self) -> int:
        return self.cameras - self.still

    @property
    def settings(self) -> dict[str, Any]:
        """Nothing records them: what is measured is how fast they are looked at."""
        spec = {"frame_rate": self.spec.frame_rate}
        return {"recording": "off", "motion_gate": self.still > 0, "spec": spec}


def scene() -> SimSpec:
    """720p, 25 pictures a second, and a fight in it."""
    return replace(parse(SCENE), frame_rate=FRAME_RATE)


def still_scene() -> SimSpec:
    return replace(parse(STILL_SCENE), frame_rate=FRAME_RATE)


def cameras_for(bare_forward_s: float, window: int, cores: int, spec: ClipSpec = ClipSpec()) -> int:
    """As many as the bare network could follow in real time, times SHARE; where that is fast, as
    many as the cores can decode beside it; at least one.
    """
    followed = int(SHARE * window * spec.hop_s / bare_forward_s)
    return max(1, min(followed, CAMERAS_A_CORE * cores))


def add_cameras(
    api: Client, broadcast: Broadcast, count: int, settings: Mapping[str, Any] | None = None
) -> Mapping[UUID, str]:
    """So many that show what is broadcast; their names there by their ids."""
    settings = settings or CameraPlan(count).settings
    names = [f"camera-{number}" for number in range(count)]
    wanted = [{"name": name, "address": broadcast.url(name), **settings} for name in names]
    return {
        UUID(api.add_camera(each)["source_id"]): name
        for each, name in zip(wanted, names, strict=True)
    }


def heads_for(spec: ClipSpec, folder: Path) -> dict[str, str]:
    """Settings of a stack that scores clips of that spec. No head is fitted to another one than the
    default: then the product's own take them, which costs the same; their scores mean nothing.
    """
    if spec == ClipSpec():
        return {}
    for checkpoint in checkpoints(DEFAULT):
        copy = shutil.copytree(checkpoint, folder / checkpoint.name)
        card = json.loads((copy / CARD).read_text())
        (copy / CARD).write_text(json.dumps(card | {"spec": spec.model_dump(mode="json")}))
    return {"NIGHTCLERK_HEAD": str(folder)}
