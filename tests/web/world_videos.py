"""What the rooms of videos and rules add to the world: an analysed upload and one that runs, an
album, channels with deliveries.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from schemas import ids
from schemas.alerts import AlertClosed
from services.api.tables import videos
from tests.unit.api import builders
from tests.unit.api.conftest import NOW, Api
from tests.web import scenes
from tests.web.cast import FAMILY, HIGH_MARK, MODEL

SCORES = (0.08, 0.31, 0.78, 0.93, 0.96, 0.88, 0.42, 0.12)
"""Of the film's clips, one a second: two people fight from its second second on."""

TARGETS: tuple[dict[str, Any], ...] = (
    {"channel": "email", "name": "Night watch", "address": "night@moonlight.example"},
    {"channel": "email", "name": "Kim Minji", "address": "minji@moonlight.example", "after_s": 600},
    {
        "channel": "webhook",
        "name": "Control room",
        "address": "https://93.184.216.34/alerts",
        "wants": {"severities": ["critical"], "time_zone": "Asia/Seoul"},
    },
)


def fill_videos(api: Api, client: Any) -> tuple[UUID, UUID, UUID]:
    """By a person who is logged in. The ids of the upload, the album and the webhook."""
    video_id = _upload(client, "Till camera, Friday night.mp4", 0)
    _analysis(api, video_id)
    waiting = _upload(client, "Back room 2026-05-31.mp4", 1)
    api.project(builders.progressed("decoding", video_id=waiting, progress=0.4, clip_count=3))
    return video_id, _album(client, video_id), _channels(api, client)


def _upload(client: Any, name: str, number: int) -> UUID:
    answer = client.post("/api/v1/videos", files={"file": (name, scenes.film(number))})
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["video_id"])


def _analysis(api: Api, video_id: UUID) -> None:
    with api.engine.connect() as connection:
        query = videos.select().where(videos.c.video_id == str(video_id))
        origin_at = connection.execute(query).mappings().one()["submitted_at"]
    facts = {"width": 640, "height": 360, "frame_rate": 8.0, "codec": "h264"}
    facts |= {"duration_s": scenes.SECONDS, "progress": 1.0, "clip_count": len(SCORES)}
    api.project(builders.progressed("decoded", video_id=video_id, **facts))
    source = {"source_id": video_id, "origin_at": origin_at, "cut_at": origin_at}
    for index, calibrated in enumerate(SCORES):
        head = builders.head(calibrated=calibrated, model_id=MODEL, high_mark=HIGH_MARK)
        over = {"is_last": index == len(SCORES) - 1}
        api.project(builders.scored(index, heads=(head,), detector=MODEL, **source, **over))
    alert = builders.alert(AlertClosed, 0.96, 2, model_id=MODEL, **source)
    api.project(alert)
    api.put(ids.snapshot_key(alert.alert_id), scenes.still(0))
    api.put(ids.evidence_key(alert.alert_id), scenes.film(0))


def _album(client: Any, video_id: UUID) -> UUID:
    made = client.post("/api/v1/albums", json={"name": "For the police", "is_shared": True}).json()
    path = f"/api/v1/albums/{made['album_id']}/items"
    whole = {"source_id": str(video_id), "note": "The whole night"}
    moment = {"from_at": NOW.isoformat(), "to_at": (NOW + timedelta(seconds=4)).isoformat()}
    for entry in (whole, whole | moment | {"note": "Two people fight at the till"}):
        answer = client.post(path, json=entry)
        assert answer.status_code == 201, answer.text
    return UUID(made["album_id"])


def _channels(api: Api, client: Any) -> UUID:
    for entry in TARGETS:
        answer = client.post("/api/v1/targets", json=entry)
        assert answer.status_code == 201, answer.text
    target_id = UUID(answer.json()["target"]["target_id"])
    for number, (purpose, outcome, status) in enumerate(
        (("test", "delivered", 204), ("alert", "retrying", 503), ("alert", "delivered", 204))
    ):
        attempt = {"attempted_at": NOW - timedelta(minutes=30 - number), "took_ms": 80 + number}
        api.project(
            builders.delivered(
                max(1, number),
                outcome,
                delivery_id=uuid5(FAMILY, purpose),
                target_id=target_id,
                channel="webhook",
                target="https://93.184.216.34",
                purpose=purpose,
                status=status,
                **attempt,
            )
        )
    return target_id
