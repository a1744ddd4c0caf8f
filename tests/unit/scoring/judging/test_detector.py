"""A detector: found in a folder, of heads that go together."""

from pathlib import Path

import pytest

from services.scoring.heads import Head
from services.scoring.judging.detector import Detector, assemble
from tests.checkpoints import card, cosine, cosine_head, mean_head, rule


def test_a_checkpoint_is_a_detector_of_its_own_id(tmp_path: Path) -> None:
    detector = assemble(cosine_head(tmp_path))
    assert [head.model_id for head in detector.heads] == [detector.detector_id]


def test_subfolders_are_heads_in_the_order_of_their_names(tmp_path: Path) -> None:
    for axis, name in enumerate(["theft", "fall"]):
        cosine_head(tmp_path / name, axis, rule=rule(name))
    (tmp_path / "notes").mkdir()
    detector = assemble(tmp_path)
    assert [head.rule.name for head in detector.heads] == ["fall", "theft"]
    assert detector.detector_id.startswith("2-heads-")
    assert detector.detector_id == assemble(tmp_path).detector_id


def test_another_head_makes_another_model_id() -> None:
    one, other = mean_head(2), mean_head(3, rule=rule("other"))
    ids = {Detector(heads).detector_id for heads in ((one,), (other,), (one, other), (other, one))}
    assert len(ids) == 4


def test_the_product_comes_with_a_detector() -> None:
    assert assemble().heads


def test_a_folder_without_checkpoints_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=tmp_path.name):
        assemble(tmp_path)


@pytest.mark.parametrize(
    "other", [{"backbone": "videomae2_s_k710"}, {"window": 1}, {"dim": 3}, {"spec": {"hop": 8}}]
)
def test_heads_for_different_embeddings_are_refused(other: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="one stream cannot feed both"):
        Detector((mean_head(), mean_head(rule=rule("other"), **other)))


def test_rules_of_one_name_are_refused_since_alert_ids_come_from_it() -> None:
    heads = (Head(cosine(0), card(cosine(0))), Head(cosine(1), card(cosine(1))))
    with pytest.raises(ValueError, match="rule called 'fight'"):
        Detector(heads)
