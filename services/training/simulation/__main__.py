"""`python -m services.training.simulation --head H --normal DIR --events DIR --out DIR`.

Weeks of cameras made of footage: what calibration does to alarms and recall (ADR 0052). Both
folders are what `nightclerk extract` wrote: of footage on which nothing happens, and of events
that the head is to find, neither of which it was trained on. Writes simulation.json and .png.
"""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from services.scoring.heads.checkpoint import read
from services.scoring.heads.registry import Network, live_scores
from services.training.features import read_folder
from services.training.simulation.figures import Counts, counts, picture, summary
from services.training.simulation.scenes import COURSES, Chances, Course, Footage, Raw, visits
from services.training.simulation.weeks import live, ways

PERIODS = {"days 1-3": slice(0, 3), "days 4-14": slice(3, 14), "days 15-28": slice(14, 28)}


def main(  # noqa: PLR0913 - each is an option
    head: Annotated[Path, typer.Option(help="folder of the checkpoint")],
    normal: Annotated[list[Path], typer.Option(help="features of footage without events")],
    events: Annotated[list[Path], typer.Option(help="features of events")],
    out: Annotated[Path, typer.Option(help="where the figures go")],
    cameras: Annotated[int, typer.Option(min=1)] = 40,
    days: Annotated[int, typer.Option(min=28)] = 28,
    budget: Annotated[float, typer.Option(help="false alarms a camera and day")] = 1.0,
    visits_a_day: Annotated[float, typer.Option(help="how busy a store is")] = 150.0,
    seed: int = 0,
) -> None:
    """The same cameras and visits under every way of calibrating."""
    network, card = read(head)
    footage = Footage(_raw(network, normal), _raw(network, events), card.calibration, card.rule)
    size, chances = (cameras, days), Chances(visits_a_day)
    results = {
        course.name: _course(footage, course, size, (chances, budget, seed)) for course in COURSES
    }
    out.mkdir(parents=True, exist_ok=True)
    figures = {
        "model": card.model_id,
        "cameras": cameras,
        "days": days,
        "budget_per_day": budget,
        "seed": seed,
        "normal_videos": len(footage.normal),
        "event_videos": len(footage.events),
        "chances": vars(chances),
        "rates": summary(results, PERIODS, seed),
    }
    (out / "simulation.json").write_text(json.dumps(figures, indent=2) + "\n")
    (out / "simulation.png").write_bytes(picture(results))


def _course(
    footage: Footage, course: Course, size: tuple[int, int], how: tuple[Chances, float, int]
) -> dict[str, Counts]:
    (cameras, days), (chances, budget, seed) = size, how
    drawn = [
        list(visits(footage, course, days, chances, np.random.default_rng((seed, camera))))
        for camera in range(cameras)
    ]
    return {
        way.name: counts(
            [
                live(seen, footage.rule, way, np.random.default_rng((seed, camera, 1)))
                for camera, seen in enumerate(drawn)
            ]
        )
        for way in ways(budget)
    }


def _raw(network: Network, folders: list[Path]) -> list[Raw]:
    """A score a clip of each video: those of a window share its score."""
    found = []
    for features in (each for folder in folders for each in read_folder(folder)):
        x_TD = torch.from_numpy(np.array(features.vectors[0], np.float32))
        with torch.inference_mode():
            scores_T = live_scores(network, x_TD).numpy().astype(np.float64)
        found.append(np.repeat(scores_T, features.window))
    return found


if __name__ == "__main__":
    typer.run(main)
