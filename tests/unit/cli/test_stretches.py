"""Moments and whiles as people type them."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from services.cli.stretches import duration, moment, number, stretch

TEN_PM = datetime(2026, 5, 1, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01T22:00:00Z",
        "2026-05-01T22:00",
        "2026-05-01 22:00:00",
        "2026-05-02T07:00+09:00",
        "2026-05-01T22:00:00.000000+00:00",
    ],
)
def test_a_moment_in_any_zone_is_the_same(text: str) -> None:
    assert moment(text) == TEN_PM
    assert stretch(moment(text), None) == {"since": "2026-05-01T22:00:00Z"}


def test_a_day_begins_at_midnight() -> None:
    assert moment("2026-05-01") == datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
    ],
)
def test_a_while_is_so_long_ago(text: str, ago: timedelta) -> None:
    assert duration(text) == ago
    assert abs(datetime.now(UTC) - ago - moment(text)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "7", "7w", "2026-13-01", "0001-01-01T00:00+09:00", "22:00", "-1d"]
)
def test_what_is_no_moment_is_said(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no moment"):
        moment(text)


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e999", "many", ""])
def test_what_json_has_no_number_for_is_said(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no number"):
        number(text)
    assert number("7.5") == 7.5
