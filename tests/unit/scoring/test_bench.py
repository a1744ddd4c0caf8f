"""The bench knows every head."""

from services.scoring.bench import run
from services.scoring.heads import HEADS


def test_each_head_has_a_row_that_says_how_far_it_looks_back() -> None:
    rows = dict(run(repeats=1))
    assert list(rows) == [f"one live window of {name}" for name in HEADS]
    assert rows["one live window of lstm_ae"].endswith("ms (frames of a person: 20)")
    assert rows["one live window of causal_mil"].endswith("ms (windows: 16)")
