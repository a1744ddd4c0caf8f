"""What every head keeps, whatever is in it. Shapes: B videos, T windows, D dimensions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from schemas.clips import ClipSpec
from schemas.policies import PersistenceRule
from services.scoring.calibration import Calibration
from services.scoring.cards import Card
from services.scoring.heads import HEADS, Head, load, load_official
from services.scoring.heads.checkpoint import fingerprint, pack, write
from services.scoring.heads.registry import build, live_scores, package

DIM, WINDOWS = 8, 32
SETTINGS: dict[str, dict[str, Any]] = {
    "deep_mil_fe": {"width": 32, "head_dim": 8, "feed": 32, "hidden": 32, "narrow": 8},
    "bn_wvad": {"width": 32, "head_dim": 8, "hidden": 32, "ratios": [4, 8]},
    "mgfn": {"widths": [8, 16, 8], "heads": [1, 2, 1], "head_dim": 8},
}
"""What makes a head small, where its sizes would make the test slow."""
every_head = pytest.mark.parametrize("name", HEADS)


def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    return build(name, DIM, SETTINGS.get(name, {}))


def videos(seed: int, count: int = 4) -> Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(count, WINDOWS, DIM)).astype(np.float32))


def stored(folder: Path, name: str) -> Head:
    made = network(name)
    digest = fingerprint(pack(made))
    card = Card(
        head=name,
        weights_sha256=digest,
        backbone="i3d_k400",
        window=2,
        spec=ClipSpec(),
        dim=DIM,
        config=SETTINGS.get(name, {}),
        calibration=Calibration(raw=(0.0, 1.0), calibrated=(0.0, 1.0)),
        rule=PersistenceRule(name="fight", label="Fight", high=0.8, low=0.5, k=2, n=4, m=2),
    )
    write(folder, made, card)
    return load(folder)


@every_head
def test_each_window_of_each_video_has_a_score_inside_the_bounds(name: str) -> None:
    head = network(name).eval()
    low, high = head.bounds()  # type: ignore[operator]
    with torch.inference_mode():
        for scale in (0.0, 1.0, 100.0):
            scores_BT = head(scale * videos(1))
            assert scores_BT.shape == (4, WINDOWS)
            assert bool(((low <= scores_BT) & (scores_BT <= high)).all())


@every_head
def test_videos_do_not_meet_in_a_batch(name: str) -> None:
    head, x_BTD = network(name).eval(), videos(2)
    with torch.inference_mode():
        alone = torch.cat([head(x_BTD[k : k + 1]) for k in range(len(x_BTD))])
        assert torch.allclose(head(x_BTD), alone, atol=1e-5)


@every_head
def test_the_objective_can_be_minimised(name: str) -> None:
    head, parts = network(name).train(), package(name)
    found = parts.objective(head, videos(3), videos(4))
    found.backward()
    assert found.shape == ()
    assert bool(torch.isfinite(found))
    gradients = [part.grad for part in head.parameters() if part.grad is not None]
    assert all(bool(torch.isfinite(gradient).all()) for gradient in gradients)
    assert any(float(gradient.abs().max()) > 0 for gradient in gradients)


@every_head
def test_the_same_seed_gives_the_same_weights(name: str) -> None:
    assert pack(network(name)) == pack(network(name))


@every_head
def test_a_stored_head_scores_a_stream_as_the_network_does(tmp_path: Path, name: str) -> None:
    head, x_TD = stored(tmp_path, name), videos(5)[0]
    with torch.inference_mode():
        expected = live_scores(network(name).eval(), x_TD)  # type: ignore[arg-type]
    ends = range(1, WINDOWS + 1)
    found = head.judge([x_TD[:end].numpy() for end in ends])
    assert found == pytest.approx(expected.tolist(), abs=1e-5)


@every_head
def test_windows_before_the_context_are_not_looked_at(tmp_path: Path, name: str) -> None:
    head, x_TD = stored(tmp_path, name), videos(6)[0].numpy()
    whole, alone = head.judge([x_TD, x_TD[-head.context :]])
    assert whole == pytest.approx(alone, abs=1e-6)


def test_a_head_that_nobody_knows_is_named() -> None:
    with pytest.raises(ValueError, match="unknown head 'oracle'; there are: linear, deep_mil"):
        build("oracle", DIM, {})
    with pytest.raises(ValueError, match="unknown head"):
        load_official("oracle", {})


@every_head
def test_settings_that_a_head_does_not_know_are_refused(name: str) -> None:
    with pytest.raises(TypeError, match="depth_of_thought"):
        build(name, DIM, {"depth_of_thought": 1})


@pytest.mark.parametrize("name", ["linear", "deep_mil_fe", "lstm_ae", "causal_mil"])
def test_a_head_without_published_weights_says_so(name: str) -> None:
    with pytest.raises(ValueError, match=f"no weights were published for {name}"):
        load_official(name, {})


@pytest.mark.parametrize("name", ["deep_mil", "bn_wvad", "mgfn"])
def test_weights_that_are_not_the_heads_own_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"arrays|not the official weights"):
        load_official(name, {"backbone.conv1.weight": torch.zeros(2, 3)})
