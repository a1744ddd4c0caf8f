"""From feature files and labels to a head that the service loads: what is real is found."""

import json
from pathlib import Path

import numpy as np
import pytest

from services.scoring.heads import load as load_head
from services.training.datasets import read as read_labels
from services.training.examples import match
from services.training.features import read_folder
from services.training.journal import FILE, Lines, signed_in
from services.training.loop import Plan, Round
from services.training.recipe import Recipe, Trained, load, rule_for, train
from services.training.store import read_seen, store
from tests.unit.training.planted import videos, write_features, write_labels

PLAN = Plan(steps=150, seed=1)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("material")
    examples = videos(48)
    return write_features(folder / "features", examples), write_labels(folder / "l.csv", examples)


def trained(
    material: tuple[Path, Path], out: Path, head: str = "linear", **more: object
) -> tuple[Trained, list[Round]]:
    recipe = Recipe(head, *material, plan=PLAN, **more)  # type: ignore[arg-type]
    lines, heard = Lines(out / FILE), list[Round]()
    try:
        trained = train(recipe, load(recipe), lines, heard.append)
        store(out, recipe, trained)
        return trained, heard
    finally:
        lines.close()


@pytest.mark.parametrize("head", ["linear", "deep_mil", "causal_mil"])
def test_a_planted_anomaly_is_found_and_the_service_loads_the_head(
    head: str, material: tuple[Path, Path], tmp_path: Path
) -> None:
    result, heard = trained(material, tmp_path, head)
    test = result.card.metrics["test"]
    assert test["frame_auc"] > 0.95
    assert test["abnormal_auc"] > 0.95
    assert test["video_auc"] > 0.95
    assert test["alarms"]["share_alarmed"] > 0.5
    assert test["position_only"]["abnormal_auc"] < 0.75
    loaded = load_head(tmp_path)
    assert loaded.model_id == result.card.model_id
    assert loaded.rule.name == "fight"
    signal = np.zeros((1, 16), np.float32)
    signal[0, 0] = 6
    assert loaded.card.calibration.apply(*loaded.judge([signal])) > loaded.rule.high
    lines = [json.loads(line) for line in (tmp_path / FILE).read_text().splitlines()]
    assert [line["step"] for line in lines] == [one.step for one in heard]
    assert "fight" in loaded.card.rule.label
    assert "48 videos (24 anomalous)" in (tmp_path / "MODEL_CARD.md").read_text()


def test_equal_seeds_give_equal_weights(material: tuple[Path, Path], tmp_path: Path) -> None:
    first, again = (trained(material, tmp_path / name)[0].card for name in ("a", "b"))
    assert first == again


def test_training_looks_at_no_test_video(material: tuple[Path, Path], tmp_path: Path) -> None:
    """Other features in the test part change neither weights nor marks."""
    result, _ = trained(material, tmp_path / "a")
    test = {one.features.video for one in result.parts["test"]}
    features = read_folder(material[0])
    for one in features:
        if one.video in test:
            one.vectors[:] = 0
    recipe = Recipe("linear", *material, plan=PLAN)
    changed = match(features, read_labels(material[1]))
    lines = Lines(tmp_path / "b" / FILE)
    other = train(recipe, changed, lines, lambda _: None)
    lines.close()
    assert other.card.weights_sha256 == result.card.weights_sha256
    assert other.card.rule == result.card.rule
    assert other.card.metrics["test"] != result.card.metrics["test"]


def test_what_a_head_has_seen_is_remembered(material: tuple[Path, Path], tmp_path: Path) -> None:
    result, _ = trained(material, tmp_path)
    everything = list(result.matched.examples)
    unseen = read_seen(tmp_path).unseen(everything)
    assert {one.features.video for one in unseen} == {
        one.features.video for one in result.parts["test"]
    }
    assert read_seen(tmp_path / "nowhere").unseen(everything) == everything


def test_settings_of_the_head_can_be_said(material: tuple[Path, Path], tmp_path: Path) -> None:
    result, _ = trained(material, tmp_path, overrides={"lr": 0.05})
    assert result.card.config["lr"] == 0.05
    with pytest.raises(TypeError, match="speed"):
        trained(material, tmp_path, overrides={"speed": 1})


@pytest.mark.parametrize(
    ("labels", "window", "name", "n"),
    [(["fight", "fight"], 2, "fight", 2), (["fall", "fight"], 1, "anomaly", 3)],
)
def test_the_rule_is_called_what_it_looks_for(
    labels: list[str], window: int, name: str, n: int
) -> None:
    rule = rule_for(labels, window)
    assert (rule.name, rule.k, rule.n) == (name, 2, n)


def test_nobody_is_signed_in_without_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    assert not signed_in()
    (tmp_path / ".netrc").write_text("machine api.wandb.ai login user password x\n")
    (tmp_path / ".netrc").chmod(0o600)
    assert signed_in()
