"""`python -m services.training.reviews.half THEFT.npz --out FOLDER`: how often it is wrong, a head
that finds half.

The mark is put where half of the thefts of takes that the head has not seen are found; counted is
how many windows of normal takes that it has not seen either reach it. Each take is left out once,
a take of theft and a take of shopping at a time. Over the number of marked thefts that share falls
like a power of it as far as it can be measured; how many marks a wanted share takes is that line
drawn on. Writes half.json. The file is what `curve` takes; the same gives the same.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray

from services.training.default.embeddings import Table, load
from services.training.default.tracks import SPEC
from services.training.reviews.curve import WINDOW_S
from services.training.reviews.fitting import fit

MARKS = (1, 2, 4, 8, 16, 36)
MINUTES = (1.0, 2.5, 5.3)
WANTED = {"10 min": 600.0, "1 h": 3600.0, "24 h": 86400.0}
"""One false window in so much footage with somebody at the shelf, in seconds."""
HALF = 0.5
Shares = NDArray[np.float64]


def main(
    features: Annotated[Path, typer.Argument(help="windows of the kinds theft and shop")],
    out: Annotated[Path, typer.Option(help="where the figures go")],
    draws: Annotated[int, typer.Option(min=2)] = 20,
) -> None:
    """Share of unseen normal windows at the mark that finds half of unseen thefts."""
    torch.set_num_threads(1)
    table = load([features])
    table = table.where((table.view == "plain") & (table.frames >= SPEC.frames))
    found = {
        "marks": MARKS,
        "draws": draws,
        "by_minutes": [_by_minutes(table, minutes, draws) for minutes in MINUTES],
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "half.json").write_text(json.dumps(found, indent=2) + "\n")


def _by_minutes(table: Table, minutes: float, draws: int) -> dict[str, Any]:
    share_KM = np.array([[_share(table, m, minutes, k) for m in MARKS] for k in range(draws)])
    return {
        "minutes": minutes,
        "share": [_middle(share_KM[:, column]) for column in range(len(MARKS))],
        "per_doubling": _middle(np.exp(_lines(share_KM)[0] * np.log(2))),
        "marks_wanted": {
            name: _middle(_marks_wanted(share_KM, WINDOW_S / seconds))
            for name, seconds in WANTED.items()
        },
    }


def _share(table: Table, marks: int, minutes: float, number: int) -> float:
    rng = np.random.default_rng([number, marks])
    is_event = table.kind == "theft"
    highest, normal = list[float](), list[float]()
    takes = (rng.permutation(np.unique(table.group[rows])) for rows in (is_event, ~is_event))
    for theft, shop in zip(*takes, strict=True):
        left_out = np.isin(table.group, (theft, shop))
        videos = np.unique(table.video[is_event & ~left_out])
        taught = np.isin(table.video, rng.permutation(videos)[:marks])
        quiet = rng.permutation(np.flatnonzero(~is_event & ~left_out))
        taught[quiet[: int(minutes * 60 / WINDOW_S)]] = True
        network = fit(table.vectors[taught], is_event[taught], table.video[taught])
        with torch.inference_mode():
            score_N = network(torch.from_numpy(table.vectors)).numpy()
        unseen = np.unique(table.video[table.group == theft])
        highest += [float(score_N[table.video == name].max()) for name in unseen]
        normal += score_N[table.group == shop].tolist()
    return float((np.array(normal) >= np.quantile(highest, 1 - HALF)).mean())


def _marks_wanted(share_KM: Shares, share: float) -> Shares:
    """Where the line of each draw reaches the share."""
    slope_K, start_K = _lines(share_KM)
    return np.asarray(np.exp((np.log(share) - start_K) / slope_K), np.float64)


def _lines(share_KM: Shares) -> tuple[Shares, Shares]:
    """Slope and start of the logarithm of the share over that of the marks, for each draw."""
    slope_K, start_K = np.polyfit(np.log(MARKS), np.log(share_KM.T), 1)
    return slope_K, start_K


def _middle(value_K: Shares) -> list[float]:
    """The median, and where nine of ten lie."""
    return [float(f"{each:.3g}") for each in np.quantile(value_K, [0.5, 0.05, 0.95])]


if __name__ == "__main__":
    typer.run(main)
