"""BN-WVAD: the published code's numbers, its rules by hand, weights that do not fit refused.

GOLDEN numbers come from cool-xuan/BN-WVAD itself, run on the weights and embeddings made here.
"""

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from services.scoring.calibration import fit
from services.scoring.heads import load_official
from services.scoring.heads.bn_wvad import Config, Network, loss, objective
from services.scoring.heads.bn_wvad.enhancer import nearness
from services.scoring.heads.bn_wvad.losses import Masks, select, triplet
from services.scoring.heads.bn_wvad.model import Normed, distance
from services.scoring.heads.registry import live_scores
from tests.weights import Shape, embeddings, weights

SMALL = Config(dim=4, width=16, heads=2, head_dim=8, hidden=16, ratios=(2, 4))


def published_shapes(
    dim: int = 6, first: int = 32, second: int = 16, kernel: int = 1
) -> dict[str, Shape]:
    """Names and shapes of a published checkpoint; only these sizes can be chosen there."""
    shapes: dict[str, Shape] = {
        "normal_head.conv1.weight": (first, 512, kernel),
        "normal_head.conv1.bias": (first,),
        **batch_norm("normal_head.bn1", first),
        "normal_head.conv2.weight": (second, first, kernel),
        "normal_head.conv2.bias": (second,),
        **batch_norm("normal_head.bn2", second),
        "normal_head.conv3.weight": (1, second, kernel),
        "normal_head.conv3.bias": (1,),
        "embedding.conv_1.0.weight": (512, dim, 3),
        "embedding.conv_1.0.bias": (512,),
    }
    for layer in ("selfatt.layers.0", "selfatt.layers.1"):
        shapes |= {
            f"{layer}.0.norm.weight": (512,),
            f"{layer}.0.norm.bias": (512,),
            f"{layer}.0.fn.to_qkv.weight": (2048, 512),
            f"{layer}.0.fn.to_out.0.weight": (512, 1024),
            f"{layer}.0.fn.to_out.0.bias": (512,),
            f"{layer}.1.norm.weight": (512,),
            f"{layer}.1.norm.bias": (512,),
            f"{layer}.1.fn.net.0.weight": (512, 512),
            f"{layer}.1.fn.net.0.bias": (512,),
            f"{layer}.1.fn.net.3.weight": (512, 512),
            f"{layer}.1.fn.net.3.bias": (512,),
        }
    return shapes


def batch_norm(name: str, width: int) -> dict[str, Shape]:
    tensors = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{tensor}": (width,) for tensor in tensors} | {
        f"{name}.num_batches_tracked": ()
    }


def official(kernel: int = 1) -> Network:
    network = load_official("bn_wvad", weights(published_shapes(kernel=kernel)))
    return cast(Network, network)


def small(**changes: object) -> Network:
    torch.manual_seed(0)
    return Network(replace(SMALL, **changes)).eval()  # type: ignore[arg-type]


GOLDEN: dict[str, tuple[int, Shape, list[float]]] = {
    "32 windows": (
        1,
        (2, 32, 6),
        [5.836877, 6.412101, 6.120775, 4.924258, 9.42462, 4.296891],
    ),
    "one window": (1, (1, 1, 6), [10.493412]),
    "seven windows, wide kernels": (
        3,
        (1, 7, 6),
        [4.746089, 6.669637, 5.21101, 6.101133, 4.057048, 6.222697],
    ),
    "three crops": (
        1,
        (2, 3, 5, 6),
        [8.149149, 8.396716, 8.82466, 8.741107, 8.571578, 5.791493],
    ),
}
LOSSES = [8.087527, 2.188159, 1.721606]
TRAINED = [6.761483, 15.232154, 12.967056]


@pytest.mark.parametrize("case", GOLDEN)
def test_scores_are_those_of_the_official_code(case: str) -> None:
    kernel, shape, expected = GOLDEN[case]
    with torch.inference_mode():
        scores = official(kernel)(embeddings(*shape))
    assert scores.shape == (shape[0], shape[-2])
    assert scores.flatten()[:6].tolist() == pytest.approx(expected, rel=1e-5)


def test_the_loss_is_that_of_the_official_code_before_and_after_a_step() -> None:
    network = official().train()
    normal, anomalous = embeddings(3, 12, 6, seed=2), embeddings(3, 12, 6, seed=3) * 2
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
    for expected in LOSSES:
        optimizer.zero_grad()
        value = objective(network, normal, anomalous)
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        assert value.item() == pytest.approx(expected, rel=1e-4)
    with torch.inference_mode():
        scores = network.eval()(anomalous)[0, :3].tolist()
    assert scores == pytest.approx(TRAINED, rel=1e-4)


