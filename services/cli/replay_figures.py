"""Replays and comparisons in words, for the terminal."""

from collections.abc import Iterator
from typing import Any

from rich.markup import escape

SEEN_LESS = 0.98
"""Of what the other run saw: below it a run is said to have seen less."""
COLOURS = {"done": "green", "failed": "red", "cancelled": "yellow"}


def progress_line(view: dict[str, Any]) -> str:
    """How far a replay is."""
    state = view["state"]
    line = f"[{COLOURS.get(state, 'cyan')}]{state}[/] {view['run']}"
    if state == "extracting":
        return f"{line}: {view['share']:.0%} of the recordings embedded"
    if view["windows"]:
        line += f": {view['windows']} windows, {view['clips']} clips, {view['alerts']} alerts"
    if view["rate"]:
        line += f", {view['rate']:.0f} windows/s"
    if view["eta_s"]:
        line += f", {view['eta_s']:.0f} s to go"
    if view["refused"]:
        line += f"; {view['refused']} messages were not made for this detector"
    return line + (f": {escape(view['error'])}" if view["error"] else "")


def comparison_lines(found: dict[str, Any]) -> Iterator[str]:
    """What would have come and gone, and how both runs stand."""
    run, against = found["run"]["run"], found["against"]["run"]
    counts = {name: found[name]["count"] for name in ("gained", "lost", "moved")}
    yield (
        f"{found['same']} alerts as in {against}, {counts['moved']} moved, "
        f"{counts['gained']} would have come, {counts['lost']} would have gone"
    )
    for name, word in (("gained", "come"), ("lost", "gone"), ("moved", "moved")):
        for each in found[name]["items"]:
            alert = each["run"] or each["against"]
            at = alert["started_at"][:19].replace("T", " ")
            where = escape(each["source_name"] or each["source_id"])
            label = escape(each["label"])
            yield f"  {word:5} {at}  {where}: {label}, peak {alert['peak_score']:.2f}"
    for side, name in ((found["run"], run), (found["against"], against)):
        yield f"{name}: {_figures(side)}"
    seen, there = (found[side]["camera_days"] for side in ("run", "against"))
    if seen < SEEN_LESS * there:
        yield f"[yellow]{run} scored less than {against}: {lasting(seen)} of {lasting(there)}[/]"


def lasting(days: float) -> str:
    """So many days in the unit in which they can be read."""
    if days >= 1:
        return f"{days:.1f} days"
    hours = 24 * days
    return f"{hours:.1f} h" if hours >= 1 else f"{60 * hours:.1f} min"


def _figures(side: dict[str, Any]) -> str:
    parts = [f"{side['alerts']} alerts in {lasting(side['camera_days'])} of cameras"]
    named = {
        "a camera-day": side["alarms_per_camera_day"],
        "precision": side["precision"],
        "recall": side["recall"],
        "AUC": side["auc"],
    }
    for name, share in named.items():
        if share and share["value"] is not None:
            figure = f"{share['value']:.2f} ({share['low']:.2f}-{share['high']:.2f})"
            parts.append(f"{figure} {name}" if name == "a camera-day" else f"{name} {figure}")
    return ", ".join(parts)
