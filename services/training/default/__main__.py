"""`python -m services.training.default FEATURES.npz --out FOLDER`: a head an incident.

Each is judged on held-out footage, then fitted to everything and stored. The same features give the
same checkpoints. What was measured goes into model.json and is printed.
"""

import json
from pathlib import Path
from typing import Annotated, Any, cast

import numpy as np
import torch
import typer
from rich import print_json
from torch import nn

from services.scoring import calibration
from services.scoring.calibration import Calibration
from services.scoring.cards import Card
from services.scoring.heads.checkpoint import fingerprint, pack, write
from services.scoring.heads.registry import Network
from services.training.default.embeddings import Table, load
from services.training.default.evaluation import held_out
from services.training.default.fitting import fit
from services.training.default.recipes import RECIPES, Recipe
from services.training.default.tracks import BACKBONE, SPEC, WINDOW
from services.training.default.verdict import alarming, ordering
from services.training.metrics import Floats

DATA = (
    "fight-detection-surv-dataset, 105 fight and 105 normal surveillance clips of 33 sources (MIT)",
    "Intel sample videos, one-by-one-person-detection (CC BY 4.0)",
    "OpenCV samples, vtest.avi",
    "GMDCSA24, 8 falls and 7 daily activities of subjects 1 and 3 (MIT)",
    "squishybalz/retail-shoplifting-detection, {theft} (states no licence)",
    "simulated store scenes of this project, seeds 1000-1011 and 2000-2005",
)
THEFT = {
    "fight": "56 clips of normal shopping",
    "fall": "56 clips of normal shopping and 41 of acted theft, both as normal",
    "theft": "56 clips of normal shopping and 41 of acted theft",
}


def main(
    features: Annotated[list[Path], typer.Argument(help="files that services.cli.views wrote")],
    out: Annotated[Path | None, typer.Option(help="folder of the checkpoints")] = None,
    head: Annotated[str, typer.Option(help="which network; linear is what we ship")] = "linear",
) -> None:
    """Judge the three heads on held-out footage; with --out, fit them to everything and store."""
    torch.set_num_threads(1)
    table = load(features)
    for recipe in RECIPES:
        seen = table.seen_by(recipe)
        score_N = held_out(seen, recipe, lambda part, r=recipe: fit(head)(part, r))  # type: ignore[misc]
        network = fit(head)(seen, recipe)
        calibrated = calibrate(seen, score_N, cast(Network, network).bounds())
        metrics = {
            "held_out": ordering(seen, score_N, recipe),
            "alarms": alarming(seen, score_N, calibrated, recipe.rule),
        }
        print_json(json.dumps({recipe.incident: metrics}))
        if out:
            _store(out / recipe.incident, head, network, (recipe, calibrated, metrics))


def calibrate(table: Table, score_N: Floats, bounds: tuple[float, float]) -> Calibration:
    """From held-out scores of all normal windows that were filmed, in every moving view."""
    normal = (table.label == 0) & (table.kind != "sim") & (table.view != "still")
    return calibration.fit(score_N[normal].astype(np.float32), *bounds)


def _store(
    folder: Path, head: str, network: nn.Module, known: tuple[Recipe, Calibration, dict[str, Any]]
) -> None:
    recipe, calibrated, metrics = known
    digest = fingerprint(pack(network))
    card = Card(
        head=head,
        weights_sha256=digest,
        backbone=BACKBONE,
        window=WINDOW,
        spec=SPEC,
        dim=1024,
        calibration=calibrated,
        rule=recipe.rule,
        data=tuple(line.format(theft=THEFT[recipe.incident]) for line in DATA),
        metrics=metrics,
    )
    write(folder, network, card)


if __name__ == "__main__":
    typer.run(main)
