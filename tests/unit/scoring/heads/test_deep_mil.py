"""Deep MIL: three published codes, number for number, and the paper's loss by hand.

The numbers were computed by the published code, on the weights and scores made below.
"""

from collections import OrderedDict
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from services.scoring.heads import load_official
from services.scoring.heads.deep_mil import Config, Network, loss, objective
from services.scoring.heads.deep_mil.ranking import penalty

Floats = NDArray[np.float32]

SIZES = (6, 512, 32, 1)
SULTANI = [0.1441263, 0.9379751, 0.9071498, 0.8414328, 0.9912671]
ROC_NG = [0.8901618, 0.9134344, 0.9447129, 0.8027223, 0.9976586]
NO_TERMS = Config(smoothness=0, sparsity=0)


def layers() -> list[tuple[Floats, Floats]]:
    """Weights [out, in] and biases of the three layers."""
    rng, made = np.random.default_rng(0), []
    for narrow, wide in pairwise(SIZES):
        weight = rng.normal(size=(wide, narrow)).astype(np.float32) / np.sqrt(narrow) * 2
        made.append((weight.astype(np.float32), rng.normal(size=wide).astype(np.float32) / 2))
    return made


def torch_weights(prefix: str = "") -> dict[str, Tensor]:
    parts = {}
    for number, (weight, bias) in enumerate(layers(), 1):
        parts[f"{prefix}fc{number}.weight"] = torch.from_numpy(weight)
        parts[f"{prefix}fc{number}.bias"] = torch.from_numpy(bias)
    return parts


def saved_by(*names: str) -> OrderedDict[str, Tensor]:
    """A state dict that came from a torch module with such layers."""
    weights = OrderedDict(torch_weights())
    weights._metadata = {name: {"version": 1} for name in ("", *names)}  # type: ignore[attr-defined]
    return weights


def keras_weights(kernel: str, bias: str, first: int = 1) -> dict[str, Any]:
    """Names by number of the layer; Keras keeps kernels [in, out]."""
    parts: dict[str, Any] = {}
    for number, (weight, offset) in enumerate(layers(), first):
        parts[kernel.format(number)], parts[bias.format(number)] = weight.T, offset
    return parts


def mat_file() -> dict[str, Any]:
    """The original's .mat as scipy reads it: a row of arrays a layer, biases as rows."""
    parts: dict[str, Any] = {"__header__": b"MATLAB 5.0", "__version__": "1.0", "__globals__": []}
    for number, (weight, bias) in enumerate(layers()):
        row = np.empty((1, 2), object)
        row[0, 0], row[0, 1] = weight.T, bias[None]
        parts[str(2 * number)] = row
    return parts | {"1": np.empty((0, 0), object), "3": np.empty((0, 0), object)}


def windows() -> Tensor:
    return torch.from_numpy(np.random.default_rng(1).normal(size=(1, 5, 6)).astype(np.float32))


def scores() -> tuple[Tensor, Tensor]:
    """Of three normal videos and three anomalous ones."""
    rng = np.random.default_rng(2)
    normal, anomalous = (rng.uniform(size=(3, 32)).astype(np.float32) ** power for power in (3, 2))
    return torch.from_numpy(normal), torch.from_numpy(anomalous)


@pytest.mark.parametrize(
    ("weights", "choices", "variant", "expected"),
    [
        (torch_weights, {}, "roc_ng", ROC_NG),
        (lambda: torch_weights("module."), {}, "roc_ng", ROC_NG),
        (lambda: saved_by("fc1", "relu", "sigmoid"), {}, "roc_ng", ROC_NG),
        (lambda: saved_by("fc1", "relu1", "dropout1", "sig"), {}, "ekosman", SULTANI),
        (torch_weights, {"variant": "ekosman"}, "ekosman", SULTANI),
        (lambda: keras_weights("dense_{}/kernel:0", "dense_{}/bias:0"), {}, "sultani", SULTANI),
        (lambda: keras_weights("dense_{}.weight", "dense_{}.bias", 9), {}, "sultani", SULTANI),
        (lambda: keras_weights("dense_{}_W", "dense_{}_b"), {}, "sultani", SULTANI),
        (mat_file, {}, "sultani", SULTANI),
    ],
)
def test_published_weights_give_published_scores(
    weights: Callable[[], Any], choices: dict[str, str], variant: str, expected: list[float]
) -> None:
    network = load_official("deep_mil", weights(), **choices)
    with torch.inference_mode():
        scores_BT = network(windows())
    assert isinstance(network, Network)
    assert network.config.variant == variant
    assert scores_BT.shape == (1, 5)
    assert scores_BT[0].tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ({}, "not 0 arrays"),
        ({"fc1.weight": torch.zeros(2, 3)}, "not 1 arrays"),
        ({"state_dict": torch_weights()}, "arrays are expected, not dict"),
        (torch_weights() | {"fc2.weight": torch.zeros(32, 500)}, "no three layers"),
        (torch_weights() | {"fc3.bias": torch.zeros(2)}, "no three layers"),
    ],
)
def test_other_weights_are_refused(weights: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        load_official("deep_mil", weights)


def test_a_variant_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no variant 'keras'"):
        load_official("deep_mil", torch_weights(), variant="keras")
    with pytest.raises(ValueError, match="cannot meet as 'columns'"):
        Config(pairs="columns")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (Config(), 2.92988786),
        (Config(pairs="rows"), 0.97662932),
        (Config(variant="roc_ng"), 0.97662932),
        (Config(variant="ekosman"), 0.97662932),
    ],
)
def test_losses_are_the_published_ones(config: Config, expected: float) -> None:
    assert float(loss(*scores(), config)) == pytest.approx(expected, rel=1e-6)


