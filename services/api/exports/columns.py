"""What an export has: the columns of each of its tables, in their order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["string", "int64", "float64", "timestamp", "bool"]
TableName = Literal["clips", "minutes", "alerts", "conditions"]


@dataclass(frozen=True)
class ExportColumn:
    """`timestamp` is microseconds in UTC; in CSV ISO 8601 with a Z."""

    name: str
    kind: Kind
    meaning: str


_SOURCE = (
    ExportColumn("source_id", "string", "of the camera or uploaded video"),
    ExportColumn("source_name", "string", "as it is called now"),
    ExportColumn("store_id", "string", "the store that it belongs to"),
)
_SCORES = (
    *_SOURCE,
    ExportColumn("run", "string", "live, or the name of a shadow or replay"),
    ExportColumn("rule", "string", "of whose head the score is"),
)

CLIPS = (
    *_SCORES,
    ExportColumn("label", "string", "of the rule, as alerts show it"),
    ExportColumn("model_id", "string", "weights, calibration and rule"),
    ExportColumn("index", "int64", "place of the clip on the source's grid"),
    ExportColumn("at", "timestamp", "when the clip starts"),
    ExportColumn("start_s", "float64", "the same, in seconds from the source's origin"),
    ExportColumn("end_s", "float64", "when it ends, likewise"),
    ExportColumn("score", "float64", "the head's raw output"),
    ExportColumn("calibrated", "float64", "in [0, 1], strictly increasing with the score"),
    ExportColumn("high_mark", "float64", "calibrated score from which a clip counted; may be null"),
)
MINUTES = (
    *_SCORES,
    ExportColumn("at", "timestamp", "when the minute starts"),
    ExportColumn("calibrated", "float64", "the highest calibrated score of its clips"),
)
ALERTS = (
    *_SOURCE,
    ExportColumn("alert_id", "string", ""),
    ExportColumn("run", "string", "live, or the name of a shadow or replay"),
    ExportColumn("kind", "string", "incident, or health of the source itself"),
    ExportColumn("rule", "string", ""),
    ExportColumn("label", "string", ""),
    ExportColumn("severity", "string", ""),
    ExportColumn("state", "string", "open or closed"),
    ExportColumn("reason", "string", "why it is closed; may be null"),
    ExportColumn("started_at", "timestamp", ""),
    ExportColumn("ended_at", "timestamp", "so far, while it is open"),
    ExportColumn("start_s", "float64", "seconds from the source's origin, as the next two"),
    ExportColumn("end_s", "float64", ""),
    ExportColumn("peak_s", "float64", ""),
    ExportColumn(
        "peak_score", "float64", "the highest calibrated score; null where nothing was scored"
    ),
    ExportColumn("model_id", "string", ""),
    ExportColumn("recorded_at", "timestamp", "when the API heard of it"),
    ExportColumn("is_held", "bool", "nothing that is kept of it is deleted, however old"),
    ExportColumn("verdict", "string", "true or false, as people judged it; may be null"),
    ExportColumn("verdict_reason", "string", "why, in their words; may be null"),
    ExportColumn("judged_by", "string", "who judged it; may be null"),
    ExportColumn("acknowledged_at", "timestamp", "null while nobody did"),
    ExportColumn("acknowledged_by", "string", "null while nobody did"),
)
CONDITIONS = (
    *_SOURCE,
    ExportColumn("health_id", "string", ""),
    ExportColumn("condition", "string", "what is wrong, e.g. offline, dark, covered"),
    ExportColumn("started_at", "timestamp", ""),
    ExportColumn("ended_at", "timestamp", "so far, while it is not over"),
    ExportColumn("is_over", "bool", ""),
    ExportColumn("detail", "string", "one sentence"),
    ExportColumn("count", "int64", "of what is counted, e.g. dropped clips"),
)
COLUMNS: Mapping[TableName, tuple[ExportColumn, ...]] = {
    "clips": CLIPS,
    "minutes": MINUTES,
    "alerts": ALERTS,
    "conditions": CONDITIONS,
}
