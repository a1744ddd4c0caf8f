"""The default detector's footage, in all its views -> embeddings on disk.

`python -m services.cli.views --footage DIR --out features.npz` feeds the training of its heads. It
lives here because only this layer may see ingest, features and scoring at once.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated
from zlib import crc32

import typer
from numpy.random import default_rng
from rich.progress import track

from services.chassis.media.jpeg import Jpeg, of_rgb
from services.cli.extractor import SPEC
from services.features.backbones import Backbone, load
from services.features.config import FeaturesSettings
from services.features.frames import decode
from services.features.recorded import embeddings
from services.ingest.clips import Passage, clips_of
from services.ingest.sources import sim
from services.training.default.augment import VIEWS, View
from services.training.default.corpus import Item, items
from services.training.default.embeddings import Row, save
from services.training.default.tracks import BACKBONE

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
    backbone = load(BACKBONE, FeaturesSettings().options)
    videos = [*items(footage, street), *(_sim_items(scenes) if scenes else ())]
    videos = [item for item in videos if kinds == "all" or item.kind in kinds.split(",")]
    chosen = list(VIEWS) if views == "all" else views.split(",")
    rows: list[Row] = []
    for item in track(videos, description="embedding"):
        rows += embedded(item, backbone, ["plain"] if item.kind == "sim" else chosen)
    save(out, rows)


def embedded(item: Item, backbone: Backbone, views: Sequence[str]) -> Iterator[Row]:
    """A row a window and view."""
    for name in views:
        passage = iter if name == "plain" else changed(VIEWS[name], item.name)
        found = embeddings(clips_of(item.path, SPEC, passage), backbone)
        for index, (window, vector_D) in enumerate(found):
            frames = sum(clip.frame_count for clip in window.clips)
            shown = label(item, VIEWS[name], index)
            yield Row(item.name, item.kind, item.group, name, index, frames, shown, vector_D)


def changed(view: View, name: str) -> Passage:
    """Between drawing and cutting: the frames change and become JPEGs again."""

    def passage(jpegs: Iterator[Jpeg]) -> Iterator[Jpeg]:
        frames = [decode(jpeg.content) for jpeg in jpegs]
        for frame in view.change(frames, default_rng(crc32(name.encode()))):
            yield of_rgb(frame, view.quality)

    return passage


def label(item: Item, view: View, index: int) -> int:
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
