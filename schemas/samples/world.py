"""What the examples have in common: a source, a moment, a store."""

from base64 import b64decode
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from schemas import ids
from schemas.clips import ClipSpec
from schemas.hours import DaySpan

SOURCE = UUID("0190b6a2-7c1e-5d3a-9f04-2a6c1e5d3a9f")
NOON = datetime(2026, 3, 14, 12, 0, 0, 250000, tzinfo=UTC)
STORE = ids.default_store(ids.DEFAULT_TENANT)
TARGET = UUID("0190b6a2-7c1e-5d3a-9f04-2a6c1e5d3aa0")
CORNER = ((0.0, 0.0), (0.25, 0.0), (0.0, 0.25))
CLIP_S = ClipSpec().duration_s
MODEL = "linear-b2e49655"
LATE = DaySpan(start=time(18), end=time(2))
OF_SOURCE: dict[str, Any] = {
    "source_id": SOURCE,
    "source_kind": "camera",
    "origin_at": NOON,
    "is_wall_clock": True,
    "cut_at": datetime(2026, 3, 14, 12, 0, 7, 500000, tzinfo=UTC),
    "is_late": True,
}
GREY_JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1td"
    "hbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAA"
    "AAAAAAAAAAD/2gAIAQEAAD8AP//Z"
)
