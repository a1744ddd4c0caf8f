"""The page of an evaluation: one HTML file with everything in it, pictures too."""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATE = "report.html"
ROWS = (
    ("Frame AUC", "frame_auc", 3),
    ("Frame average precision", "frame_ap", 3),
    ("Frame AUC inside anomalous videos", "abnormal_auc", 3),
    ("Video AUC", "video_auc", 3),
    ("Frames on the right side of the mark", "frame_accuracy", 3),
    ("Videos on the right side of the mark", "video_accuracy", 3),
    ("Mean score of normal videos", "normal_mean", 3),
    ("Mean score of anomalous videos", "anomalous_mean", 3),
    ("Mean highest score of normal videos", "normal_mean_max", 3),
    ("Mean highest score of anomalous videos", "anomalous_mean_max", 3),
)
ALARMS = (
    ("Events", "events", 0),
    ("Events that raise an alert", "events_alarmed", 0),
    ("Share of events", "share_alarmed", 3),
    ("Median seconds until the alert", "time_to_alert_s", 1),
    ("Hours of normal footage", "normal_hours", 2),
    ("False alarms on it", "false_alarms", 0),
    ("False alarms a camera and day", "false_alarms_per_day", 1),
    ("Alarms beside the events of anomalous videos", "alarms_beside_events", 0),
)


def written(result: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    """The page. Names of videos and labels are escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": figure, "interval": interval}
    return environment.get_template(TEMPLATE).render(
        result=result,
        ways=[way for way in ("streaming", "offline") if way in result],
        rows=ROWS,
        alarms=ALARMS,
        pictures={name: b64encode(png).decode() for name, png in pictures.items()},
    )


def figure(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def interval(ends: tuple[float | None, float | None] | None, digits: int) -> str:
    """In brackets; nothing where there is none."""
    if not ends or None in ends:
        return ""
    return f"({figure(ends[0], digits)} - {figure(ends[1], digits)})"
