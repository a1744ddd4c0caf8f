"""`python -m services.training.reviews.curve THEFT.npz --out FOLDER`: how many marks it takes.

The file is what `python -m services.cli.views --kinds theft,shop --views plain` wrote. Clips are
split by takes (neighbouring numbers) again and again: half of the takes teach; of the normal takes
that are left, half set the mark and the others count what it lets through, then the other way
round. Writes learning.json and learning.png. The same file gives the same figures.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from matplotlib.figure import Figure
from numpy.typing import NDArray

from services.scoring.calibration import beyond
from services.training.default.embeddings import Table, load
from services.training.default.tracks import SPEC, WINDOW
from services.training.plots import png
from services.training.reviews.fitting import fit

MARKS = (1, 2, 4, 8, 16)
MINUTES = (1.0, 2.5)
MEASURED = {"1 in 10": 0.1, "1 in 20": 0.05}
A_DAY = "1 a day, drawn out"
WINDOW_S = WINDOW * SPEC.hop_s
SPLITS = 20
Figures = dict[str, float]


def main(
    features: Annotated[Path, typer.Argument(help="windows of the kinds theft and shop")],
    out: Annotated[Path, typer.Option(help="where the figures go")],
    splits: Annotated[int, typer.Option(min=2)] = SPLITS,
) -> None:
    """Share of unseen thefts that a head finds, by marked thefts and minutes of quiet footage."""
    torch.set_num_threads(1)
    table = load([features])
    table = table.where((table.view == "plain") & (table.frames >= SPEC.frames))
    rows = [
        {"marks": marks, "minutes": minutes, "splits": splits} | _summary(found)
        for marks in MARKS
        for minutes in MINUTES
        if (found := list(_drawn(table, marks, minutes, splits)))
    ]
    out.mkdir(parents=True, exist_ok=True)
    (out / "learning.json").write_text(json.dumps(rows, indent=2) + "\n")
    (out / "learning.png").write_bytes(_picture(rows))


def _drawn(table: Table, marks: int, minutes: float, splits: int) -> Iterator[Figures]:
    for number in range(splits):
        rng = np.random.default_rng([number, marks])
        events, unseen = _halves(_takes(table, "theft"), rng)
        quiet, rest = _halves(_takes(table, "shop"), rng)
        sides = _halves(rest, rng)
        marked = rng.permutation(_videos(table, events))[:marks]
        taught = np.isin(table.video, marked)
        normal = rng.permutation(np.flatnonzero(np.isin(table.group, quiet)))
        taught[normal[: int(minutes * 60 / WINDOW_S)]] = True
        is_event = table.kind[taught] == "theft"
        network = fit(table.vectors[taught], is_event, table.video[taught])
        with torch.inference_mode():
            score_N = network(torch.from_numpy(table.vectors)).numpy().astype(np.float64)
        highest = [score_N[table.video == name].max() for name in _videos(table, unseen)]
        for mark_by, count_by in (sides, sides[::-1]):
            by, count = (score_N[np.isin(table.group, each)] for each in (mark_by, count_by))
            yield _figures(np.array(highest), by, count)


def _figures(
    highest: NDArray[np.float64], by: NDArray[np.float64], count: NDArray[np.float64]
) -> Figures:
    found: Figures = {}
    for name, share in MEASURED.items():
        mark = np.quantile(by, 1 - share)
        found[name] = float((highest >= mark).mean())
        found[f"{name}: let through"] = float((count >= mark).mean())
    drawn_out = beyond(by.astype(np.float32), WINDOW_S / 86400)
    return found | {A_DAY: float((highest >= drawn_out).mean())}


def _summary(found: list[Figures]) -> dict[str, Any]:
    """Of each figure the mean, and where nine of ten splits lie."""
    summary: dict[str, Any] = {}
    for name in found[0]:
        values = [each[name] for each in found]
        low, high = np.quantile(values, [0.05, 0.95])
        summary[name] = [round(float(each), 3) for each in (np.mean(values), low, high)]
    return summary


def _takes(table: Table, kind: str) -> NDArray[np.str_]:
    return np.unique(table.group[table.kind == kind])


def _videos(table: Table, takes: NDArray[np.str_]) -> NDArray[np.str_]:
    return np.unique(table.video[np.isin(table.group, takes)])


def _halves(
    names: NDArray[np.str_], rng: np.random.Generator
) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    """The first is the larger one where they cannot be equal."""
    mixed = rng.permutation(names)
    middle = (len(mixed) + 1) // 2
    return mixed[:middle], mixed[middle:]


def _picture(rows: list[dict[str, Any]]) -> bytes:
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots()
    most = [row for row in rows if row["minutes"] == MINUTES[-1]]
    for name, colour in zip((*MEASURED, A_DAY), ("#1f6feb", "#9a6700", "#d1242f"), strict=True):
        x = [row["marks"] for row in most]
        middle, low, high = zip(*(row[name] for row in most), strict=True)
        axes.plot(x, middle, color=colour, marker="o", label=name)
        axes.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)
    axes.set(xscale="log", xticks=list(MARKS), ylim=(-0.02, 1.02))
    axes.set_xticklabels(list(map(str, MARKS)))
    axes.set(xlabel="marked thefts", ylabel="share of unseen thefts found")
    axes.legend(frameon=False, title="quiet windows above the mark", loc="upper left")
    return png(figure)


if __name__ == "__main__":
    typer.run(main)
