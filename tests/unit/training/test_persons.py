"""Heads that look at persons are trained and judged on what each of them did."""

from pathlib import Path

import numpy as np
import pytest

from schemas.poses import PosesExtracted
from services.scoring.heads import load as load_head
from services.scoring.poses import table
from services.training.bags import apart
from services.training.examples import Example
from services.training.features import (
    FeatureError,
    described,
    read,
    read_folder,
    write,
)
from services.training.journal import Lines
from services.training.loop import Plan
from services.training.recipe import Recipe, load, train, watched
from services.training.store import store
from tests.unit.scoring.poses.people import at, poses, standing
from tests.unit.training.planted import videos, write_features

CLIPS = 8
HEADER = "video,start_s,end_s,label,source\n"


def walk(seed: int, wild_from: int | None = None) -> list[PosesExtracted]:
    """One who walks to and fro; from a clip on they jump about."""
    rng = np.random.default_rng(seed)
    told = []
    for index in range(CLIPS):
        steps = 0.5 + 0.2 * np.sin((np.arange(8) + 8 * index) / 9 + seed)
        if wild_from is not None and index >= wild_from:
            steps = rng.uniform(0.1, 0.9, 8)
        told.append(poses(index, [[at(float(x))] for x in steps]))
    return told


@pytest.fixture
def material(tmp_path: Path) -> tuple[Path, Path]:
    rows = []
    for number in range(24):
        wild = 4 if number % 2 else None
        told = walk(number, wild)
        video = f"v{number}.mp4"
        maker = described(video, "yolov8_pose", 1, told[0].spec)
        write(tmp_path / "f" / f"{video}.npz", **vars(table(told)), **maker)
        span = (told[4].clip.start_s, told[-1].clip.end_s)
        rows.append(f"{video},{span[0]},{span[1]},wild," if wild else f"{video},,,normal,")
    labels = tmp_path / "l.csv"
    labels.write_text(HEADER + "\n".join(rows) + "\n")
    return tmp_path / "f", labels


def test_an_autoencoder_of_persons_finds_who_moves_as_nobody_does(
    material: tuple[Path, Path], tmp_path: Path
) -> None:
    recipe = Recipe("lstm_ae", *material, plan=Plan(steps=150), overrides={"batch": 32})
    lines = Lines(tmp_path / "out" / "metrics.jsonl")
    result = train(recipe, load(recipe), lines, lambda _: None)
    store(tmp_path / "out", recipe, result)
    lines.close()
    assert result.card.metrics["test"]["frame_auc"] > 0.8
    loaded = load_head(tmp_path / "out")
    assert (loaded.takes, loaded.card.dim, loaded.card.backbone) == ("persons", 38, "yolov8_pose")
    (example, *_) = result.parts["test"]
    persons = example.features.persons
    assert persons is not None
    scores = [loaded.judge(list(one)) for one in persons]
    expected = [max(found, default=loaded.lowest) for found in scores]
    (heard,) = watched(result.fitted.network, [example])  # type: ignore[arg-type]
    assert heard.scores[3:] == pytest.approx(expected[3:], rel=1e-4)


def test_everybody_is_a_sequence_of_their_own(material: tuple[Path, Path]) -> None:
    one = load(Recipe("lstm_ae", *material)).examples[0]
    persons = one.features.persons
    assert persons is not None
    found = apart(one)
    assert len(found) == sum(len(window) for window in persons)
    assert {part.features.vectors.shape for part in found} == {(1, 20, 38)}
    assert found[-1].features.vectors[0].tolist() == persons[-1][0].tolist()


def test_where_nobody_is_the_score_is_the_lowest(tmp_path: Path) -> None:
    told = [standing(index) for index in range(3)]
    maker = described("v.mp4", "yolov8_pose", 1, told[0].spec)
    write(tmp_path / "v.npz", **vars(table(told)), **maker)
    features = read(tmp_path / "v.npz", "persons")
    assert [len(one) for one in features.persons or ()] == [0, 0, 0]
    assert read(tmp_path / "v.npz").vectors.max() == 0


def test_embeddings_are_no_persons(tmp_path: Path) -> None:
    write_features(tmp_path, videos(2))
    with pytest.raises(FeatureError, match="looks at poses"):
        read_folder(tmp_path, "persons")


def test_windows_stay_together_where_the_head_looks_at_windows() -> None:
    one: Example = videos(1)[0]
    assert apart(one) == [one]