def test_distance_is_measured_in_deviations() -> None:
    x_TF = torch.tensor([[4.0, 1.0], [1.0, -1.0], [-5.0, 9.0]])
    measured = distance(x_TF, mean_F=torch.tensor([1.0, -1.0]), variance_F=torch.tensor([9.0, 4.0]))
    assert measured.tolist() == pytest.approx([2**0.5, 0.0, 29**0.5])


@pytest.mark.parametrize(("sums_to_one", "axis"), [("columns", 0), ("rows", 1)])
def test_what_is_near_counts_more(sums_to_one: str, axis: int) -> None:
    near_TT = nearness(4, sums_to_one, torch.zeros(()))
    assert near_TT.sum(dim=axis).tolist() == pytest.approx([1.0] * 4)
    assert float(near_TT.sum(dim=1 - axis)[0]) != pytest.approx(1.0, abs=0.01)
    apart = near_TT.T if sums_to_one == "rows" else near_TT
    assert float(apart[0, 0] / apart[2, 0]) == pytest.approx(torch.tensor(2 / torch.e).exp().item())


def test_the_farthest_of_each_and_of_all_are_selected() -> None:
    normal = [[0.1, 0.5, 0.2, 0.9, 0.3], [0.6, 0.1, 0.8, 0.4, 0.2]]
    anomalous = [[5.0, 1.0, 8.0, 7.0, 6.0], [0.3, 0.1, 0.2, 0.5, 0.4]]
    masks = select(torch.tensor(normal + anomalous), SMALL)
    assert masks.anomalous_NT.tolist() == [
        [True, False, True, True, True],
        [False, False, False, True, False],
    ]
    assert masks.normal_NT.tolist() == [
        [False, True, False, True, True],
        [True, False, True, False, False],
    ]


@pytest.mark.parametrize("change", [{"ratio_sample": 0.4}, {"ratio_batch": 0.2}])
def test_ratios_decide_how_many(change: dict[str, float]) -> None:
    distances = embeddings(8, 20)
    by_default = select(distances, SMALL).anomalous_NT.sum()
    assert select(distances, replace(SMALL, **change)).anomalous_NT.sum() != by_default


def normed(*features: list[float]) -> Normed:
    """One number a window, of mean 0 and variance 1: its size is its distance."""
    x_BT = torch.tensor(features)
    return Normed(x_BT[..., None], x_BT.abs(), torch.zeros(1), torch.ones(1))


def test_pairs_are_anomalous_in_time_with_normal_by_rank() -> None:
    norm = normed([0.5, 3.0, 1.0], [-2.0, 0.1, 0.2], [1.5, 9.0, 2.0], [0.0, 1.0, 9.0])
    masks = Masks(
        torch.tensor([[False, True, True], [True, False, False]]),
        torch.tensor([[True, False, True], [False, True, False]]),
    )
    # Normal: 3 and -2 are the farthest, then 1. Anomalous: 1.5, 2, 1.
    hinges = [3.0 - 1.5 + 1, 2.0 - 2.0 + 1, 1.0 - 1.0 + 1]
    assert float(triplet(norm, masks, margin=1.0)) == pytest.approx(sum(hinges) / 3)
    assert float(triplet(norm, masks, margin=-5.0)) == 0.0


def test_the_loss_is_the_length_of_normal_probabilities_and_both_triplets() -> None:
    network = small()
    with torch.no_grad():
        outputs = network.outputs(embeddings(4, 10, 4))
    masks = [select(norm.distance_BT, SMALL) for norm in outputs.norms]
    first, second = (
        triplet(norm, mask, 1.0) for norm, mask in zip(outputs.norms, masks, strict=True)
    )
    length = outputs.p_BT[:2].square().sum(dim=1).sqrt().mean()
    expected = float(length + 5 * first + 20 * second)
    assert float(loss(outputs)) == pytest.approx(expected, rel=1e-6)
    assert float(loss(outputs, masks)) == pytest.approx(expected, rel=1e-6)
    numbers = [(mask.normal_NT.long(), mask.anomalous_NT.float()) for mask in masks]
    assert loss(outputs, numbers) == loss(outputs, masks)
    others = [Masks(~mask.anomalous_NT, ~mask.anomalous_NT) for mask in masks]
    assert float(loss(outputs, others)) != pytest.approx(expected, rel=1e-3)
    weighted = loss(outputs, config=replace(SMALL, triplet_weights=(1.0, 0.0)))
    assert float(weighted) == pytest.approx(float(length + first), rel=1e-6)


