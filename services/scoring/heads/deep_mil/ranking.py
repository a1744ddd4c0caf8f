"""The ranking loss, equation 7 of the paper, as three repositories published it.

A bag is a video, its instances are windows in order; only the bag is labelled.
Shapes: N normal bags, A anomalous ones, T instances a bag, D dimensions.
"""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.scoring.heads.deep_mil.config import DeepMILConfig
from services.scoring.heads.deep_mil.model import DeepMIL

SULTANI = DeepMILConfig()


def loss(normal_NT: Tensor, anomalous_AT: Tensor, config: DeepMILConfig = SULTANI) -> Tensor:
    """The highest instance of an anomalous bag above that of a normal one by 1, and anomalous
    scores smooth in time and few.

    `pairs="all"`, as Sultani's own code: every anomalous bag against every normal one; hinges are
    averaged over the normal bags, and all is summed over the anomalous ones. `pairs="rows"`, as the
    two others: bags meet row by row (A = N), and all is averaged.
    """
    pairs = config.pairs or ("all" if config.variant == "sultani" else "rows")
    normal_N, anomalous_A = normal_NT.amax(dim=1), anomalous_AT.amax(dim=1)
    smooth_A = (anomalous_AT[:, 1:] - anomalous_AT[:, :-1]).square().sum(dim=1)
    sparse_A = anomalous_AT.sum(dim=1)
    terms_A = config.smoothness * smooth_A + config.sparsity * sparse_A
    if pairs == "rows":
        return (F.relu(1 - anomalous_A + normal_N) + terms_A).mean()
    return (F.relu(1 - anomalous_A[:, None] + normal_N).mean(dim=1) + terms_A).sum()


def penalty(network: DeepMIL) -> Tensor:
    """What is added for large weights, while training.

    Sultani: the squares of the weights. Ekosman: the lengths of each layer's weights and biases
    together. Roc-Ng: nothing, the optimiser's `weight_decay` does it.
    """
    layers = (network.fc1, network.fc2, network.fc3)
    if network.config.variant == "roc_ng":
        return network.fc1.weight.new_zeros(())
    if network.config.variant == "sultani":
        sizes = [layer.weight.square().sum() for layer in layers]
    else:
        sizes = [torch.cat([layer.weight.flatten(), layer.bias]).norm() for layer in layers]
    return network.config.penalty * torch.stack(sizes).sum()


def objective(network: DeepMIL, normal_NTD: Tensor, anomalous_ATD: Tensor) -> Tensor:
    """What training minimises. Scores of half precision are made whole again first."""
    normal_NT, anomalous_AT = network(normal_NTD).float(), network(anomalous_ATD).float()
    return loss(normal_NT, anomalous_AT, network.config) + penalty(network)
