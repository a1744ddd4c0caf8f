"""Replays as tests start them through the API, and as Kafka tells of them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from schemas.base import Message
from schemas.replays import ReplayProgressed
from schemas.topics import REPLAYS
from tests.unit.api.builders import CAMERA, configured, scores
from tests.unit.api.conftest import NOW, Api

DAY = {"since": "2026-05-01T22:00:00Z", "until": "2026-05-02T22:00:00Z"}
PATH = "/api/v1/replays"
CAMERA_FIELDS: dict[str, Any] = {"source_id": CAMERA, "source_kind": "camera"}
OTHER = UUID(int=8)


def started(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.client.post(PATH, json=DAY | fields)
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def told(api: Api) -> Sequence[Message | None]:
    return [each.message for each in api.publisher.published if each.topic == REPLAYS]


def progressed(run: str, state: str = "running", after_s: float = 1, **fields: Any) -> Message:
    content = {"run": run, "state": state, "progressed_at": NOW + timedelta(seconds=after_s)}
    return ReplayProgressed.model_validate(content | fields)


def with_camera(api: Api, clips: int = 0) -> None:
    api.project(configured(), *scores(clips, **CAMERA_FIELDS))
