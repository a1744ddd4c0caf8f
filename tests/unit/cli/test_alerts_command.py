"""`nightclerk alerts` in words."""

from typing import Any

import pytest

from services.cli.alerts import reviewed

REVIEW = {"verdict": None, "judged_by": None, "acknowledged_by": None}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ""),
        ({"acknowledged_by": "ada"}, "seen by ada"),
        ({"acknowledged_by": "ada", "verdict": "false", "judged_by": "bob"}, "false alarm, bob"),
    ],
)
def test_a_review_in_a_few_words(fields: dict[str, Any], words: str) -> None:
    assert reviewed(REVIEW | fields) == words
