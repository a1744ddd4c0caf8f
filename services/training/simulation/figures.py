"""What weeks of many cameras come to: rates by day, and intervals over cameras."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from services.training.simulation.weeks import Day

mpl.use("Agg")
RESAMPLED = 1000
SMOOTH_DAYS = 3
COLOURS = ("#8c959f", "#1f6feb", "#bf8700", "#1a7f37")

Counts = NDArray[np.float64]
"""[cameras, days, (false alarms, events, caught, mark, drifts)]"""
Results = Mapping[str, Mapping[str, Counts]]
"""By what happens, by way of calibrating."""


def counts(cameras: Sequence[Sequence[Day]]) -> Counts:
    return np.array(cameras, np.float64)


def false_alarms(counts_CDK: Counts) -> float:
    """A camera and day."""
    return float(counts_CDK[..., 0].mean())


def recall(counts_CDK: Counts) -> float:
    events = counts_CDK[..., 1].sum()
    return float(counts_CDK[..., 2].sum() / events) if events else float("nan")


def summary(results: Results, periods: Mapping[str, slice], seed: int) -> dict[str, Any]:
    """Rates of each period, with intervals of 95 % over cameras."""
    return {
        course: {
            way: {
                period: {
                    "false_alarms": _with_interval(counts_CDK[:, days], false_alarms, seed),
                    "recall": _with_interval(counts_CDK[:, days], recall, seed),
                    "mark": float(counts_CDK[:, days, 3].mean()),
                    "drifting": float(counts_CDK[:, days, 4].mean()),
                }
                for period, days in periods.items()
            }
            for way, counts_CDK in found.items()
        }
        for course, found in results.items()
    }


def picture(results: Results) -> bytes:
    """False alarms and recall by day, a column a course, as PNG."""
    figure = Figure(figsize=(3.4 * len(results), 5.6), layout="constrained")
    axes = figure.subplots(2, len(results), sharex=True, sharey="row", squeeze=False)
    for column, (course, found) in enumerate(results.items()):
        for (way, counts_CDK), colour in zip(found.items(), COLOURS, strict=True):
            for row, rate in enumerate((false_alarms, recall)):
                axes[row, column].plot(_by_day(counts_CDK, rate), color=colour, label=way)
        axes[0, column].set_title(course, fontsize=10)
        axes[0, column].set_yscale("symlog", linthresh=1.0)
        axes[1, column].set(xlabel="day", ylim=(0, 1))
    axes[0, 0].set_ylabel("false alarms a camera and day")
    axes[1, 0].set_ylabel("share of events that raised an alarm")
    axes[0, 0].legend(fontsize=8)
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=110)
    return target.getvalue()


def _by_day(counts_CDK: Counts, rate: Callable[[Counts], float]) -> list[float]:
    """Of the latest days up to each."""
    days = counts_CDK.shape[1]
    return [rate(counts_CDK[:, max(0, day - SMOOTH_DAYS + 1) : day + 1]) for day in range(days)]


def _with_interval(
    counts_CDK: Counts, rate: Callable[[Counts], float], seed: int
) -> dict[str, float]:
    draw, cameras = np.random.default_rng(seed), len(counts_CDK)
    again = [rate(counts_CDK[draw.integers(0, cameras, cameras)]) for _ in range(RESAMPLED)]
    low, high = np.nanquantile(again, [0.025, 0.975])
    return {"value": rate(counts_CDK), "low": float(low), "high": float(high)}
