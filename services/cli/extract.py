"""`nightclerk extract DIR`: a feature file for every video of a folder, for training heads.

A run that was stopped goes on where it was: a file is written whole or not at all, and one that is
there and made alike is left. A video that cannot be read is a line of its own; the rest goes on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.chassis.environment import read
from services.chassis.errors import InvalidMessage
from services.cli.extractor import Extractor, Heard, embeddings_by, poses_by
from services.cli.report import clock
from services.cli.screen import console, err, give_up, printable
from services.features.backbones import NAMES, load
from services.features.config import FeaturesSettings
from services.features.pose import ID as POSES
from services.features.pose import load as load_poses
from services.training import features
from services.training.datasets.labelled import VIDEOS

BAD_FILE = 2


def extract(
    folder: Annotated[Path, typer.Argument(help="Footage; folders inside are looked into.")],
    out: Annotated[Path, typer.Option(help="Where the feature files go, a file a video.")] = Path(
        "features"
    ),
    backbone: Annotated[
        str, typer.Option(help=f"The network that looks: {', '.join((*NAMES, POSES))}.")
    ] = "i3d_k400",
) -> None:
    """Turn a folder of videos into features that heads are trained on."""
    if not folder.is_dir():
        give_up(f"there is no folder {folder}")
    videos = list(videos_in(folder))
    if not videos:
        give_up(f"{folder} holds no video files")
    try:
        extractor = chosen(backbone)
    except (ValueError, RuntimeError) as error:
        give_up(error)
    tally = run(folder, videos, out, extractor)
    console.print(tally.told(), highlight=False)
    raise typer.Exit(BAD_FILE if tally.failed else 0)


def chosen(name: str) -> Extractor:
    """Raises ValueError for an unknown name, RuntimeError where weights or software are absent."""
    settings = read(FeaturesSettings)
    if name == POSES:
        return poses_by(load_poses(settings.pose_options), settings.pose_options)
    return embeddings_by(load(name, settings.options))


@dataclass
class Tally:
    """What became of the videos."""

    made: int = 0
    kept: int = 0
    failed: int = 0
    windows: int = 0

    def told(self) -> str:
        return (
            f"{self.made} extracted ({self.windows} windows), {self.kept} were there, "
            f"{self.failed} failed"
        )


def videos_in(folder: Path) -> Iterator[Path]:
    """Every video below the folder, by name."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in VIDEOS and path.is_file() and not path.name.startswith("."):
            yield path


def run(folder: Path, videos: list[Path], out: Path, extractor: Extractor) -> Tally:
    """Extract what is not there yet."""
    tally = Tally()
    with bars(len(videos)) as progress:
        for path in videos:
            name = printable(path.relative_to(folder).as_posix())
            with under_way(progress, escape(name)) as heard:
                _one(path, name, out / f"{name}.npz", extractor, tally, heard)
    return tally


def _one(
    path: Path, name: str, target: Path, extractor: Extractor, tally: Tally, heard: Heard
) -> None:
    if _is_done(path, target, extractor):
        tally.kept += 1
        return
    try:
        content, windows = extractor.look(path, name, heard)
        features.write(target, **content)
    except (InvalidMessage, OSError) as error:
        tally.failed += 1
        err.print(f"[red]failed[/] {escape(name)}: {escape(str(error))}", soft_wrap=True)
        return
    tally.made += 1
    tally.windows += windows


def _is_done(path: Path, target: Path, extractor: Extractor) -> bool:
    """Whole, made alike, and not older than the video."""
    return (
        target.exists()
        and target.stat().st_mtime >= path.stat().st_mtime
        and features.is_made_by(target, extractor.backbone, extractor.window, extractor.spec)
    )


@contextmanager
def bars(count: int) -> Iterator[Progress]:
    """One bar for the whole, and the name of the video under way."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        progress.add_task("videos", total=count)
        yield progress


@contextmanager
def under_way(progress: Progress, name: str) -> Iterator[Heard]:
    """A line for one video that says how far into it we are."""
    task = progress.add_task(name, total=None)
    yield lambda seconds: progress.update(task, description=f"{name}  [dim]{clock(seconds)}[/]")
    progress.remove_task(task)
    progress.advance(progress.task_ids[0])
