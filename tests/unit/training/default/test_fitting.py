"""Fits on made-up embeddings: what can be learned is learned, and the same every time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from services.training.default.embeddings import Row, Table, load, save
from services.training.default.evaluation import by_video, held_out, scores
from services.training.default.fitting import fit, fit_linear, usable, weights
from services.training.default.recipes import RECIPES, Recipe

DIM = 16
KINDS = ("fight", "calm", "street", "room", "daily", "shop", "sim", "fall", "theft")
FIGHT, FALL, THEFT = (
    replace(recipe, C=1.0, views=("plain", "flip"), folds=min(recipe.folds, 4), bags=1200)
    for recipe in RECIPES
)


def rows(seed: int = 0, apart: float = 4.5) -> list[Row]:
    """Videos of two windows in two views; each incident lies in a direction of its own."""
    rng = np.random.default_rng(seed)
    directions = {"fight": 0, "sim": 0, "fall": 1, "theft": 2}
    made = []
    for kind in KINDS:
        for number in range(24 if kind in ("fight", "calm") else 6):
            label = int(kind in directions and (kind != "sim" or number < 3))
            centre = rng.normal(size=DIM) + apart * label * np.eye(DIM)[directions.get(kind, 0)]
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


def test_a_head_sees_its_own_incident(table: Table) -> None:
    seen = table.seen_by(FALL)
    incident = table.label == 1
    assert (seen.label[~incident] == 0).all()
    expected = {"fall": 1, "theft": 0, "fight": -1, "sim": -1}
    for kind, label in expected.items():
        assert set(seen.label[incident & (table.kind == kind)]) == {label}
    assert set(table.seen_by(FIGHT).label[incident & (table.kind == "sim")]) == {1}


def test_weights_cap_domains_and_balance_the_labels(table: Table) -> None:
    recipe = replace(FIGHT, short=0.5, domain_weight=7.0)
    used = usable(table.seen_by(recipe), recipe)
    weight = weights(used, recipe)
    normal = used.label == 0
    assert weight[~normal].sum() == pytest.approx(weight[normal].sum())
    for kind in ("street", "room", "daily", "shop", "sim"):
        assert weight[(used.kind == kind) & normal].sum() == pytest.approx(7.0)
    calm = weight[used.kind == "calm"]
    assert calm[used.frames[used.kind == "calm"] < 16].max() == pytest.approx(calm.max() / 2)


@pytest.mark.parametrize("head", ["linear", "deep_mil"])
def test_fights_score_higher_and_the_same_every_time(head: str, table: Table) -> None:
    seen = table.seen_by(FIGHT)
    first, again = (scores(fit(head)(seen, FIGHT), seen) for _ in range(2))
    assert np.array_equal(first, again)
    fights, normal = first[seen.label == 1], first[seen.label == 0]
    assert np.median(fights) > np.quantile(normal, 0.9)


def test_held_out_scores_come_from_models_that_have_not_seen_the_group(table: Table) -> None:
    seen: list[tuple[set[str], set[str]]] = []

    def train(part: Table) -> torch.nn.Module:
        seen.append((set(part.group[np.isin(part.kind, FIGHT.own)]), set(part.kind)))
        return fit_linear(part, FIGHT)

    labelled = table.seen_by(FIGHT)
    result = held_out(labelled, FIGHT, train)
    assert np.isfinite(result).all()
    everything = {str(group) for group in table.group[table.kind == "fight"]}
    left_out = [everything - groups for groups, _ in seen[:4]]
    assert sorted(group for fold in left_out for group in fold) == sorted(everything)
    cameras = [{"fall", "daily"}, {"theft", "shop"}, {"street"}, {"room"}]
    assert [set(KINDS) - kinds for _, kinds in seen[4:8]] == cameras
    assert by_video(labelled, result, FIGHT).auc() > 0.85


@pytest.mark.parametrize("recipe", [FIGHT, FALL, THEFT])
def test_each_head_learns_its_incident(recipe: Recipe, table: Table) -> None:
    seen = table.seen_by(recipe)
    found = scores(fit_linear(seen, recipe), seen)
    means = {kind: found[table.kind == kind].mean() for kind in ("fight", "fall", "theft", "calm")}
    assert max(means, key=lambda kind: means[kind]) == recipe.incident


def test_a_clip_counts_by_its_highest_plain_window(table: Table) -> None:
    score = np.zeros(len(table))
    at = np.flatnonzero((table.video == "fight/3") & (table.view == "plain"))
    score[at[1]] = 2.0
    score[(table.video == "fight/4") & (table.view == "flip")] = 9.0
    videos = by_video(table, score, FIGHT)
    assert len(videos.scores) == 48
    assert videos.scores.max() == 2.0
    assert videos.labels[videos.scores.argmax()] == 1
    assert videos.sources[videos.scores.argmax()] == "g1"


def test_single_videos_are_drawn_where_groups_are_few(table: Table) -> None:
    assert set(by_video(table, np.zeros(len(table)), FALL).sources) == {
        f"{kind}/{number}" for kind in ("fall", "daily") for number in range(6)
    }


def test_nothing_is_learned_from_noise(table: Table) -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=table.vectors.shape).astype(np.float32)
    seen = replace(table, vectors=noise).seen_by(FIGHT)
    result = held_out(seen, FIGHT, lambda part: fit_linear(part, FIGHT))
    assert 0.25 < by_video(seen, result, FIGHT).auc() < 0.75
