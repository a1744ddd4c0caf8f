"""MGFN: the published code's numbers, its rules by hand, weights that do not fit refused.

GOLDEN numbers come from carolchenyx/MGFN itself (narrow stages, its only width of 2048 numbers an
embedding), run on the weights and embeddings made here.
"""

from dataclasses import replace
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from services.scoring.heads import load_official
from services.scoring.heads.mgfn import Config, Network, loss, objective
from services.scoring.heads.mgfn.losses import (
    Masks,
    classification,
    contrast,
    drawn,
    select,
    smoothness,
)
from services.scoring.heads.mgfn.model import ChannelNorm, Outputs
from services.scoring.heads.registry import live_scores
from tests.weights import Shape, embeddings, weights

STAGES: dict[str, Any] = {
    "widths": (64, 128, 64),
    "depths": (2, 1, 1),
    "kinds": ("glance", "focus", "glance"),
    "heads": (1, 2, 1),
}
SMALL = Config(dim=5, **STAGES | {"widths": (8, 16, 8), "head_dim": 8})


def published_shapes(dim: int = 2048) -> dict[str, Shape]:
    """Names and shapes of a published checkpoint with these stages."""
    shapes: dict[str, Shape] = {
        "to_tokens.weight": (64, dim, 3),
        "to_tokens.bias": (64,),
    }
    for stage, (width, depth) in enumerate(zip(STAGES["widths"], STAGES["depths"], strict=True)):
        for layer in range(depth):
            shapes |= block(f"stages.{stage}.0.layers.{layer}", width, focus=stage == 1)
    return shapes | {
        **channel_norm("stages.0.1.0", 64),
        **conv("stages.0.1.1", 64, 128),
        **channel_norm("stages.1.1.0", 128),
        **conv("stages.1.1.1", 128, 64),
        "to_logits.0.weight": (64,),
        "to_logits.0.bias": (64,),
        "fc.weight": (1, 64),
        "fc.bias": (1,),
        **conv("to_mag", 1, 64, 3),
    }


def block(name: str, width: int, focus: bool) -> dict[str, Shape]:
    heads = width // 64
    if focus:
        batch = ("weight", "bias", "running_mean", "running_var")
        attention: dict[str, Shape] = {
            **{f"{name}.1.norm.{tensor}": (width,) for tensor in batch},
            f"{name}.1.norm.num_batches_tracked": (),
            f"{name}.1.to_v.weight": (width, width, 1),
            **conv(f"{name}.1.rel_pos", 1, heads, 5),
        }
    else:
        attention = {
            **channel_norm(f"{name}.1.norm", width),
            f"{name}.1.to_qkv.weight": (3 * width, width, 1),
        }
    return {
        **conv(f"{name}.0", width, width, 3),
        **attention,
        **conv(f"{name}.1.to_out", width, width),
        **channel_norm(f"{name}.2.0", width),
        **conv(f"{name}.2.1", width, 4 * width),
        **conv(f"{name}.2.4", 4 * width, width),
    }


def conv(name: str, ins: int, outs: int, kernel: int = 1) -> dict[str, Shape]:
    return {f"{name}.weight": (outs, ins, kernel), f"{name}.bias": (outs,)}


def channel_norm(name: str, width: int) -> dict[str, Shape]:
    return {f"{name}.g": (1, width, 1), f"{name}.b": (1, width, 1)}


def official(dim: int = 2048) -> Network:
    return cast(Network, load_official("mgfn", weights(published_shapes(dim))))


def small(**changes: object) -> Network:
    torch.manual_seed(0)
    return Network(replace(SMALL, **changes)).eval()  # type: ignore[arg-type]


GOLDEN: dict[str, tuple[Shape, list[float]]] = {
    "32 windows": (
        (2, 32, 2048),
        [0.4376287, 0.3206567, 0.2682983, 0.2463119, 0.2435108, 0.2446043],
    ),
    "one window": ((1, 1, 2048), [0.5640457]),
    "three crops": (
        (2, 3, 7, 2048),
        [0.4081401, 0.3588775, 0.2807793, 0.2300119, 0.2877141, 0.3728397],
    ),
}


def with_magnitude(x: Tensor) -> Tensor:
    return torch.cat([x, x.norm(dim=-1, keepdim=True)], dim=-1)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("case", GOLDEN)
def test_scores_are_those_of_the_official_code(case: str) -> None:
    shape, expected = GOLDEN[case]
    network, x = official(), embeddings(*shape)
    with torch.inference_mode():
        scores = network(x)
        given = network(with_magnitude(x))
    assert scores.shape == (shape[0], shape[-2])
    assert scores.flatten()[:6].tolist() == pytest.approx(expected, abs=1e-5)
    assert torch.allclose(given, scores, atol=1e-6)


