"""Fits on made-up embeddings: what can be learned is learned, and the same every time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from services.scoring.training.embeddings import Row, Table, load, save
from services.scoring.training.evaluation import auc, by_video, held_out, scores
from services.scoring.training.fitting import Recipe, fit_deep_mil, fit_linear, usable, weights

DIM = 16
KINDS = ("fight", "calm", "street", "room", "daily", "shop", "sim", "fall")


def rows(seed: int = 0, apart: float = 1.5) -> list[Row]:
    """Videos of two windows in two views; fights lie in one direction, in groups of three."""
    rng = np.random.default_rng(seed)
    made = []
    for kind in KINDS:
        for number in range(24 if kind in ("fight", "calm") else 6):
            label = -1 if kind == "fall" else int(kind == "fight" or (kind == "sim" and number < 3))
            centre = rng.normal(size=DIM) + apart * (label == 1) * np.eye(DIM)[0] * 3
            for view in ("plain", "flip"):
                for index in range(2):
                    vector = (centre + rng.normal(size=DIM)).astype(np.float32)
                    frames = 32 if index == 0 else 5
                    group = f"{kind}-{number // 3}" if kind == "sim" else f"g{number // 3}"
                    name = f"{kind}/{number}"
                    made.append(Row(name, kind, group, view, index, frames, label, vector))
    return made


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    path = tmp_path_factory.mktemp("features") / "deep" / "rows.npz"
    save(path, rows())
    return load([path])


def test_rows_come_back_from_disk(table: Table) -> None:
    first = rows()[0]
    assert len(table) == len(rows())
    assert table.video[0] == first.video
    assert table.vectors[0].tolist() == first.vector.tolist()
    assert set(table.kind) == set(KINDS)


def test_weights_cap_domains_and_balance_the_labels(table: Table) -> None:
    recipe = Recipe(short=0.5, positives=1.0)
    used = usable(table, recipe)
    assert "fall" not in used.kind
    weight = weights(used, recipe)
    assert weight[used.label == 1].sum() == pytest.approx(weight[used.label == 0].sum())
    for kind, total in recipe.domain_weight.items():
        assert weight[(used.kind == kind) & (used.label == 0)].sum() == pytest.approx(total)
    calm = weight[used.kind == "calm"]
    assert calm[used.frames[used.kind == "calm"] < 16].max() == pytest.approx(calm.max() / 2)


@pytest.mark.parametrize("fit", [fit_linear, fit_deep_mil])
def test_fights_score_higher_and_the_same_every_time(fit: object, table: Table) -> None:
    recipe = Recipe(C=1.0, bags=1200)
    assert callable(fit)
    first, again = (scores(fit(table, recipe), table) for _ in range(2))
    assert np.array_equal(first, again)
    fights, normal = first[table.label == 1], first[table.label == 0]
    assert np.median(fights) > np.quantile(normal, 0.9)


def test_held_out_scores_come_from_models_that_have_not_seen_the_group(table: Table) -> None:
    seen: list[tuple[set[str], set[str]]] = []

    def train(part: Table) -> torch.nn.Module:
        seen.append((set(part.group[np.isin(part.kind, ("fight", "calm"))]), set(part.kind)))
        return fit_linear(part, Recipe(C=1.0))

    result = held_out(table, train, folds=4)
    assert np.isfinite(result).all()
    everything = {str(group) for group in table.group[table.kind == "fight"]}
    left_out = [everything - groups for groups, _ in seen[:4]]
    assert sorted(group for fold in left_out for group in fold) == sorted(everything)
    assert [set(KINDS) - kinds for _, kinds in seen[4:8]] == [
        {"street"},
        {"room"},
        {"daily"},
        {"shop"},
    ]
    assert auc(table, result) > 0.85


def test_a_clip_counts_by_its_highest_plain_window(table: Table) -> None:
    score = np.zeros(len(table))
    at = np.flatnonzero((table.video == "fight/3") & (table.view == "plain"))
    score[at[1]] = 2.0
    score[(table.video == "fight/4") & (table.view == "flip")] = 9.0
    highest, labels, groups = by_video(table, score)
    assert len(highest) == 48
    assert highest.max() == 2.0
    assert labels[highest.argmax()] == 1
    assert groups[highest.argmax()] == "g1"


def test_nothing_is_learned_from_noise(table: Table) -> None:
    rng = np.random.default_rng(1)
    noise = replace(table, vectors=rng.normal(size=table.vectors.shape).astype(np.float32))
    result = held_out(noise, lambda part: fit_linear(part, Recipe(C=1.0)), folds=4)
    assert 0.25 < auc(noise, result) < 0.75
