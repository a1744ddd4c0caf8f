"""A detector with one head taught anew: all its other heads stay as they are, to the last bit."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from schemas.clips import ClipSpec
from services.rules.folders import checkpoints
from services.scoring import calibration
from services.scoring.cards import Card, read_card
from services.scoring.heads.checkpoint import fingerprint, pack, read, write
from services.scoring.heads.linear.model import Linear
from services.training.default.recipes import rule
from services.training.features import Features
from services.training.reviews.fitting import fit
from services.training.reviews.guards import (
    Guard,
    Judge,
    no_more_alarms,
    not_worse_held_out,
    position,
)
from services.training.reviews.windows import Windows

LEAST_TAUGHT, LEAST_HELD_OUT = 4, 2
"""Events; fewer give a head that says nothing, or a comparison that does."""
LEAST_QUIET = 200
"""Normal windows on either side: about seven minutes with windows of two clips."""
HIGH, ALONE = 0.9, 0.97
"""Marks of a rule that no head had before, as the default detector's for theft."""
METRICS = "reviews"


class TooFewMarks(ValueError):
    """Marks of which no head can be made. The message has the counts."""


class WorseThanBefore(ValueError):
    """A head that did not pass its guards. The message has the figures."""


@dataclass(frozen=True)
class Candidate:
    """What came out, and what was compared; `before` is None where no head looked for it."""

    network: Linear
    card: Card
    guards: tuple[Guard, ...]
    before: str | None


def teach(
    windows: Windows | None, label: str, detector: Path, footage: Sequence[Features] = ()
) -> Candidate:
    """A head for `label` beside the others of `detector`, compared with the one it replaces.

    `footage` shows no event. Raises TooFewMarks, MismatchError where the detector is made for
    other windows, CheckpointError for one that cannot be read, WorseThanBefore.
    """
    enough = require_enough(windows, label)
    folder = folder_of(detector, label)
    before = Judge(*read(folder)) if folder else None
    read_card(checkpoints(detector)[0]).check(*_made_by(enough))
    network = fit(enough.taught.vectors, enough.taught.is_event, enough.taught.event)
    after = Judge(network, _card(network, enough, label, before))
    guards = [position(after)]
    if before:
        guards += [
            not_worse_held_out(before, after, enough.held_out),
            no_more_alarms(before, after, footage),
        ]
    if failed := [f"{guard.name}: {guard.figures}" for guard in guards if not guard.passed]:
        raise WorseThanBefore(f"no candidate was made. {'; '.join(failed)}")
    figures = {guard.name: guard.figures for guard in guards}
    metrics = {METRICS: figures | {"before": before.card.model_id if before else None}}
    card = after.card.model_copy(update={"metrics": metrics})
    return Candidate(network, card, tuple(guards), before.card.model_id if before else None)


def store(candidate: Candidate, detector: Path, out: Path) -> None:
    """The whole detector with the new head in it. Raises FileExistsError where `out` is."""
    out.mkdir(parents=True)
    replaced = folder_of(detector, candidate.card.rule.name)
    for checkpoint in checkpoints(detector):
        if checkpoint != replaced:
            name = read_card(checkpoint).rule.name if checkpoint == detector else checkpoint.name
            shutil.copytree(checkpoint, out / name)
    write(out / candidate.card.rule.name, candidate.network, candidate.card)


def folder_of(detector: Path, label: str) -> Path | None:
    """The checkpoint whose rule is called so."""
    return next(
        (each for each in checkpoints(detector) if read_card(each).rule.name == label), None
    )


def require_enough(windows: Windows | None, label: str) -> Windows:
    """Raises TooFewMarks."""
    if windows is None:
        raise TooFewMarks("the archive holds nothing of these cameras yet")
    needed = {"taught": LEAST_TAUGHT, "held out": LEAST_HELD_OUT}
    sides = {"taught": windows.taught, "held out": windows.held_out}
    lacks = [
        f"{name}: {len(side.events)} events and {int((~side.is_event).sum())} normal windows, "
        f"needed {needed[name]} and {LEAST_QUIET}"
        for name, side in sides.items()
        if len(side.events) < needed[name] or (~side.is_event).sum() < LEAST_QUIET
    ]
    if lacks:
        raise TooFewMarks(
            f"too little was marked as {label}, or on too few days. {'; '.join(lacks)}. "
            "A quarter of all days of a camera is held out for good"
        )
    return windows


def _made_by(windows: Windows) -> tuple[str, int, ClipSpec, int]:
    return windows.backbone, windows.window, windows.spec, windows.vectors.shape[1]


def _card(network: Linear, windows: Windows, label: str, before: Judge | None) -> Card:
    """Calibrated on held-out normal windows. The rule is that of the head before, so that an
    episode which is open goes on.
    """
    held_out = windows.held_out
    normal_ND = held_out.vectors[~held_out.is_event]
    with torch.inference_mode():
        score_N = network(torch.from_numpy(normal_ND)).numpy().astype(np.float32)
    backbone, window, spec, dim = _made_by(windows)
    return Card(
        head="linear",
        weights_sha256=fingerprint(pack(network)),
        backbone=backbone,
        window=window,
        spec=spec,
        dim=dim,
        calibration=calibration.fit(score_N, *network.bounds()),
        rule=before.card.rule if before else rule(label, HIGH, ALONE),
        data=tuple(_described(windows, label)),
    )


def _described(windows: Windows, label: str) -> list[str]:
    sides = {"taught by": windows.taught, "held out": windows.held_out}
    return [
        f"{name} {len(side.events)} events marked {label} and {side.hours:.2f} h without, "
        f"{len(np.unique(side.cell))} camera-days of the store's own"
        for name, side in sides.items()
    ]
