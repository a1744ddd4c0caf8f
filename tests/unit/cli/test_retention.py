"""`nightclerk retention set`: which words are which bounds."""

from typing import Any

import click
import pytest
import typer

from services.cli.retention import changed

RULES: dict[str, Any] = {"recordings": {"days": 10.0, "gb": 5.0}, "alerts": {"days": None}}


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ([], RULES),
        (["recordings=14d"], RULES | {"recordings": {"days": 14.0, "gb": 5.0}}),
        (
            ["recordings=0.5gb", "alerts=365d"],
            {
                "recordings": {"days": 10.0, "gb": 0.5},
                "alerts": {"days": 365.0},
            },
        ),
        (["recordings=none"], RULES | {"recordings": {}}),
    ],
)
def test_bounds_take_the_place_of_what_was_there(
    bounds: list[str], expected: dict[str, Any]
) -> None:
    assert changed(RULES, bounds) == expected


@pytest.mark.parametrize("bound", ["recordings", "recordings=14", "recordings=14w", "films=1d"])
def test_what_is_no_bound_is_said(bound: str) -> None:
    with pytest.raises((typer.Exit, click.exceptions.Exit, SystemExit)):
        changed(RULES, [bound])
