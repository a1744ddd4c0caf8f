"""Pictures of an evaluation, as PNG. Drawn without a screen, in colours that print well."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from schemas.policies import PersistenceRule
from services.training.metrics import Ranking
from services.training.pieces import Pieces
from services.training.watching import Watched

mpl.use("Agg")

COLOURS = {"streaming": "#1f6feb", "offline": "#9a6700"}
WRONG = "#d1242f"
ROWS = 12
"""So many videos are drawn at most."""


def roc(named: Mapping[str, Mapping[str, Pieces]]) -> bytes:
    """ROC curves by frames and by videos, one line a way of watching; none that says nothing."""
    known = {
        title: ways
        for title, ways in named.items()
        if all(len(set(pieces.labels)) == 2 for pieces in ways.values())
    }
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    for axes, (title, ways) in zip(_side_by_side(figure, known), known.items(), strict=True):
        axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
        for way, pieces in ways.items():
            ranking = Ranking(pieces.labels, pieces.scores)
            curve = ranking.curve(pieces.weights)
            label = f"{way}, AUC {ranking.auc(pieces.weights):.3f}"
            axes.plot(curve.false_positive, curve.true_positive, color=COLOURS[way], label=label)
        axes.set(xlabel="false positives", ylabel="true positives", title=title, aspect="equal")
        axes.legend(loc="lower right", frameon=False)
    return png(figure)


def _side_by_side(figure: Figure, known: Mapping[str, Any]) -> list[Any]:
    return list(figure.subplots(1, len(known), squeeze=False)[0]) if known else []


def histogram(watched: Sequence[Watched], rule: PersistenceRule) -> bytes:
    """How high the highest score of normal and of anomalous videos is."""
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    axes = figure.subplots()
    sides = {"normal": "#1a7f37", "anomalous": WRONG}
    for name, colour in sides.items():
        peaks = [one.scores.max() for one in watched if one.example.is_normal == (name == "normal")]
        axes.hist(peaks, bins=25, range=(0, 1), alpha=0.6, color=colour, label=f"{name} videos")
    axes.axvline(rule.high, color="black", linestyle="--", linewidth=0.9, label="high mark")
    axes.set(xlabel="highest calibrated score", ylabel="videos", xlim=(0, 1))
    axes.legend(frameon=False)
    return png(figure)


def curves(ways: Mapping[str, Sequence[Watched]], rule: PersistenceRule) -> bytes:
    """Scores over time of some videos: anomalous ones first, long ones first."""
    count = len(next(iter(ways.values())))
    order = sorted(range(count), key=lambda row: _interest(ways["streaming"][row]))[:ROWS]
    figure = Figure(figsize=(9, 1.15 * len(order) + 0.5), layout="constrained")
    plots = figure.subplots(len(order), 1, squeeze=False)[:, 0]
    for axes, row in zip(plots, order, strict=True):
        _curve(axes, {way: watched[row] for way, watched in ways.items()}, rule)
    plots[0].legend(frameon=False, loc="upper right", fontsize=7, ncols=2)
    plots[-1].set_xlabel("seconds")
    return png(figure)


def _curve(axes: Any, ways: Mapping[str, Watched], rule: PersistenceRule) -> None:
    example = next(iter(ways.values())).example
    for span in example.labelled.spans or ():
        axes.axvspan(span.start_s, span.end_s, color=WRONG, alpha=0.15, linewidth=0)
    edges = [*example.features.start_s, example.features.duration_s]
    for way, watched in ways.items():
        axes.stairs(watched.scores, edges, color=COLOURS[way], label=way, baseline=None)
    axes.axhline(rule.high, color="black", linestyle="--", linewidth=0.6)
    axes.set(ylim=(-0.02, 1.02), xlim=(0, example.features.duration_s), yticks=[0, 1])
    title = f"{example.features.video} ({example.labelled.label})"
    axes.set_title(title.replace("$", r"\$"), fontsize=8, loc="left")
    axes.tick_params(labelsize=7)


def _interest(watched: Watched) -> tuple[bool, float]:
    return watched.example.is_normal, -watched.example.features.duration_s


def png(figure: Figure) -> bytes:
    """As all pictures here are kept."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