def test_the_loss_is_that_of_the_official_code_for_given_masks() -> None:
    network = official().train()
    normal, anomalous = embeddings(2, 10, 8, 2048, seed=2), embeddings(2, 10, 8, 2048, seed=3) * 2
    hides = [[1, 0, 1, 1, 0, 1, 1, 0], [0, 1, 1, 0, 1, 1, 0, 1]]
    shows = [[1, 1, 0, 0, 1, 0, 0, 1], [1, 0, 0, 1, 0, 0, 1, 0]]
    outputs = network.outputs(torch.cat([normal, anomalous]))
    value = loss(outputs, Masks(torch.tensor(hides), torch.tensor(shows)))
    value.backward()  # type: ignore[no-untyped-call]
    assert value.item() == pytest.approx(0.765589, rel=1e-5)
    gradients = [network.score.weight.grad, network.magnitude.weight.grad]
    found = [float(torch.linalg.vector_norm(g)) for g in gradients if g is not None]
    assert found == pytest.approx([0.577126, 0.085043], rel=1e-4)
    with torch.inference_mode():
        scores = network.eval()(normal)[0, :4].tolist()
    assert scores == pytest.approx([0.4173477, 0.3354291, 0.2721908, 0.2551641], abs=1e-5)


@pytest.mark.parametrize(("epsilon", "deviation"), [("outside", 2e-5), ("inside", 1e-5**0.5)])
def test_a_window_is_normalised_over_its_channels(epsilon: str, deviation: float) -> None:
    small_121 = torch.tensor([[[1e-5], [-1e-5]]])
    found = ChannelNorm(2, epsilon)(small_121).flatten().tolist()
    assert found == pytest.approx([1e-5 / deviation, -1e-5 / deviation], rel=1e-3)


def test_windows_of_greatest_magnitude_stand_for_a_video() -> None:
    scores_NT = torch.tensor([[0.1, 0.2, 0.4, 0.8], [0.3, 0.5, 0.7, 0.9]])
    features_NCTE = torch.tensor([[[3.0, -9, 5, 1]], [[2.0, 4, 6, 8]]])[..., None].repeat(
        1, 2, 1, 4
    )
    all_NT = torch.ones(2, 4)
    found = select(scores_NT, features_NCTE, all_NT, top=2)
    assert found.score_N.tolist() == pytest.approx([0.3, 0.8])
    assert found.magnitude_MK.tolist() == [[36.0, 20.0], [32.0, 24.0]] * 2
    hidden = select(scores_NT, features_NCTE, torch.tensor([[1, 0, 1, 1], [1, 1, 1, 0]]), top=2)
    assert hidden.score_N.tolist() == pytest.approx([0.25, 0.6])
    assert hidden.magnitude_MK.tolist() == [[20.0, 12.0], [24.0, 16.0]] * 2
    assert select(scores_NT, features_NCTE, all_NT, top=9).magnitude_MK.shape == (4, 4)


def test_magnitudes_of_a_kind_are_drawn_together_and_the_kinds_apart() -> None:
    config = replace(SMALL, margin=10.0, together=1.0, apart=0.5)
    normal_MK = torch.tensor([[1.0, 1.0], [4.0, 5.0]])
    anomalous_MK = torch.tensor([[4.0, 5.0], [4.0, 5.0]])
    apart = ((10 - 5.0) ** 2 + (10 - 0.0) ** 2) / 2
    found = contrast(normal_MK, anomalous_MK, config)
    assert float(found) == pytest.approx(0.5 * apart + 5.0**2, rel=1e-4)
    odd = contrast(normal_MK[[0, 1, 0]], anomalous_MK[[0, 1, 0]], replace(config, apart=0.0))
    assert float(odd) == pytest.approx(25.0, rel=1e-4)
    alone = contrast(normal_MK[:1], anomalous_MK[:1], config)
    assert float(alone) == pytest.approx(0.5 * 25, rel=1e-4)


def test_scores_are_classified_and_never_infinitely_wrong() -> None:
    found = classification(torch.tensor([0.25]), torch.tensor([0.5]))
    assert found.exp().item() == pytest.approx((1 / (0.75 * 0.5)) ** 0.5)
    assert classification(torch.tensor([1.0]), torch.tensor([0.0])).item() == pytest.approx(100.0)


def test_the_loss_is_the_sum_of_its_terms() -> None:
    scores_BT = torch.tensor([[0.3, 0.4, 0.0], [0.6, 0.8, 0.6]])
    outputs = Outputs(scores_BT, embeddings(2, 1, 3, 4))
    only = {"together": 0.0, "apart": 0.0, "smoothness": 0.0, "sparsity": 0.0}
    cross = -(torch.tensor([1 - 0.7 / 3, 2.0 / 3]).log().mean())
    expected = {
        "none": ({}, 0.0),
        "smoothness": ({"smoothness": 2.0}, 2 * (0.01 + 0.16 + 0.04 + 0.04)),
        "sparsity": ({"sparsity": 3.0}, 3 * 0.5),
        "anomalous": ({"sparsity": 3.0, "sparse": "anomalous"}, 3 * 1.36**0.5),
    }
    for changes, more in expected.values():
        config = replace(SMALL, **{**only, **changes})  # type: ignore[arg-type]
        assert float(loss(outputs, config=config)) == pytest.approx(float(cross) + more)
    assert float(smoothness(scores_BT)) == pytest.approx(0.25)
    one = torch.tensor([[1, 0, 0]])
    hidden = loss(outputs, Masks(one, one), replace(SMALL, **only, top=1))  # type: ignore[arg-type]
    assert float(hidden) == pytest.approx(float(-torch.tensor([0.7, 0.6]).log().mean()))


