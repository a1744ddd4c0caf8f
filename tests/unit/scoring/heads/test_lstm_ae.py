"""The LSTM autoencoder: it learns how people move, and is surprised by what is new."""

import numpy as np
import pytest
import torch
from torch import Tensor

from services.scoring.heads.lstm_ae import Config, Network, loss, objective
from services.scoring.heads.lstm_ae.told import NOT_SEEN, hands
from services.scoring.heads.registry import live_scores
from services.scoring.poses import PERSON_NUMBERS

SIZES = [Config(hidden=12, tells="numbers"), Config(hidden=12)]
HANDS = Config(hidden=12, tells="hands", lag=2)
either = pytest.mark.parametrize("config", SIZES, ids=["numbers", "numbers and steps"])


def network(config: Config) -> Network:
    torch.manual_seed(0)
    return Network(config).eval()


def people(count: int, frames: int = 20, speed: float = 0.3, seed: int = 0) -> Tensor:
    """Every number swings within [0.2, 0.8], in a phase of the person's own."""
    rng = np.random.default_rng(seed)
    phase_BD = rng.uniform(0, 2 * np.pi, (count, 1)) + np.arange(PERSON_NUMBERS) / 3
    swing_BTD = np.sin(phase_BD[:, None] + speed * np.arange(frames)[:, None])
    return torch.from_numpy((0.5 + 0.3 * swing_BTD).astype(np.float32))


def test_the_default_takes_a_persons_numbers_of_twenty_frames() -> None:
    made = Network(Config())
    assert (Config().dim, made.context) == (PERSON_NUMBERS, 20)
    assert [made.encoder.num_layers, made.encoder.hidden_size] == [2, 50]
    assert [made.decoder.num_layers, made.decoder.hidden_size] == [2, 50]


def test_what_there_is_not_to_tell_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot tell 'feet'"):
        Config(tells="feet")  # type: ignore[arg-type]


@either
def test_the_score_of_a_stretch_is_its_mean_error(config: Config) -> None:
    head, x_BTD = network(config), people(3)
    with torch.inference_mode():
        assert torch.allclose(head.errors(x_BTD).mean(dim=1), head.error(x_BTD))
        assert torch.equal(head(x_BTD), head.error(x_BTD)[:, None].expand(3, 20))


@either
def test_frames_that_only_stand_in_do_not_count(config: Config) -> None:
    head, x_BTD = network(config), people(2)
    x_BTD[:, :12] = x_BTD[:, 12:13]
    with torch.inference_mode():
        errors_BT = head.errors(x_BTD)
        assert torch.allclose(head.error(x_BTD), errors_BT[:, 12:].mean(dim=1))
        still = head.error(x_BTD[:, :1].expand(2, 20, PERSON_NUMBERS))
    assert bool(torch.isfinite(still).all())


def test_where_a_person_comes_in_changes_no_score_of_noise() -> None:
    """A network that can tell nothing is as wrong about the first frame as about the last."""
    rng = np.random.default_rng(3)
    x_BTD = torch.from_numpy(rng.uniform(0, 1, (200, 30, PERSON_NUMBERS)).astype(np.float32))
    head = network(Config())
    head.prepare(x_BTD)
    with torch.inference_mode():
        mean_T = head(x_BTD).mean(dim=0)
    assert float(mean_T.max() / mean_T.min()) < 1.03


@either
def test_longer_sequences_are_scored_as_a_stream(config: Config) -> None:
    head, x_BTD = network(config), people(2, frames=45)
    with torch.inference_mode():
        live = torch.stack([live_scores(head, x_TD) for x_TD in x_BTD])
        assert torch.allclose(head(x_BTD), live, rtol=1e-5)


@either
def test_the_scaler_is_learned_once_and_travels_with_the_weights(config: Config) -> None:
    head, other = network(config), network(config)
    x_BTD = people(50) * torch.linspace(0.1, 1, PERSON_NUMBERS)
    head.prepare(x_BTD)
    assert torch.allclose(head.mean_D[:PERSON_NUMBERS], x_BTD.mean(dim=(0, 1)), atol=1e-6)
    other.load_state_dict(head.state_dict())
    with torch.inference_mode():
        assert torch.equal(other.error(x_BTD), head.error(x_BTD))
        head.train()(people(4))
    assert torch.equal(other.mean_D, head.mean_D)


def test_a_number_that_never_changed_does_not_explode() -> None:
    head, x_BTD = network(SIZES[0]), people(20)
    x_BTD[..., 3] = 0.7
    head.prepare(x_BTD)
    with torch.inference_mode():
        x_BTD[..., 3] = 0.70001
        assert float(head.error(x_BTD).max()) < 10
        x_BTD[..., 3] = 1e6
        assert float(head.error(x_BTD).max()) <= head.bounds()[1]


@either
def test_keypoints_that_were_not_seen_do_not_count(config: Config) -> None:
    """What the network would tell of them makes no error; the box always counts."""
    head, x_BTD = network(config), people(1)
    x_BTD[:, :, 10:12] = NOT_SEEN
    with torch.no_grad():
        before = head.error(x_BTD)
        for start in (10, PERSON_NUMBERS + 10):
            head.out.bias[start : start + 2] = 5.0
        assert torch.equal(head.error(x_BTD), before)
        head.out.bias[:2] = 5.0
        assert float(head.error(x_BTD)) > float(before)


