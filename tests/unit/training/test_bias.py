"""The position gate lets our live head through, and stops heads that cheat."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from services.scoring.heads.registry import Network
from services.training import bias
from services.training.bias import Gate, Real, check
from services.training.loop import Plan
from services.training.madeup import PLACE, by_look, by_place
from services.training.position import position_only

DIM = 16


class Cheat(nn.Module):
    """Adds to what it sees something that depends on the place in the sequence only."""

    context = 8

    def __init__(self, place: Callable[[Tensor], Tensor], picture: float = 1.0) -> None:
        super().__init__()
        self._place, self._picture = place, picture

    def forward(self, x_BTD: Tensor) -> Tensor:
        at_T = torch.arange(x_BTD.shape[1], dtype=torch.float32)
        return self._picture * x_BTD[..., :4].mean(dim=-1) + self._place(at_T)

    def bounds(self) -> tuple[float, float]:
        return -9.0, 9.0


HONEST = Cheat(lambda at_T: 0 * at_T)
LATER_IS_WORSE = Cheat(lambda at_T: 0.2 * at_T)
MIDDLE = Cheat(lambda at_T: ((at_T >= PLACE) & (at_T < PLACE + 5)).float(), picture=0.01)


def gates(network: Network) -> dict[str, Gate]:
    drawn = np.abs(np.random.default_rng(0).normal(size=(2000, 16, DIM))).astype(np.float32)
    noise_BTD = torch.from_numpy(drawn)
    trap = [by_place(k, DIM) for k in range(1, 400, 2)]
    found = (
        bias.planted(network, trap),
        bias.constant(network, noise_BTD),
        bias.noise(network, noise_BTD),
        bias.rolled(network, [by_look(k, DIM) for k in range(80)], seed=0),
    )
    return {gate.name: gate for gate in found}


def test_a_head_that_sees_only_the_picture_passes() -> None:
    assert [gate.name for gate in gates(HONEST).values() if not gate.passed] == []


def test_a_head_that_adds_the_time_is_stopped() -> None:
    found = gates(LATER_IS_WORSE)
    assert {name for name, gate in found.items() if not gate.passed} >= {
        "constant",
        "noise",
        "rolled",
    }
    # It cheats only where it sees the whole: live it always stands at the end of what it sees.
    assert found["constant"].values["streaming"] == pytest.approx(0, abs=1e-6)


def test_a_head_that_knows_the_middle_is_stopped() -> None:
    found = gates(MIDDLE)
    assert found["planted"].values["offline"] > 0.95
    assert not found["planted"].passed


def test_causal_mil_passes_all_gates() -> None:
    """What CI holds: trained where only the position tells, our live head learns nothing."""
    checked = check("causal_mil", Plan(steps=200), {})
    assert {gate.name: dict(gate.values) for gate in checked.gates if not gate.passed} == {}
    assert checked.position_only["planted"] > 0.99


def test_a_trained_head_is_checked_on_its_own_footage() -> None:
    examples = tuple(by_look(k, DIM) for k in range(40))
    checked = check("linear", Plan(steps=25), {}, Real(LATER_IS_WORSE, DIM, examples))
    by_name = {gate.name: gate for gate in checked.gates}
    assert by_name["planted"].passed
    assert not by_name["noise"].passed


def test_places_of_made_up_videos_are_what_they_say() -> None:
    assert position_only([by_place(k, DIM) for k in range(60)])["abnormal_auc"] > 0.99
    assert by_place(1, DIM).wrong.nonzero()[0].tolist() == [12, 13, 14, 15, 16]
    assert by_place(2, DIM).is_normal
    assert by_look(3, DIM).features.digest == by_look(3, DIM).features.digest
