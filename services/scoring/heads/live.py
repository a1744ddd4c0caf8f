"""Scores of a stream: at every window only what came before is looked at.

Shapes: T windows, D dimensions, C windows of context.
"""

import torch
from torch import Tensor

from services.scoring.heads.registry import Network


def contexts(x_TD: Tensor, context: int) -> Tensor:
    """For each window the `context` latest ones up to it: [T, C, D]; the first one is repeated."""
    before_TD = x_TD[:1].expand(context - 1, -1)
    return torch.cat([before_TD, x_TD]).unfold(0, context, 1).transpose(1, 2)


def live_scores(network: Network, x_TD: Tensor, batch: int = 256) -> Tensor:
    """Scores [T] as a live stream gives them, whatever the head does with a whole video."""
    windows_TCD = contexts(x_TD, network.context)
    starts = range(0, len(windows_TCD), batch)
    scores = [network(windows_TCD[start : start + batch])[:, -1] for start in starts]
    return torch.cat(scores) if scores else x_TD.new_zeros(0)