def test_a_person_without_a_keypoint_still_has_a_score() -> None:
    x_BTD = people(1)
    x_BTD[..., 4:] = NOT_SEEN
    with torch.inference_mode():
        assert bool(torch.isfinite(network(SIZES[0]).error(x_BTD)).all())


def test_the_decoder_tells_the_frames_backwards() -> None:
    """Its first step, which has read nothing but the code, is about the last frame."""
    head, x_BTD = network(SIZES[0]), people(1)
    first_steps = head.errors(x_BTD)[0, -1]
    grown = torch.autograd.grad(first_steps, head.decoder.weight_hh_l0)[0]
    assert float(grown.abs().max()) == 0
    later = torch.autograd.grad(head.errors(x_BTD)[0, 0], head.decoder.weight_hh_l0)[0]
    assert float(later.abs().max()) > 0


def test_only_what_is_normal_is_learned() -> None:
    head, normal = network(SIZES[0]), people(4)
    with torch.inference_mode():
        alone = objective(head, normal)
        assert float(alone) == float(objective(head, normal, 100 * people(4)))
        assert float(alone) == pytest.approx(float(loss(head.error(normal))))


@either
def test_what_moves_otherwise_stands_out(config: Config) -> None:
    torch.manual_seed(0)
    head, normal = Network(config), people(64)
    head.prepare(normal)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        objective(head, normal).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.inference_mode():
        usual = head.eval().error(people(64, seed=1))
        hasty = head.error(people(64, speed=0.9, seed=1))
    assert float(hasty.quantile(0.1)) > 1.5 * float(usual.quantile(0.9))


def figures(count: int, frames: int = 20, reach: float = 0.0, seed: int = 0) -> Tensor:
    """People who walk to and fro; their hands swing about, against the trunk, by `reach`."""
    rng = np.random.default_rng(seed)
    x_BTD = np.full((count, frames, PERSON_NUMBERS), 0.3, np.float32)
    times_BT = 0.7 * np.arange(frames) + rng.uniform(0, 6, (count, 1))
    x_BTD[:, :, 0] = 0.5 + 0.2 * np.sin(times_BT)
    x_BTD[:, :, 2:4] = 0.4
    points_BTK2 = x_BTD[..., 4:].reshape(count, frames, -1, 2)
    points_BTK2[:, :, 11:13, 1] = 0.7
    points_BTK2[:, :, 9:11, 1] = 0.4 + reach * np.sin(times_BT)[..., None]
    x_BTD[..., 4:] = points_BTK2.reshape(count, frames, -1)
    return torch.from_numpy(x_BTD)


def test_a_hands_step_is_against_the_trunk_and_in_its_lengths() -> None:
    x_BTD = figures(1)
    x_BTD[:, 10:, 4 + 2 * 9] += 0.2
    steps_BTN, counts_BTN = hands(x_BTD, 2)
    moved = steps_BTN[0].abs().amax(dim=1)
    assert moved[10:12].tolist() == pytest.approx([0.5, 0.5], abs=1e-4)
    assert float(torch.cat([moved[:10], moved[12:]]).max()) < 1e-4
    assert counts_BTN[0, :, 0].tolist() == [0, 0] + 18 * [1]


def test_a_step_of_a_hand_needs_both_its_ends_and_the_trunk() -> None:
    x_BTD = figures(1)
    x_BTD[:, 5, 4 + 2 * 9 : 6 + 2 * 9] = NOT_SEEN
    x_BTD[:, 12, 4 + 2 * 11 : 6 + 2 * 11] = NOT_SEEN
    counts_TN = hands(x_BTD, 2)[1][0]
    assert (counts_TN[:, 0] == 0).nonzero()[:, 0].tolist() == [0, 1, 5, 7, 12, 14]
    assert (counts_TN[:, 2] == 0).nonzero()[:, 0].tolist() == [0, 1, 12, 14]


def test_who_shows_no_hand_has_the_usual_score() -> None:
    torch.manual_seed(0)
    head, hidden = Network(HANDS), figures(3)
    objective(head, figures(30, reach=0.2))
    hidden[..., 4 + 2 * 9 : 4 + 2 * 11] = NOT_SEEN
    with torch.inference_mode():
        assert torch.allclose(head.eval()(hidden), head.usual)
    assert 0 < float(head.usual) < 1


def test_hands_in_haste_stand_out_however_one_walks() -> None:
    torch.manual_seed(0)
    head, normal = Network(HANDS), figures(64, reach=0.02)
    head.prepare(normal)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        objective(head, normal).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    hasty, faster = figures(64, reach=0.1, seed=1), figures(64, reach=0.02, seed=1)
    faster[..., 0] = 0.5 + 3 * (faster[..., 0] - 0.5)
    with torch.inference_mode():
        usual = head.eval().error(figures(64, reach=0.02, seed=1))
        assert torch.allclose(head.error(faster), usual, atol=0.02)
        assert float(head.error(hasty).quantile(0.1)) > 1.5 * float(usual.quantile(0.9))
