"""The linear head: it looks at the direction of an embedding, and learns from whole videos."""

import pytest
import torch

from services.scoring.heads.linear import Config, Network, loss, objective
from services.scoring.heads.linear.model import highest


def linear(weights: list[float], bias: float) -> Network:
    head = Network(Config(dim=len(weights)))
    with torch.no_grad():
        head.out.weight.copy_(torch.tensor([weights]))
        head.out.bias.fill_(bias)
    return head.eval()


def test_it_scores_the_direction_and_not_the_length() -> None:
    head = linear([3.0, 4.0], bias=-1.0)
    with torch.inference_mode():
        scores = head(torch.tensor([[3.0, 4.0], [30.0, 40.0], [-3.0, -4.0], [4.0, -3.0]]))
    assert scores.tolist() == pytest.approx([4.0, 4.0, -6.0, -1.0], abs=1e-6)
    low, high = head.bounds()
    assert low < -6.0
    assert high > 4.0


@pytest.mark.parametrize(("count", "k"), [(1, 1), (15, 1), (16, 2), (32, 3)])
def test_a_bag_is_as_high_as_the_mean_of_its_highest(count: int, k: int) -> None:
    scores_BT = torch.arange(count, dtype=torch.float32)[None]
    expected = sum(range(count - k, count)) / k
    assert highest(scores_BT).tolist() == pytest.approx([expected])


def test_the_loss_is_logistic_and_both_labels_weigh_the_same() -> None:
    normal, anomalous = torch.tensor([[0.0, -2.0]]), torch.tensor([[1.0, 0.0]])
    one = float(loss(normal, anomalous))
    assert one == pytest.approx((0.693147 + 0.313262) / 2, abs=1e-5)
    assert float(loss(normal.expand(7, 2), anomalous)) == pytest.approx(one)


def test_it_finds_the_windows_that_anomalous_videos_have_and_normal_ones_do_not() -> None:
    torch.manual_seed(0)
    head, events = Network(Config(dim=4)), torch.tensor([2, 5, 6])
    normal, anomalous = torch.randn(24, 8, 4), torch.randn(24, 8, 4)
    normal[..., 0], anomalous[..., 0] = -1.0, -1.0
    anomalous[:, events, 0] = 3.0
    optimizer = torch.optim.Adam(head.parameters(), lr=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        objective(head, normal, anomalous).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.inference_mode():
        found = head(anomalous)[:, events].mean() - head(anomalous)[:, [0, 1, 3, 4, 7]].mean()
    assert float(found) > 3.0
