"""Causal MIL: live and offline scores are the same, and nothing tells where in a video one is."""

import numpy as np
import pytest
import torch
from torch import Tensor

from services.scoring.heads.causal_mil import Config, Network, loss, objective
from services.scoring.heads.registry import live_scores

DIM = 8


def network(seed: int = 0) -> Network:
    """As after training: its convolutions no longer start from zero."""
    torch.manual_seed(seed)
    made = Network(Config(dim=DIM, hidden=16, width=8)).eval()
    with torch.no_grad():
        for part in made.parameters():
            part.add_(torch.randn_like(part) * 0.4)
    return made


def videos(count: int = 2, windows: int = 50) -> Tensor:
    rng = np.random.default_rng(7)
    return torch.from_numpy(rng.normal(size=(count, windows, DIM)).astype(np.float32))


def test_a_score_is_made_of_sixteen_windows() -> None:
    x_BTD = videos().requires_grad_()
    network()(x_BTD)[0, 40].backward()  # type: ignore[no-untyped-call]
    assert x_BTD.grad is not None
    seen = x_BTD.grad[0].abs().sum(dim=1).nonzero().flatten().tolist()
    assert seen == list(range(25, 41))
    assert float(x_BTD.grad[1].abs().max()) == 0
    assert network().context == 16


@pytest.mark.parametrize("windows", [1, 2, 15, 16, 17, 50])
def test_live_scores_are_the_offline_ones(windows: int) -> None:
    x_BTD = videos(windows=windows)
    with torch.inference_mode():
        offline, live = network()(x_BTD)[0], live_scores(network(), x_BTD[0])
    assert torch.allclose(offline, live, atol=1e-6)


@pytest.mark.parametrize("now", [0, 10, 30])
def test_what_comes_later_changes_nothing(now: int) -> None:
    x_BTD = videos()
    other_BTD = x_BTD.clone()
    other_BTD[:, now + 1 :] = 100.0
    with torch.inference_mode():
        first, second = network()(x_BTD), network()(other_BTD)
    assert torch.equal(first[:, : now + 1], second[:, : now + 1])
    assert not torch.allclose(first[:, now + 1 :], second[:, now + 1 :])


def test_what_stands_still_scores_the_same_all_the_time() -> None:
    x_BTD = videos()[:, :1].expand(2, 50, DIM)
    with torch.inference_mode():
        scores_BT = network()(x_BTD)
    assert torch.allclose(scores_BT, scores_BT[:, :1].expand(2, 50), atol=1e-6)
    assert abs(float(scores_BT[0, 0] - scores_BT[1, 0])) > 1e-3


def test_it_starts_as_a_head_that_looks_at_each_window_alone() -> None:
    torch.manual_seed(0)
    fresh, x_BTD = Network(Config(dim=DIM)).eval(), videos()
    with torch.inference_mode():
        alone = fresh(x_BTD.reshape(-1, 1, DIM)).view(2, 50)
        assert torch.allclose(fresh(x_BTD), alone, atol=1e-6)


def test_the_loss_is_the_cross_entropy_of_the_highest_windows() -> None:
    plain = Config(smoothness=0, sparsity=0)
    normal, anomalous = torch.tensor([[0.1, 0.5]]), torch.tensor([[0.2, 0.9]])
    wanted = -(np.log(0.5) + np.log(0.9)) / 2
    assert float(loss(normal, anomalous, plain)) == pytest.approx(wanted, rel=1e-4)
    full = Config(smoothness=2.0, sparsity=3.0)
    wanted += 2.0 * 0.7**2 + 3.0 * 0.55
    assert float(loss(normal, anomalous, full)) == pytest.approx(wanted, rel=1e-4)


def test_scores_that_are_as_wrong_as_can_be_cost_something_finite() -> None:
    assert float(loss(torch.ones(1, 4), torch.zeros(1, 4))) < 20


def test_it_finds_the_windows_that_only_anomalous_videos_have() -> None:
    rng, events = np.random.default_rng(0), np.zeros((48, 24), bool)
    x_BTD = torch.from_numpy(rng.normal(size=(48, 24, DIM)).astype(np.float32))
    for video, start in enumerate(rng.integers(0, 20, 24)):
        events[24 + video, start : start + 4] = True
    x_BTD[torch.from_numpy(events)] += torch.tensor([3.0] + [0.0] * (DIM - 1))
    torch.manual_seed(0)
    head = Network(Config(dim=DIM, hidden=32, width=16, dropout=0.1))
    optimizer = torch.optim.Adam(head.parameters(), lr=5e-3)
    for _ in range(60):
        optimizer.zero_grad()
        objective(head, x_BTD[:24], x_BTD[24:]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.inference_mode():
        scores = head.eval()(x_BTD).numpy()
    assert np.median(scores[events]) > 0.9
    assert np.median(scores[24:][~events[24:]]) < 0.2
    assert scores[:24].max(axis=1).mean() < 0.3
