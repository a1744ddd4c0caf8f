"""`nightclerk bias-check`: whether a head has learned the position of events."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services.cli.figures import short
from services.cli.screen import console, err, give_up
from services.rules.cards import HEADS, require_head
from services.scoring.heads import CheckpointError
from services.scoring.heads.checkpoint import read
from services.scoring.heads.registry import takes
from services.training import datasets, features
from services.training.bias import WAYS, Checked, Gate, Real, check
from services.training.datasets import LabelError
from services.training.examples import Example, match
from services.training.features import FeatureError
from services.training.loop import Plan

FAILED = 1


def bias_check(
    name: Annotated[str, typer.Option(help=f"One of {', '.join(HEADS)}.")] = "causal_mil",
    head: Annotated[Path | None, typer.Option(help="A trained head instead, its folder.")] = None,
    footage: Annotated[
        Path | None, typer.Option("--features", help="Features to check the trained head on.")
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Labels of those features.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Training steps on made-up videos.")] = 300,
) -> None:
    """Fail (exit code 1) when a head tells by the position instead of the picture."""
    try:
        real, name, settings = None, require_head(name), dict[str, object]()
        if head is not None:
            network, card = read(head)
            name, settings = card.head, card.config
            real = Real(network, card.dim, _examples(name, footage, labels))
        with err.status("training on made-up videos, and scoring them"):
            checked = check(name, Plan(steps=steps), settings, real)
    except (CheckpointError, FeatureError, LabelError, ValueError) as error:
        give_up(error)
    tell(name, checked)
    raise typer.Exit(0 if checked.passed else FAILED)


def tell(name: str, checked: Checked) -> None:
    table = Table(name, *WAYS, "at most", "", box=None, header_style="dim")
    for gate in checked.gates:
        values = (short(gate.values.get(way)) for way in WAYS)
        table.add_row(gate.tells, *values, f"{gate.limit:g}", _verdict(gate))
    console.print(table)
    told = ", ".join(f"{what} {short(auc)}" for what, auc in checked.position_only.items())
    console.print(
        f"AUC of a scorer that knows only the position: {told}", soft_wrap=True, highlight=False
    )


def _verdict(gate: Gate) -> str:
    return "[green]passed[/]" if gate.passed else "[bold red]failed[/]"


def _examples(name: str, folder: Path | None, labels: Path | None) -> tuple[Example, ...]:
    if folder is None or labels is None:
        return ()
    return match(features.read_folder(folder, takes(name)), datasets.read(labels)).examples
