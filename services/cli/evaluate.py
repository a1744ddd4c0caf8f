"""`nightclerk evaluate`: figures, pictures and a page on how good a head is."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.figures import short, summary
from services.cli.screen import console, err, give_up
from services.scoring.heads import CheckpointError, MismatchError
from services.training.datasets import LabelError
from services.training.examination import PAGE, examine, set_paper
from services.training.features import FeatureError


def evaluate(
    head: Annotated[Path, typer.Option(help="Folder of the checkpoint.")],
    features: Annotated[Path, typer.Option(help="Folder that `nightclerk extract` wrote.")],
    labels: Annotated[Path, typer.Option(help="Labels, in any format that `train` takes.")],
    out: Annotated[Path, typer.Option(help="Where metrics.json and report.html go.")] = Path(
        "report"
    ),
    label_rate: Annotated[
        float | None, typer.Option(help="Frames a second that labels count; each format has one.")
    ] = None,
) -> None:
    """Judge a head on labelled videos that it has not seen."""
    try:
        with err.status("scoring"):
            paper = set_paper(head, features, labels, label_rate)
            result = examine(head, paper, out)
    except (CheckpointError, FeatureError, LabelError, MismatchError) as error:
        give_up(error)
    for notice in result["notices"]:
        err.print(f"[yellow]{notice}[/]", soft_wrap=True, highlight=False)
    console.print(summary({way: result[way] for way in ("streaming", "offline")}))
    console.print(f"scoring: {short(result['fps'], 0)} frames of video a second")
    console.print(f"the whole report: {out / PAGE}", soft_wrap=True, highlight=False)