def test_statistics_move_in_training_and_stay_in_evaluation() -> None:
    network, x_BTD = small(), embeddings(4, 10, 4)
    outputs = network.outputs(x_BTD)
    assert outputs.norms[0].mean_F.tolist() == [0.0] * 8
    features = network.train().outputs(x_BTD).norms[0].features_BTF
    moved = network.norms[0].get_buffer("running_mean")
    assert moved.tolist() == pytest.approx((0.1 * features.mean(dim=(0, 1))).tolist(), rel=1e-4)


def test_a_video_is_scored_by_itself_and_the_same_in_every_crop() -> None:
    network, x_BTD = small(), embeddings(4, 10, 4)
    with torch.inference_mode():
        scores = network(x_BTD)
        assert torch.allclose(network(x_BTD.roll(1, dims=0)), scores.roll(1, dims=0), atol=1e-5)
        assert torch.allclose(network(x_BTD[:, None].expand(4, 3, 10, 4)), scores, atol=1e-5)
        assert not torch.allclose(network(x_BTD.roll(1, dims=1)), scores.roll(1, dims=1), atol=1e-3)
        rows = small(distance_sums_to_one="rows")(x_BTD)
    assert not torch.allclose(rows, scores, atol=1e-3)


def test_a_stream_is_scored_from_the_latest_windows() -> None:
    network, x_TD = small(context=16), embeddings(20, 4)
    with torch.inference_mode():
        live = live_scores(network, x_TD)
        assert float(live[19]) == pytest.approx(float(network(x_TD[None, 4:])[0, -1]), rel=1e-5)
        assert float(live[0]) == pytest.approx(float(network(x_TD[:1].repeat(16, 1)[None])[0, -1]))
    assert Network(SMALL).context == 32


@pytest.mark.parametrize("length", [0.0, 1.0, 1e3])
def test_scores_lie_within_the_bounds(length: float) -> None:
    low, high = small().bounds()
    with torch.inference_mode():
        scores = small()(embeddings(2, 10, 4) * length)
    assert low <= float(scores.min())
    assert float(scores.max()) < high


def test_calibration_keeps_the_order_of_all_scores() -> None:
    rng = np.random.default_rng(0)
    normal = rng.gamma(4, 2, 500)
    calibration = fit(normal.astype(np.float32), *small().bounds())
    calibrated = [calibration.apply(raw) for raw in (0.0, 8.0, 30.0, 100.0, 101.0, 1e4, 1e5)]
    assert calibrated == sorted(set(calibrated))
    assert calibrated[-1] < 1.0


@pytest.mark.parametrize("prefix", ["", "module."])
def test_sizes_are_read_from_the_weights(prefix: str) -> None:
    tensors = weights(published_shapes(dim=9, first=51, second=8, kernel=3))
    network = load_official("bn_wvad", {prefix + name: value for name, value in tensors.items()})
    assert not network.training
    assert cast(Network, network).config == Config(dim=9, ratios=(10, 64), kernel_sizes=(3, 3, 3))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"normal_head.bn1.running_mean": None}, "normal_head.bn1.running_mean is missing"),
        ({"embedding.conv_1.0.weight": None}, "embedding.conv_1.0.weight is missing"),
        ({"selfatt.layers.1.0.fn.to_qkv.weight": None}, r"layers.1.0.norm.weight is unknown"),
        ({"surprise": torch.ones(1)}, "surprise is unknown"),
        (
            {"normal_head.conv2.bias": torch.ones(3)},
            r"conv2.bias has shape \(3,\), expected \(16,\)",
        ),
        ({"normal_head.conv1.weight": torch.ones(40, 512, 1)}, "conv1.weight has shape"),
        ({"normal_head.conv1.weight": torch.ones(())}, r"conv1.weight has shape \(\)"),
        ({"selfatt.layers.0.0.fn.to_qkv.weight": torch.ones(3, 512)}, "to_qkv.weight has shape"),
    ],
)
def test_weights_that_do_not_fit_are_named(change: dict[str, Tensor | None], named: str) -> None:
    tensors = weights(published_shapes()) | change
    with pytest.raises(ValueError, match=named):
        load_official("bn_wvad", {name: x for name, x in tensors.items() if x is not None})


def test_a_few_steps_separate_what_can_be_separated() -> None:
    torch.manual_seed(0)
    network = Network(SMALL).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    normal, anomalous = embeddings(8, 16, 4, seed=4), embeddings(8, 16, 4, seed=5)
    anomalous[:, 6:9] += torch.tensor([4.0, -4.0, 4.0, 0.0])
    values = []
    for _ in range(60):
        optimizer.zero_grad()
        value = objective(network, normal, anomalous)
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        values.append(value.item())
    assert values[-1] < values[0] / 4
    with torch.inference_mode():
        scores = network.eval()(anomalous)
    assert float(scores[:, 6:9].mean()) > 1.5 * float(scores[:, 11:].mean())
