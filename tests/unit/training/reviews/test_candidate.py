"""A head from marks, on made-up embeddings of two cameras over twelve days."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import torch

from schemas.clips import ClipSpec
from services.rules.folders import DEFAULT
from services.scoring.calibration import Calibration
from services.scoring.cards import read_card
from services.scoring.heads.checkpoint import read
from services.scoring.heads.linear.config import LinearConfig
from services.scoring.heads.linear.model import Linear
from services.training.reviews.candidate import Candidate, TooFewMarks, require_enough, store, teach
from services.training.reviews.guards import Judge, not_worse_held_out
from services.training.reviews.marks import marks_of
from services.training.reviews.windows import Windows, is_held_out

TENANT, TILL = UUID(int=1), UUID(int=7)
DIM, SIGNAL = 1024, 40.0
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def windows(days: int = 12, quiet: int = 100, events: int = 2) -> Windows:
    """Noise, to which an event adds something in one direction."""
    rng = np.random.default_rng(3)
    cells = [f"{camera}/{day}" for camera in ("till", "door") for day in range(days)]
    names = [f"{cell}-{k}" for cell in cells for k in range(events) for _ in range(3)]
    cell_N = np.array([*np.repeat(cells, quiet), *np.repeat(cells, events * 3)])
    event_N = np.array([""] * (quiet * len(cells)) + names)
    vectors_ND = np.abs(rng.normal(size=(len(cell_N), DIM))).astype(np.float32)
    vectors_ND[event_N != "", 0] += SIGNAL
    held_out_N = np.array([is_held_out(TENANT, cell) for cell in cell_N.tolist()])
    return Windows(
        vectors_ND, event_N != "", event_N, cell_N, held_out_N, "i3d_k400", 2, ClipSpec()
    )


@pytest.fixture(scope="module")
def good() -> Candidate:
    """Taught once: the position gate takes its time."""
    return teach(windows(), "theft", DEFAULT)


def test_only_the_head_of_the_label_is_replaced_and_its_rule_stays(
    good: Candidate, tmp_path: Path
) -> None:
    store(good, DEFAULT, tmp_path / "new")
    for name in ("fall", "fight"):
        assert read(tmp_path / "new" / name)[1] == read(DEFAULT / name)[1]
    card = read_card(tmp_path / "new" / "theft")
    before = read_card(DEFAULT / "theft")
    assert (card.rule, good.before) == (before.rule, before.model_id)
    assert card.model_id != before.model_id
    assert "events marked theft" in card.data[0]
    assert set(card.metrics["reviews"]) == {
        "before",
        "position",
        "held-out camera-days",
        "reference scenes",
    }


def test_what_is_worse_than_before_on_held_out_days_is_refused(good: Candidate) -> None:
    poor = Judge(*read(DEFAULT / "theft"))
    guard = not_worse_held_out(Judge(good.network, good.card), poor, windows().held_out)
    assert not guard.passed
    assert not_worse_held_out(poor, poor, windows().held_out).passed


def test_three_held_out_days_do_not_excuse_a_head_that_is_no_worse_on_one_of_them(
    good: Candidate,
) -> None:
    """Drawn by days alone, that one is drawn three times in one of 27: beyond what is refused."""
    found = windows().held_out
    cells = np.unique(found.cell)[:3]
    few = found.where(np.isin(found.cell, cells))
    few.vectors[few.is_event & (few.cell == cells[0]), 1] += SIGNAL
    other = Linear(LinearConfig(dim=DIM)).eval()
    with torch.no_grad():
        other.out.weight.copy_(torch.eye(DIM)[1:2])
    card = good.card.model_copy(update={"calibration": Calibration(raw=(-9, 9), calibrated=(0, 1))})
    before, after = Judge(good.network, good.card), Judge(other, card)
    guard = not_worse_held_out(before, after, few)
    assert not guard.passed
    assert "3 camera-days" in guard.figures


def test_a_label_that_no_head_has_gets_one_of_its_own(good: Candidate, tmp_path: Path) -> None:
    detector = tmp_path / "alone"
    shutil.copytree(DEFAULT / "fight", detector)
    rule = good.card.rule.model_copy(update={"name": "smoking"})
    card = good.card.model_copy(update={"rule": rule})
    store(replace(good, card=card), detector, tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["fight", "smoking"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "archive holds nothing"),
        (windows(days=1), "held out: 0 events"),
        (windows(days=12, events=0), "taught: 0 events"),
        (windows(days=12, quiet=2), "needed 2 and 200"),
    ],
)
def test_too_few_marks_are_refused_with_counts(given: Windows | None, said: str) -> None:
    with pytest.raises(TooFewMarks, match=said):
        require_enough(given, "theft")


def alert(name: str, rule: str, verdict: str | None) -> dict[str, object]:
    span = {"started_at": NOON.isoformat(), "ended_at": (NOON + timedelta(seconds=9)).isoformat()}
    of = {"alert_id": name, "source_id": str(TILL), "kind": "incident", "rule": rule}
    return {**of, **span, "review": {"verdict": verdict}}


def report(name: str, label: str, alert_id: str | None = None) -> dict[str, object]:
    span = {"since": NOON.isoformat(), "until": (NOON + timedelta(seconds=5)).isoformat()}
    return {"event_id": name, "source_id": str(TILL), "label": label, "alert_id": alert_id, **span}


def test_marks_are_what_was_shown_not_what_it_was_called() -> None:
    alerts = [
        alert("a", "theft", "true"),
        alert("b", "theft", "false"),
        alert("c", "theft", None),
        alert("d", "fight", "false"),
        alert("e", "fight", "true"),
    ]
    reports = [report("v", "theft", alert_id="e"), report("w", "normal"), report("x", "fight")]
    found = {mark.name: mark.meaning for mark in marks_of(alerts, reports, "theft")}
    assert found == {
        "a": "event",
        "b": "normal",
        "c": "unclear",
        "d": "unclear",
        "v": "event",
        "w": "normal",
        "x": "unclear",
    }
