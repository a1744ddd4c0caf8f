"""Deep MIL behind a feature enhancer: the two parts are the published ones."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from services.scoring.heads import load_official
from services.scoring.heads.bn_wvad import Network as BatchNormWVAD
from services.scoring.heads.deep_mil import Config as MILConfig
from services.scoring.heads.deep_mil import loss
from services.scoring.heads.deep_mil_fe import Config, Network, objective
from tests.weights import embeddings

SMALL = Config(dim=4, width=32, heads=4, head_dim=8, feed=32, hidden=32, narrow=8)


def network(config: Config = SMALL) -> Network:
    torch.manual_seed(0)
    return Network(config).eval()


def test_the_enhancer_is_that_of_bn_wvad() -> None:
    torch.manual_seed(1)
    published = replace(SMALL, distance_sums_to_one="columns", padding="zeros")
    whole, x_BTD = BatchNormWVAD(published.enhancer).eval(), embeddings(2, 12, 4)
    part = network(published).enhancer
    part.load_state_dict(whole.enhancer.state_dict())
    heard: list[Tensor] = []
    whole.convs[0].register_forward_hook(lambda _, ins, __: heard.append(ins[0]))
    with torch.inference_mode():
        whole(x_BTD)
        assert torch.equal(part(x_BTD), heard[0].transpose(1, 2))


def test_what_stands_still_scores_the_same_all_the_time() -> None:
    x_BTD = embeddings(2, 1, 4).expand(2, 12, 4)
    with torch.inference_mode():
        scores_BT = network()(x_BTD)
    assert torch.allclose(scores_BT, scores_BT[:, :1].expand(2, 12), atol=1e-6)


def test_the_rest_is_deep_mil_on_what_the_enhancer_puts_out() -> None:
    made, x_BTD = network(), embeddings(2, 12, 4)
    with torch.inference_mode():
        enhanced_BTE = made.enhancer(x_BTD)
        mil = load_official("deep_mil", made.mil.state_dict(), variant="sultani")
        assert torch.equal(made(x_BTD), mil(enhanced_BTE))
        assert not torch.allclose(made(3 * x_BTD), made(x_BTD), atol=1e-4)


def test_it_ranks_bags_row_by_row() -> None:
    made, bags = network(), (embeddings(3, 12, 4, seed=2), embeddings(3, 12, 4, seed=3))
    with torch.inference_mode():
        expected = loss(made(bags[0]), made(bags[1]), MILConfig(pairs="rows"))
        assert float(objective(made, *bags)) == pytest.approx(float(expected))


def test_it_tells_an_event_by_what_was_around_it() -> None:
    """A step between two windows, while no window by itself is unusual."""
    torch.manual_seed(0)
    made = Network(SMALL)
    normal, anomalous = embeddings(24, 12, 4, seed=4) * 0.2, embeddings(24, 12, 4, seed=5) * 0.2
    normal[..., 0] += torch.tensor([1.0, -1.0]).repeat(12)[:, None]
    anomalous[..., 0] += torch.tensor([1.0] * 6 + [-1.0] * 6)
    optimizer = torch.optim.Adam(made.parameters(), lr=2e-3)
    for _ in range(60):
        optimizer.zero_grad()
        objective(made, normal, anomalous).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.inference_mode():
        lowest, highest = made.eval()(anomalous).amax(dim=1).min(), made(normal).max()
    assert float(lowest) > float(highest) + 0.3
