"""`nightclerk weights`: the weights of others that backbones need, fetched, added and checked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from services.chassis.environment import read
from services.cli.screen import console, err, give_up
from services.features.backbones import has_int8
from services.features.backbones.base import locked
from services.features.config import FeaturesSettings
from services.features.weights import MODELS, FetchError, Model, Source, Weights, download, store

weights = typer.Typer(
    help="The weights that backbones need. None is part of Nightclerk; licences are shown.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@weights.command("list")
def list_weights(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Show every file: whether it is here, how large it is, its licence."""
    cache = read(FeaturesSettings).cache_dir
    if as_json:
        console.print_json(data=[as_dict(cache, *one) for one in every_file()])
        return
    table = Table("file", "for", "", "MB", "licence", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    for model, source in every_file():
        here = store.place(cache, model, source).exists()
        mark = "[green]here[/]" if here else "[dim]missing[/]"
        table.add_row(source.name, model.name, mark, str(source.megabytes), model.licence)
    console.print(table)
    console.print(f"They lie in {cache}/<for>/ (NIGHTCLERK_CACHE_DIR).", soft_wrap=True)
    console.print(computed(FeaturesSettings()), soft_wrap=True, highlight=False)


@weights.command()
def pull(
    names: Annotated[list[str], typer.Argument(help="A model, or one file of it.")],
) -> None:
    """Fetch weights from where their makers offer them; goes on where it was cut off."""
    with refusals():
        for model, sources in map(download.wanted, names):
            introduced(model)
            for source in sources:
                told(pulled(model, source), source)


@weights.command()
def add(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)],
) -> None:
    """Copy files of weights to where they belong, for instance from a USB stick."""
    cache = read(FeaturesSettings).cache_dir
    with refusals():
        for file in files:
            model, source = store.owner(file.name)
            introduced(model)
            with locked(cache / model.name):
                told(store.add(cache, file), source)


@weights.command()
def verify() -> None:
    """Compute the checksums of all files that are here. Exit code 1 when one has changed."""
    cache = read(FeaturesSettings).cache_dir
    states = [(store.place(cache, *one).name, store.state(cache, *one)) for one in every_file()]
    for name, state in states:
        if state != "missing":
            console.print(f"{name:34} {'[green]ok[/]' if state == 'here' else '[red]changed[/]'}")
    if all(state == "missing" for _, state in states):
        console.print(f"no weights in {cache}", soft_wrap=True)
    if any(state == "changed" for _, state in states):
        raise typer.Exit(1)


@weights.command()
def quantize(
    backbone: Annotated[str, typer.Argument(help="The network.")] = "i3d_k400",
    footage: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Compare with f32 on these videos."),
    ] = None,
) -> None:
    """Make a backbone's int8 network now; the first start on a CPU without bf16 does it too."""
    # OpenVINO is imported for whoever needs it, not for whoever lists files.
    from services.cli import int8
    from services.cli.extract import videos_in

    options = FeaturesSettings().options
    with refusals():
        console.print(f"[green]here[/]  {int8.made(backbone, options)}", soft_wrap=True)
        if footage:
            likeness = int8.compared(backbone, options, list(videos_in(footage)))
            console.print(f"  {likeness}", soft_wrap=True, highlight=False)


def every_file() -> Iterator[tuple[Model, Source]]:
    return ((model, source) for model in MODELS.values() for source in model.sources)


def as_dict(cache: Path, model: Model, source: Source) -> dict[str, object]:
    path = store.place(cache, model, source)
    return {
        "model": model.name,
        "file": source.name,
        "here": path.exists(),
        "path": str(path),
        "url": source.url,
        "page": model.page,
        "sha256": source.sha256 or store.remembered(path.parent).get(path.name, ""),
        "megabytes": source.megabytes,
        "licence": model.licence,
    }


def introduced(model: Model) -> None:
    """What it is and under which licence it comes, before anything is done."""
    err.print(f"{model.name}: {model.tells}", soft_wrap=True)
    err.print(f"  {model.page}\n  licence: {model.licence}", soft_wrap=True)


def pulled(model: Model, source: Source) -> Weights:
    """Download one file under a bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=err, transient=True) as progress:
        task = progress.add_task(source.name, total=None)

        def report(here: int, whole: int) -> None:
            progress.update(task, completed=here, total=whole)

        return download.pull(read(FeaturesSettings).cache_dir, model, source, report)


def told(weights: Weights, source: Source) -> None:
    """Where a file lies and how far its checksum is to be trusted."""
    how = "as published" if source.sha256 else "none is published; remembered from now on"
    console.print(f"[green]here[/]  {weights.path}", soft_wrap=True)
    if not source.kept_as:
        console.print(f"  sha256 {weights.sha256} ({how})", soft_wrap=True)


def computed(settings: FeaturesSettings) -> str:
    """How the backbone of the settings is computed on this machine."""
    from services.features.backbones import engine

    how = engine.described(settings.options, has_int8(settings.backbone))
    return f"{settings.backbone} is computed here by {how} (NIGHTCLERK_PRECISION)."


@contextmanager
def refusals() -> Iterator[None]:
    """Say in one line why weights could not be had."""
    try:
        yield
    except (FetchError, OSError, ValueError) as error:
        give_up(error)