def test_sultanis_bags_need_not_be_as_many() -> None:
    normal, anomalous = scores()
    one_by_one = [loss(normal[:2], anomalous[k : k + 1]) for k in range(3)]
    assert float(loss(normal[:2], anomalous)) == pytest.approx(float(sum(one_by_one)), rel=1e-6)


@pytest.mark.parametrize(
    ("variant", "expected"), [("sultani", 2.16479167), ("ekosman", 0.06005947), ("roc_ng", 0.0)]
)
def test_large_weights_cost_what_they_cost_there(variant: Any, expected: float) -> None:
    network = load_official("deep_mil", torch_weights(), variant=variant)
    assert isinstance(network, Network)
    bags = windows(), -windows()
    with torch.inference_mode():
        ranked = loss(network(bags[0]), network(bags[1]), network.config)
        assert float(penalty(network)) == pytest.approx(expected, rel=1e-6)
        assert float(objective(network, *bags) - ranked) == pytest.approx(expected, rel=1e-5)


def test_roc_ng_drops_scores_while_it_trains() -> None:
    torch.manual_seed(0)
    network = load_official("deep_mil", torch_weights()).train()
    with torch.inference_mode():
        scores_BT = network(windows().expand(64, 5, 6))
    assert 0.5 < float((scores_BT == 0).float().mean()) < 0.7
    assert 1.0 < float(scores_BT.max()) <= 2.5


def test_ours_scores_the_direction_and_not_the_length() -> None:
    torch.manual_seed(0)
    network = Network(Config(dim=4, hidden=8, narrow=4)).eval()
    x_BD = torch.linspace(-1, 1, 12).view(3, 4)
    expected = [0.7561352, 0.5543038, 0.4715542]
    with torch.inference_mode():
        assert network(x_BD).tolist() == pytest.approx(expected, abs=1e-6)
        assert network(9 * x_BD).tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("bad", "good", "expected"),
    [
        ([[0.2, 0.9]], [[0.1, 0.3]], 1 - 0.9 + 0.3),
        ([[1.0, 0.0]], [[0.0, 0.0]], 0.0),
        ([[0.0, 0.0]], [[1.0, 0.2]], 2.0),
        ([[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 0.2]], (0 + 1 + 1 + 2) / 2),
    ],
)
def test_the_highest_instances_are_ranked(
    bad: list[list[float]], good: list[list[float]], expected: float
) -> None:
    ranked = loss(torch.tensor(good), torch.tensor(bad), NO_TERMS)
    assert float(ranked) == pytest.approx(expected)


def test_smoothness_and_sparsity_are_those_of_equation_7() -> None:
    config = Config(smoothness=0.5, sparsity=0.25)
    bad, good = torch.tensor([[0.2, 0.9, 0.4]]), torch.tensor([[0.1, 0.3, 0.0]])
    expected = (1 - 0.9 + 0.3) + 0.5 * (0.7**2 + 0.5**2) + 0.25 * 1.5
    assert float(loss(good, bad, config)) == pytest.approx(expected)


def test_the_loss_pulls_the_highest_instances_apart_and_no_others() -> None:
    bad = torch.tensor([[0.2, 0.6, 0.4]], requires_grad=True)
    good = torch.tensor([[0.5, 0.3, 0.1]], requires_grad=True)
    loss(good, bad, NO_TERMS).backward()  # type: ignore[no-untyped-call]
    assert bad.grad is not None
    assert good.grad is not None
    assert bad.grad.tolist() == [[0.0, -1.0, 0.0]]
    assert good.grad.tolist() == [[1.0, 0.0, 0.0]]


def test_a_few_steps_separate_what_can_be_separated() -> None:
    torch.manual_seed(1)
    head = Network(Config(dim=4, hidden=16, narrow=8, dropout=0.0))
    optimizer = torch.optim.Adam(head.parameters(), lr=0.01)
    bad = torch.randn(16, 3, 4) + torch.tensor([4.0, 0, 0, 0])
    good = torch.randn(16, 3, 4) - torch.tensor([4.0, 0, 0, 0])
    for _ in range(60):
        optimizer.zero_grad()
        objective(head, good, bad).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.inference_mode():
        assert float(head(bad).amax(1).mean()) > 0.9
        assert float(head(good).amax(1).mean()) < 0.1
