"""Footage -> embeddings on disk, by the code of the services: decode, sample, JPEG, join, embed.

`python -m services.cli.extraction --footage DIR --out features.npz` feeds the training of heads. It
lives here because only this layer may see ingest, features and scoring at once.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated
from zlib import crc32

import numpy as np
import simplejpeg
import typer
from numpy.random import default_rng
from rich.progress import track

from schemas.clips import ClipSpec
from services.features.backbones import Backbone, Options, load
from services.features.core import fill
from services.features.frames import Pixels, decode, stack
from services.ingest.clips import clips_of
from services.ingest.sources import sim
from services.scoring.training.default.augment import VIEWS, View
from services.scoring.training.default.corpus import Item, items
from services.scoring.training.default.embeddings import Row, save

SPEC = ClipSpec()
WINDOW_S = 2 * SPEC.duration_s
SHOWS = 0.3
"""A window shows an incident that fills so much of it."""
SIM_SECONDS = 34
SIM_CALM_SEEDS = range(2000, 2006)
SIM_INCIDENT_SEEDS = range(1000, 1012)
"""Scenes for training; the demo's and the tests' seeds are below 1000."""


def main(
    footage: Annotated[Path, typer.Option(help="the footage folder")],
    out: Annotated[Path, typer.Option(help="where to write, .npz")],
    street: Annotated[Path | None, typer.Option(help="OpenCV's vtest.avi")] = None,
    views: Annotated[str, typer.Option(help="comma-separated, or all")] = "all",
    kinds: Annotated[str, typer.Option(help="comma-separated, or all")] = "all",
    scenes: Annotated[Path | None, typer.Option(help="folder for simulated scenes")] = None,
) -> None:
    """Embed every window of every video, in every view."""
    backbone = load("i3d_k400", Options(engine="openvino"))
    videos = [*items(footage, street), *(_sim_items(scenes) if scenes else ())]
    videos = [item for item in videos if kinds == "all" or item.kind in kinds.split(",")]
    chosen = list(VIEWS) if views == "all" else views.split(",")
    rows: list[Row] = []
    for item in track(videos, description="embedding"):
        rows += _embedded(item, backbone, ["plain"] if item.kind == "sim" else chosen)
    save(out, rows)


def _embedded(item: Item, backbone: Backbone, views: Sequence[str]) -> Iterator[Row]:
    jpegs = [jpeg for clip in clips_of(item.path) for jpeg in clip.frames]
    for name in views:
        changed = jpegs if name == "plain" else _changed(jpegs, VIEWS[name], item.name)
        for index, (count, window_THWC) in enumerate(_windows(changed, backbone)):
            vector = backbone.embed(window_THWC[None])[0]
            label = _label(item, VIEWS[name], index)
            yield Row(item.name, item.kind, item.group, name, index, count, label, vector)


def _windows(jpegs: Sequence[bytes], backbone: Backbone) -> Iterator[tuple[int, Pixels]]:
    """Windows as the features service forms them: aligned, the last one as long as it is."""
    for start in range(0, len(jpegs), backbone.frames):
        part = jpegs[start : start + backbone.frames]
        yield len(part), fill(stack(part, backbone.size), backbone.frames)


def _changed(jpegs: Sequence[bytes], view: View, name: str) -> list[bytes]:
    rng = default_rng(crc32(name.encode()))
    frames = view.change([decode(jpeg) for jpeg in jpegs], rng)
    return [
        simplejpeg.encode_jpeg(np.ascontiguousarray(frame), view.quality, "RGB", "420")
        for frame in frames
    ]


def _label(item: Item, view: View, index: int) -> int:
    """1 the incident that the kind is about, 0 nothing, -1 cannot be said (a little of both).

    Acted thefts are labelled as a whole: their windows hold shopping too.
    """
    if view.is_still:
        return 0
    if item.incidents is None:
        return int(item.kind in ("fight", "theft"))
    start_s = view.starts_at / SPEC.frame_rate + index * WINDOW_S
    end_s = start_s + WINDOW_S
    inside_s = sum(max(min(end_s, b) - max(start_s, a), 0.0) for a, b in item.incidents)
    return 1 if inside_s / WINDOW_S >= SHOWS else 0 if inside_s == 0 else -1


def _sim_items(folder: Path) -> Iterator[Item]:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in (*SIM_CALM_SEEDS, *SIM_INCIDENT_SEEDS):
        rng = default_rng(seed)
        start = float(rng.uniform(8, 18))
        span = ((start, start + float(rng.uniform(5, 12))),) if seed in SIM_INCIDENT_SEEDS else ()
        spec = sim.SimSpec(seed, SIM_SECONDS, span, people=int(rng.integers(2, 7)))
        path = folder / f"sim-{seed}.mp4"
        if not path.exists():
            sim.write_mp4(spec, path)
        yield Item(f"sim/{seed}", path, "sim", f"sim-{seed}", spec.incidents)


if __name__ == "__main__":
    typer.run(main)
