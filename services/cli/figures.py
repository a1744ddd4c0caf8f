"""Figures of a judged head as a table for the terminal."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

ROWS = (
    ("frame AUC", "frame_auc"),
    ("frame AP", "frame_ap"),
    ("AUC inside anomalous videos", "abnormal_auc"),
    ("video AUC", "video_auc"),
    ("videos on the right side", "video_accuracy"),
)


def summary(judged: Mapping[str, Mapping[str, Any]]) -> Table:
    """One column a part or a way of watching."""
    table = Table("", *judged, box=None, header_style="dim")
    for title, name in ROWS:
        table.add_row(title, *(with_interval(one, name) for one in judged.values()))
    table.add_row(
        "frame AUC by position alone",
        *(short(one["position_only"]["frame_auc"]) for one in judged.values()),
    )
    table.add_row("events alarmed", *(_events(one["alarms"]) for one in judged.values()))
    table.add_row("false alarms", *(_false(one["alarms"]) for one in judged.values()))
    return table


def with_interval(judged: Mapping[str, Any], name: str) -> str:
    low, high = judged.get(f"{name}_95") or (None, None)
    if judged[name] is None or low is None or high is None:
        return short(judged[name])
    return f"{short(judged[name])} ({short(low)} - {short(high)})"


def short(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _events(alarms: Mapping[str, Any]) -> str:
    delay = alarms["time_to_alert_s"]
    soon = "" if delay is None else f", after {delay:.1f} s"
    return f"{alarms['events_alarmed']} of {alarms['events']}{soon}"


def _false(alarms: Mapping[str, Any]) -> str:
    return f"{alarms['false_alarms']} in {alarms['normal_hours']:.2f} h"
