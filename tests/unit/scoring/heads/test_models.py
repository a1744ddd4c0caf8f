"""The heads' networks: numbers under a fixed seed, the paper's loss by hand, bounds that hold."""

import numpy as np
import pytest
import torch

from services.scoring.heads.deep_mil.config import DeepMILConfig
from services.scoring.heads.deep_mil.model import DeepMIL, ranking_loss
from services.scoring.heads.linear.config import LinearConfig
from services.scoring.heads.linear.model import Linear

NO_TERMS = DeepMILConfig(smoothness=0, sparsity=0)


def linear(weights: list[float], bias: float) -> Linear:
    head = Linear(LinearConfig(dim=len(weights)))
    with torch.no_grad():
        head.out.weight.copy_(torch.tensor([weights]))
        head.out.bias.fill_(bias)
    return head.eval()


def test_linear_scores_the_direction_and_not_the_length() -> None:
    head = linear([3.0, 4.0], bias=-1.0)
    with torch.inference_mode():
        scores = head(torch.tensor([[3.0, 4.0], [30.0, 40.0], [-3.0, -4.0], [4.0, -3.0]]))
    assert scores.tolist() == pytest.approx([4.0, 4.0, -6.0, -1.0], abs=1e-6)
    low, high = head.bounds()
    assert low < -6.0
    assert high > 4.0


def test_deep_mil_numbers_stay() -> None:
    torch.manual_seed(0)
    head = DeepMIL(DeepMILConfig(dim=4, hidden=8, narrow=4)).eval()
    x_BD = torch.linspace(-1, 1, 12).view(3, 4)
    with torch.inference_mode():
        scores = head(x_BD)
    assert scores.tolist() == pytest.approx([0.7561352, 0.5543038, 0.4715542], abs=1e-6)


@pytest.mark.parametrize(
    ("bad", "good", "expected"),
    [
        ([[0.2, 0.9]], [[0.1, 0.3]], 1 - 0.9 + 0.3),
        ([[1.0, 0.0]], [[0.0, 0.0]], 0.0),
        ([[0.0, 0.0]], [[1.0, 0.2]], 2.0),
        ([[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 0.2]], 1.0),
    ],
)
def test_the_highest_instances_are_ranked(
    bad: list[list[float]], good: list[list[float]], expected: float
) -> None:
    loss = ranking_loss(torch.tensor(bad), torch.tensor(good), NO_TERMS)
    assert float(loss) == pytest.approx(expected)


def test_smoothness_and_sparsity_are_those_of_equation_7() -> None:
    config = DeepMILConfig(smoothness=0.5, sparsity=0.25)
    bad, good = torch.tensor([[0.2, 0.9, 0.4]]), torch.tensor([[0.1, 0.3, 0.0]])
    expected = (1 - 0.9 + 0.3) + 0.5 * (0.7**2 + 0.5**2) + 0.25 * 1.5
    assert float(ranking_loss(bad, good, config)) == pytest.approx(expected)


def test_the_loss_pulls_the_highest_instances_apart_and_no_others() -> None:
    bad = torch.tensor([[0.2, 0.6, 0.4]], requires_grad=True)
    good = torch.tensor([[0.5, 0.3, 0.1]], requires_grad=True)
    ranking_loss(bad, good, NO_TERMS).backward()  # type: ignore[no-untyped-call]
    assert bad.grad is not None
    assert good.grad is not None
    assert bad.grad.tolist() == [[0.0, -1.0, 0.0]]
    assert good.grad.tolist() == [[1.0, 0.0, 0.0]]


def test_a_few_steps_separate_what_can_be_separated() -> None:
    torch.manual_seed(1)
    config = DeepMILConfig(dim=4, hidden=16, narrow=8, dropout=0.0)
    head = DeepMIL(config)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.01)
    bad = torch.randn(16, 3, 4) + torch.tensor([4.0, 0, 0, 0])
    good = torch.randn(16, 3, 4) - torch.tensor([4.0, 0, 0, 0])
    for _ in range(60):
        optimizer.zero_grad()
        ranking_loss(head(bad), head(good), config).backward()
        optimizer.step()
    with torch.inference_mode():
        assert float(head(bad).amax(1).mean()) > 0.9
        assert float(head(good).amax(1).mean()) < 0.1


def test_scores_do_not_depend_on_the_batch() -> None:
    torch.manual_seed(2)
    head = DeepMIL(DeepMILConfig(dim=8)).eval()
    x_BD = torch.from_numpy(np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32))
    with torch.inference_mode():
        together = head(x_BD)
        alone = torch.cat([head(x_BD[k : k + 1]) for k in range(5)])
    assert torch.allclose(together, alone, atol=1e-6)
