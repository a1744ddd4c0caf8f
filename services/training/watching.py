"""What a network says of a whole video: as a live stream would hear it, or all at once.

Shapes: C crops, T windows, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from services.scoring.heads.registry import Network, live_scores
from services.training.examples import Example
from services.training.features import Vectors

Scores = NDArray[np.float64]
PERSONS_AT_ONCE = 1024
LONGEST = 1024
"""So many windows are looked at together when a video is judged at once."""


@dataclass(frozen=True)
class Watched:
    """A video with a score a window, raw or calibrated."""

    example: Example
    scores: Scores
    """[T]"""


def streaming(network: Network, example: Example, device: str = "cpu") -> Watched:
    """Each window from what came before it only; crops averaged, of persons the highest."""
    if example.features.persons is not None:
        return Watched(example, _of_persons(network, example.features.persons, device))
    return _watched(example, [live_scores(network, x_TD) for x_TD in _crops(example, device)])


def offline(network: Network, example: Example, device: str = "cpu") -> Watched:
    """Each window from the whole video (from its stretch of LONGEST windows); crops averaged.

    What a person did is known up to now only, so for persons it is the same as streaming.
    """
    if example.features.persons is not None:
        return streaming(network, example, device)
    crops = [
        torch.cat([network(part_TD[None])[0] for part_TD in torch.split(x_TD, LONGEST)])
        for x_TD in _crops(example, device)
    ]
    return _watched(example, crops)


def _of_persons(network: Network, persons: Sequence[Vectors], device: str) -> Scores:
    """The highest score of the persons of each window; the lowest there is where nobody is."""
    counts = [len(one) for one in persons]
    lowest = network.bounds()[0]
    if not sum(counts):
        return np.full(len(persons), lowest)
    sequences_PSD = torch.from_numpy(np.concatenate(persons)).to(device)
    parts = [network(part)[:, -1] for part in torch.split(sequences_PSD, PERSONS_AT_ONCE)]
    scores_P = torch.cat(parts).float().cpu().numpy().astype(np.float64)
    of_window = np.split(scores_P, np.cumsum(counts)[:-1])
    return np.array([one.max() if len(one) else lowest for one in of_window], np.float64)


def _crops(example: Example, device: str) -> list[torch.Tensor]:
    return [
        torch.from_numpy(np.array(x_TD, np.float32)).to(device) for x_TD in example.features.vectors
    ]


def _watched(example: Example, crops: Sequence[torch.Tensor]) -> Watched:
    scores_T = torch.stack(list(crops)).float().mean(dim=0)
    return Watched(example, scores_T.cpu().numpy().astype(np.float64))
