"""Examines a trained head on labelled features: figures, pictures and a page in a folder."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from services.scoring.cards import Card
from services.scoring.heads.checkpoint import read
from services.scoring.heads.registry import Network, takes
from services.training import datasets, features, plots, report, watching
from services.training.examples import Example, match
from services.training.pieces import by_frame, by_video
from services.training.recipe import apply
from services.training.store import read_seen
from services.training.verdict import judge, without_nan
from services.training.watching import Watched

METRICS, PAGE = "metrics.json", "report.html"


@dataclass(frozen=True)
class Paper:
    """What the head is asked: videos, and what must be said beside the figures."""

    examples: tuple[Example, ...]
    notices: tuple[str, ...]
    labels: str


def set_paper(head: Path, folder: Path, labels: Path, frame_rate: float | None) -> Paper:
    """The videos with a label that the head has not seen. Where it has seen all, all of them,
    and a notice. Raises CheckpointError, FeatureError and LabelError.
    """
    told = datasets.read(labels, frame_rate)
    matched = match(features.read_folder(folder, takes(read(head)[1].head)), told)
    unseen = tuple(read_seen(head).unseen(matched.examples))
    notices = []
    if not unseen:
        unseen = matched.examples
        notices.append(
            "The head was trained on these very videos: the figures say nothing of others."
        )
    elif len(unseen) < len(matched.examples):
        left = len(matched.examples) - len(unseen)
        notices.append(f"{left} videos are left out: the head was trained or chosen with them.")
    if matched.without_features:
        notices.append(f"{matched.without_features} labelled videos have no features.")
    return Paper(unseen, tuple(notices), told.kind)


def examine(head: Path, paper: Paper, out: Path) -> dict[str, Any]:
    """Write metrics.json, PNG files and report.html; return the figures.

    Raises CheckpointError, and MismatchError where the head was made for other features.
    """
    network, card = read(head)
    first = paper.examples[0].features
    card.check(first.backbone, first.window, first.spec, first.dim)
    ways, seconds = watch(network, card, paper.examples)
    result: dict[str, Any] = {
        "model_id": card.model_id,
        "head": card.head,
        "backbone": card.backbone,
        "rule": card.rule.model_dump(),
        "data": _data(paper),
        "notices": list(paper.notices),
        "seconds": seconds,
        "fps": sum(int(one.frames.sum()) for one in paper.examples) / max(seconds, 1e-9),
        **{way: judge(watched, card.rule) for way, watched in ways.items()},
    }
    result = dict(without_nan(result))
    _write(out, result, pictures(ways, card))
    return result


def watch(
    network: Network, card: Card, examples: Sequence[Example]
) -> tuple[dict[str, list[Watched]], float]:
    """Calibrated scores, streaming and offline, and how many seconds the former took."""
    with torch.inference_mode():
        started = time.perf_counter()
        streaming = [watching.streaming(network, one) for one in examples]
        seconds = time.perf_counter() - started
        offline = [watching.offline(network, one) for one in examples]
    ways = {"streaming": streaming, "offline": offline}
    return {
        way: [apply(card.calibration, one) for one in found] for way, found in ways.items()
    }, seconds


def pictures(ways: Mapping[str, Sequence[Watched]], card: Card) -> dict[str, bytes]:
    return {
        "roc": plots.roc(
            {
                "by frames": {way: by_frame(found) for way, found in ways.items()},
                "by videos": {way: by_video(found) for way, found in ways.items()},
            }
        ),
        "histogram": plots.histogram(ways["streaming"], card.rule),
        "scores": plots.curves(ways, card.rule),
    }


def _data(paper: Paper) -> dict[str, Any]:
    return {
        "labels": paper.labels,
        "videos": len(paper.examples),
        "anomalous_videos": sum(not one.is_normal for one in paper.examples),
        "sources": len({one.labelled.source for one in paper.examples}),
        "hours": sum(one.features.duration_s for one in paper.examples) / 3600,
    }


def _write(out: Path, result: Mapping[str, Any], drawn: Mapping[str, bytes]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / METRICS).write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    for name, png in drawn.items():
        (out / f"{name}.png").write_bytes(png)
    (out / PAGE).write_text(report.written(result, drawn))