def test_training_hides_windows_at_random_and_evaluation_none() -> None:
    outputs = Outputs(torch.zeros(40, 50), torch.zeros(40, 1, 50, 1))
    torch.manual_seed(0)
    masks = drawn(outputs, 0.7)
    assert masks.normal_NT.shape == masks.anomalous_NT.shape == (20, 50)
    assert float((masks.normal_NT > 0).float().mean()) == pytest.approx(0.3, abs=0.05)
    assert not torch.equal(masks.normal_NT, masks.anomalous_NT)
    network, halves = small(), embeddings(4, 10, 5).chunk(2)
    with torch.no_grad():
        assert objective(network, *halves) == objective(network, *halves)
        network.train()
        assert len({float(objective(network, *halves)) for _ in range(3)}) > 1


def test_a_video_is_scored_by_itself_and_the_same_in_every_crop() -> None:
    network, x_BTD = small(), embeddings(4, 10, 5)
    with torch.inference_mode():
        scores = network(x_BTD)
        assert torch.allclose(network(x_BTD.roll(1, dims=0)), scores.roll(1, dims=0), atol=1e-6)
        assert torch.allclose(network(x_BTD[:, None].expand(4, 3, 10, 5)), scores, atol=1e-6)
        assert not torch.allclose(small(magnitude_ratio=5.0)(x_BTD), scores, atol=1e-4)
    assert network.bounds() == (0.0, 1.0)


def test_a_stream_is_scored_from_the_latest_windows() -> None:
    network, x_TD = small(context=16), embeddings(20, 5)
    with torch.inference_mode():
        live = live_scores(network, x_TD)
        assert float(live[19]) == pytest.approx(float(network(x_TD[None, 4:])[0, -1]), rel=1e-5)
        assert float(live[0]) == pytest.approx(float(network(x_TD[:1].repeat(16, 1)[None])[0, -1]))
    assert Network(SMALL).context == 32


@pytest.mark.parametrize("prefix", ["", "module."])
def test_sizes_are_read_from_the_weights(prefix: str) -> None:
    tensors = weights(published_shapes(dim=7))
    named = {prefix + name: tensor for name, tensor in tensors.items()}
    network = cast(Network, load_official("mgfn", named, magnitude_ratio=0.2))
    assert not network.training
    assert network.config == Config(dim=7, magnitude_ratio=0.2, **STAGES)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"fc.bias": None}, "fc.bias is missing"),
        ({"to_tokens.weight": None}, "to_tokens.weight is missing"),
        (
            {"stages.1.0.layers.0.1.to_v.weight": None},
            "stages.1.0.layers.0.1.to_qkv.weight is missing",
        ),
        ({"stages.0.0.layers.1.2.0.g": None}, "stages.0.0.layers.1.2.0.g is missing"),
        ({"surprise": torch.ones(1)}, "surprise is unknown"),
        ({"to_mag.bias": torch.ones(3)}, r"to_mag.bias has shape \(3,\), expected \(64,\)"),
        ({"to_tokens.weight": torch.ones(64)}, r"to_tokens.weight has shape \(64,\)"),
        ({"stages.1.0.layers.0.2.4.weight": torch.ones(2, 2, 1)}, "layers.0.2.4.weight has shape"),
    ],
)
def test_weights_that_do_not_fit_are_named(change: dict[str, Tensor | None], named: str) -> None:
    tensors = weights(published_shapes(dim=7)) | change
    with pytest.raises(ValueError, match=named):
        load_official("mgfn", {name: x for name, x in tensors.items() if x is not None})


def test_a_few_steps_separate_what_can_be_separated() -> None:
    torch.manual_seed(0)
    network = Network(replace(SMALL, depths=(1, 1, 1))).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    normal, anomalous = embeddings(8, 16, 5, seed=4), embeddings(8, 16, 5, seed=5)
    anomalous[:, 6:9] += torch.tensor([4.0, -4.0, 4.0, 0.0, 0.0])
    values = []
    for _ in range(30):
        optimizer.zero_grad()
        value = objective(network, normal, anomalous)
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        values.append(value.item())
    assert values[-1] < values[0] / 2
    with torch.inference_mode():
        network.eval()
        assert float(network(anomalous)[:, 6:9].mean()) > 2 * float(network(normal).mean())
