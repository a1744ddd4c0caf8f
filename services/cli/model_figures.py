"""Detectors in a table: where they judge, and figures to compare stores by."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.cli.screen import printable


def place(found: dict[str, Any]) -> str:
    """Where a detector judges, and as what."""
    where = found["store"] or "all stores"
    return f"{'live' if found['run'] == 'live' else 'shadow'} in {where}"


def figures(deployments: list[dict[str, Any]]) -> Table:
    """A row a live detector and shadow; stores that inherit theirs have figures of their own."""
    table = Table(
        "where", "", "detector", "since", "camera-days", "alarms a day", "true", box=SIMPLE_HEAD
    )
    for deployment in deployments:
        where = deployment["store"] or "all stores"
        for live in deployment["live"]:
            what = "live, inherited" if live["is_inherited"] else "live"
            table.add_row(*_texts(where, what, _named(live), live["since"] or "-"), *_of(live))
        for shadow in deployment["shadows"]:
            table.add_row(*_texts(where, "shadow", _named(shadow), shadow["since"]), "", "", "")
    return table


def _of(live: dict[str, Any]) -> tuple[str, str, str]:
    found = live["figures"]
    if found is None:
        return "no camera", "", ""
    days = f"{found['camera_days']:.1f}"
    rate, precision = found["per_camera_day"], found["precision"]
    reviewed = found["reviewed_true"] + found["reviewed_false"]
    budget = live["budget_per_day"]
    asked = f" of {budget:g}" if budget is not None else ""
    return days, f"{_between(rate)}{asked}", f"{_between(precision)} ({reviewed})"


def _between(interval: dict[str, Any]) -> str:
    """A figure with its bounds."""
    if interval["value"] is None:
        return "-"
    high = "…" if interval["high"] is None else f"{interval['high']:.2f}"
    return f"{interval['value']:.2f} [{interval['low']:.2f}, {high}]"


def _named(found: dict[str, Any]) -> str:
    version = f" {found['version']}" if found["version"] else ""
    return f"{found['name']}{version} ({found['detector']})"


def _texts(*texts: str) -> list[str]:
    return [escape(printable(text)) for text in texts]
