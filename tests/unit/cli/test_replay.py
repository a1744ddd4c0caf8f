"""`nightclerk replay` names what cannot be, and shows what would have come and gone."""

from datetime import UTC, datetime
from typing import Any

import pytest
import typer

from schemas.alerts import AlertClosed
from services.cli.replay import run_of, show, stretch_of, to_json
from services.scoring.replay.comparison import Comparison
from services.scoring.replay.service import Summary
from tests.builders import SOURCE, of_source


def alert(**more: Any) -> AlertClosed:
    fields = of_source() | {
        "alert_id": SOURCE,
        "rule": "fight",
        "label": "Possible fight",
        "start_s": 10.0,
        "end_s": 14.0,
        "peak_s": 12.0,
        "peak_score": 0.93,
        "peak_index": 11,
        "model_id": "test",
    }
    return AlertClosed(**fields | more)


def test_moments_without_a_zone_are_utc() -> None:
    stretch = stretch_of("2026-11-26T08:00+09:00", "2026-11-26T10:00", [SOURCE], "try-1")
    assert stretch.since == datetime(2026, 11, 25, 23, tzinfo=UTC)
    assert stretch.until == datetime(2026, 11, 26, 10, tzinfo=UTC)
    assert (stretch.run, stretch.sources) == ("try-1", frozenset({SOURCE}))


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        ("yesterday", "", "no moment"),
        ("2026-11-26", "2026-11-25", "before --until"),
        ("2026-01-01", "2026-06-01", "30 days"),
    ],
)
def test_a_stretch_that_cannot_be_is_refused(since: str, until: str, sentence: str) -> None:
    with pytest.raises(typer.BadParameter, match=sentence):
        stretch_of(since, until, [], "")


@pytest.mark.parametrize(("name", "sentence"), [("live", "alerts people"), ("a b", "letters")])
def test_a_run_needs_a_name_of_its_own(name: str, sentence: str) -> None:
    with pytest.raises(typer.BadParameter, match=sentence):
        run_of(name)


def test_what_would_have_come_and_gone_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    comparison = Comparison(kept=(), come=(alert(),), gone=(alert(label="Possible fall"),))
    summary = Summary("try-1", 36, 72, 2, comparison)
    show(summary)
    shown = capsys.readouterr().out
    for part in ("36 windows", "run try-1", "1 would have come", "Possible fall", "0.93"):
        assert part in shown
    content = to_json(summary)
    assert [len(content[name]) for name in ("kept", "come", "gone")] == [0, 1, 1]
    assert content["come"][0]["started_at"] == "2026-01-01T00:00:10+00:00"
