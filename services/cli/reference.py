"""Rendered scenes of quiet stores as this machine's network sees them: on them a head taught from
reviews must not raise more alarms than the head before.

To render and embed them takes minutes on a small machine, and gives the same every time. So it is
done once for a network, its weights and what it is computed in, and kept beside the weights.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from services.cli.extractor import embedded
from services.features.backbones import load
from services.features.backbones.base import Options
from services.features.weights.store import SUMS
from services.ingest.sources import sim
from services.training import features
from services.training.features import FeatureError, Features

VERSION = 1
"""Part of the name of what is kept: raise it when rendering or cutting changes."""
SCENES = tuple(sim.SimSpec(seed, 34.0, (), people=2 + seed % 4) for seed in range(3000, 3004))
"""Neither the default detector nor the demo has seen them."""
Heard = Callable[[str], None]
"""Is told, in words, what takes so long."""


def reference(backbone: str, options: Options, heard: Heard) -> list[Features]:
    """The scenes, in the order of SCENES; kept ones where there are.

    Raises ValueError for an unknown network, FetchError where its weights are out of reach.
    """
    if kept := _kept(folder_of(backbone, options)):
        heard(f"reference scenes: {len(kept)}, as {backbone} saw them before")
        return kept
    network = load(backbone, options)
    found = []
    with tempfile.TemporaryDirectory() as place:
        for number, scene in enumerate(SCENES, start=1):
            heard(f"reference scenes: {number} of {len(SCENES)}; once for these weights, then kept")
            path = Path(place) / f"scene-{scene.seed}.mp4"
            sim.write_mp4(scene, path)
            found.append(embedded(path, path.stem, network))
    keep(folder_of(backbone, options), found)
    return found


def folder_of(backbone: str, options: Options) -> Path:
    """Where they are kept: another folder for other scenes, weights or ways of computing."""
    beside = options.cache / backbone
    sums = (beside / SUMS).read_text("utf-8") if (beside / SUMS).is_file() else ""
    made_of = [*map(repr, SCENES), sums, options.engine, options.precision]
    digest = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()
    return beside / f"reference-{VERSION}-{digest[:12]}"


def keep(folder: Path, scenes: list[Features]) -> None:
    """A scene is there as a whole or not at all."""
    for scene in scenes:
        features.save(folder / f"{scene.video}.npz", scene)


def _kept(folder: Path) -> list[Features]:
    """All, or none: what cannot be read is made again."""
    try:
        return [features.read(folder / f"scene-{scene.seed}.npz") for scene in SCENES]
    except FeatureError:
        return []
