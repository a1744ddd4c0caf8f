"""An analysis for people: a head line, a sparkline of the scores, a table of the alerts."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

LEVELS = "▁▂▃▄▅▆▇█"
COLUMNS = 60


def rendered(told: dict[str, Any]) -> RenderableType:
    """One file's result."""
    if told["state"] == "failed":
        name, error = escape(told["file"]), escape(told["error"])
        return Text.from_markup(f"[bold]{name}[/]  [red]failed[/]  {error}\n")
    parts: list[RenderableType] = [headline(told), sparkline(told)]
    parts.append(alert_table(told["alerts"]) if told["alerts"] else Text("  no alert", "green"))
    return Group(*parts, "")


def headline(told: dict[str, Any]) -> Text:
    top = max((clip["calibrated"] for clip in told["clips"]), default=0.0)
    facts = (
        f"{clock(told['duration_s'])}, {len(told['clips'])} clips,"
        f" highest score {top:.2f}, {told['backbone']} + {told['head']}"
    )
    return Text.from_markup(f"[bold]{escape(told['file'])}[/]  [dim]{facts}[/]")


def sparkline(told: dict[str, Any]) -> Text:
    """The highest calibrated score of each stretch of time; red where an alert is."""
    line = Text("  ")
    for share, start_s, end_s in stretches(told["clips"], COLUMNS):
        alarmed = any(
            alert["start_s"] < end_s and alert["end_s"] > start_s for alert in told["alerts"]
        )
        level = LEVELS[min(len(LEVELS) - 1, int(share * len(LEVELS)))]
        line.append(level, "bold red" if alarmed else "cyan")
    return line


def stretches(clips: Sequence[dict[str, Any]], most: int) -> list[tuple[float, float, float]]:
    """(highest score, start, end) of at most `most` groups of neighbouring clips."""
    count = min(most, len(clips))
    bounds = [len(clips) * step // count for step in range(count + 1)] if count else []
    groups = [clips[start:stop] for start, stop in pairwise(bounds)]
    return [
        (max(clip["calibrated"] for clip in group), group[0]["start_s"], group[-1]["end_s"])
        for group in groups
    ]


def alert_table(alerts: Sequence[dict[str, Any]]) -> Table:
    table = Table("alert", "from", "to", "peak at", "peak score", box=None, header_style="dim")
    for alert in alerts:
        times = (clock(alert[name]) for name in ("start_s", "end_s", "peak_s"))
        peak = alert["peak_score"]
        score = "-" if peak is None else f"{peak:.2f}"
        table.add_row(Text(alert["label"], "red"), *times, score)
    return table


def clock(seconds: float) -> str:
    """1:02:03.4; hours only where there are any."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{rest // 10:02}.{rest % 10}"
