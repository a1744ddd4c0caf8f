"""`python -m services.training.aihub POSES.npz`: lstm_ae on AI-Hub's poses, by frames.

Trained on the normal tracks of the training split only, judged on the frames of the test split. It
prints numbers and writes nothing: the footage's terms allow no weights to be passed on.
Shapes: N frames of all people, B stretches, T frames, D numbers a frame.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich import print_json
from sklearn.metrics import roc_auc_score
from torch import Tensor

from services.scoring.heads import lstm_ae
from services.training.datasets.aihub_poses import Track, read

EVERY = 40
"""A stretch for training starts at every so manieth frame of a track."""
LR = 3e-3
LATEST = 45
"""Frames whose scores are averaged, the latest and those before it."""
TRUNK, WRISTS = ([5, 6], [11, 12]), [9, 10]
LONG_TRUNK = 100.0
"""Pixels, for who never shows all of it."""
HANDS = lstm_ae.Config(tells="hands")
Scores = NDArray[np.float64]


def main(
    poses: Annotated[Path, typer.Argument(help="aihub_store_poses.npz")],
    rounds: Annotated[int, typer.Option(help="times through the training stretches")] = 8,
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Train, judge, print."""
    torch.set_num_threads(1)
    tracks = list(read(poses))
    test = [track for track in tracks if track.is_test]
    learnt = {}
    for tells, config in {"hands": HANDS, "numbers and steps": lstm_ae.Config()}.items():
        network = fit([track for track in tracks if not track.is_test], rounds, seed, config)
        raw = [scores(network, track) for track in test]
        learnt[f"lstm_ae, {tells}"] = judge(test, [latest(one, LATEST) for one in raw])
        learnt[f"lstm_ae, {tells}, no averaging"] = judge(test, raw)
    told = {
        **learnt,
        "faster hand": judge(test, [latest(hands(one), LATEST) for one in test]),
        "frames since a person came": judge(test, [np.arange(len(one.theft)) for one in test]),
    }
    print_json(json.dumps(told))


def fit(
    tracks: Sequence[Track], rounds: int, seed: int, config: lstm_ae.Config = HANDS
) -> lstm_ae.Network:
    """Adam on stretches of one person each, in an order that the seed decides."""
    torch.manual_seed(seed)
    network = lstm_ae.Network(config)
    stretches_BTD = torch.cat([_stretches(track, config.frames) for track in tracks])
    network.prepare(stretches_BTD)
    optimizer = torch.optim.Adam(network.parameters(), lr=LR)
    for _ in range(rounds):
        for rows in torch.split(torch.randperm(len(stretches_BTD)), config.batch):
            optimizer.zero_grad()
            error = lstm_ae.objective(network, stretches_BTD[rows])
            error.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return network.eval()


def scores(network: lstm_ae.Network, track: Track) -> Scores:
    """A raw score a frame, from the frames up to it."""
    with torch.inference_mode():
        raw_BT: Tensor = network(torch.from_numpy(track.numbers_TD)[None])
    return np.asarray(raw_BT[0].numpy(), np.float64)


def hands(track: Track) -> Scores:
    """Speed of the faster hand against the middle of the body, in lengths of the trunk a frame;
    0 where it cannot be seen. No learning: what a learned score has to beat.
    """
    shoulders_T2, hips_T2 = (track.pixels_T172[:, ends].mean(axis=1) for ends in TRUNK)
    trunk = np.nanmedian(np.append(np.linalg.norm(shoulders_T2 - hips_T2, axis=1), LONG_TRUNK))
    hands_T22 = track.pixels_T172[:, WRISTS] - (shoulders_T2 + hips_T2)[:, None] / 2
    speed_T2 = np.linalg.norm(np.diff(hands_T22, axis=0, prepend=hands_T22[:1]), axis=2) / trunk
    return np.asarray(np.nan_to_num(speed_T2).clip(0, 1).max(axis=1), np.float64)


def latest(score_N: Scores, count: int) -> Scores:
    """The mean of each score and those before it, `count` at most."""
    total = np.concatenate([[0.0], np.cumsum(score_N)])
    ends = np.arange(1, len(score_N) + 1)
    starts = np.maximum(ends - count, 0)
    return np.asarray((total[ends] - total[starts]) / (ends - starts), np.float64)


def judge(tracks: Sequence[Track], found: Sequence[NDArray[np.generic]]) -> dict[str, float]:
    """AUC over the frames of all people, over pictures (the highest of their people), and over the
    frames of people only who steal at some time: the last cannot be won by telling videos apart.
    """
    score_N, theft_N = np.concatenate(found), np.concatenate([one.theft for one in tracks])
    thief_N = np.concatenate([np.full(len(one.theft), one.theft.any()) for one in tracks])
    names = [f"{one.video}#{frame}" for one in tracks for frame in one.frames]
    _, picture_N = np.unique(names, return_inverse=True)
    highest, stolen = np.full(picture_N.max() + 1, -np.inf), np.zeros(picture_N.max() + 1, bool)
    np.maximum.at(highest, picture_N, score_N)
    np.logical_or.at(stolen, picture_N, theft_N)
    return {
        "frames of people": _auc(theft_N, score_N),
        "pictures": _auc(stolen, highest),
        "frames of thieves": _auc(theft_N[thief_N], score_N[thief_N]),
    }


def _stretches(track: Track, frames: int) -> Tensor:
    x_TD = torch.from_numpy(track.numbers_TD)
    if len(x_TD) < frames:
        return x_TD.new_zeros(0, frames, x_TD.shape[1])
    return x_TD.unfold(0, frames, EVERY).transpose(1, 2)


def _auc(theft_N: NDArray[np.bool_], score_N: NDArray[np.generic]) -> float:
    return round(float(roc_auc_score(theft_N, score_N)), 3)


if __name__ == "__main__":
    typer.run(main)
