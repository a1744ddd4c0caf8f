"""What the room of models adds to the world: detectors in all states with the history of how it
came to be so, replays with what they found, dead letters.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from schemas.deadletters import DeadLetter
from schemas.ids import DEFAULT_TENANT
from schemas.replays import ReplayProgressed
from schemas.topics import EMBEDDINGS, SCORES
from services.api.models import deploying
from services.api.models.scopes import Scope
from services.api.principal import Principal
from services.scoring.replay.worker import MISSING
from tests.unit.api import detectors, letters
from tests.unit.api.conftest import NOW, Api
from tests.web.cast import BEGIN, MODEL, NIGHT, WorldCamera, at
from tests.web.world_films import recorded
from tests.web.world_past import FOUND, Past

ANY = {"If-Match": "*"}
BY_HAND = {"without_comparison": True, "reason": "the first of our own: three nights by hand"}
OF_APRIL = {"without_comparison": True, "reason": "two weeks beside it at Station Road"}
TOO_MANY = "23 alarms since 2026-05-18 14:00 UTC, 3.1 a camera and day: its budget is 1."
THEFT = detectors.RULE.model_copy(update={"name": "theft", "label": "Possible theft"})
EARLIER = {"metrics": {"auc": 0.86}, "data": ("9 marked events of Station Road",)}
TAUGHT = {
    "metrics": {"auc": 0.93, "recall_at_budget": 0.61, "held_out": {"events": 14, "auc": 0.9}},
    "data": ("31 marked events and 96 quiet hours of Station Road",),
}
LETTERS: tuple[dict[str, Any], ...] = (
    {"offset": 41, "reason": "not msgpack: Unpack failed"},
    {"offset": 977, "reason": "spec: frame_rate must be greater than 0"},
    {
        "topic": EMBEDDINGS.name,
        "offset": 12_450,
        "consumer": "judging.linear-1f0c8a52",
        "reason": "vector: 512 numbers where i3d_k400 gives 1024",
    },
    {
        "topic": EMBEDDINGS.name,
        "offset": 12_451,
        "consumer": "judging.linear-1f0c8a52",
        "reason": "vector: 512 numbers where i3d_k400 gives 1024",
    },
    {"offset": 1_204, "partition": 1, "reason": "heads: at least one is needed"},
)


def fill_models(
    api: Api, client: Any, store_ids: tuple[UUID, ...], cameras: tuple[WorldCamera, ...]
) -> tuple[str, str]:
    """By a person who is logged in. The detector that looks on, and a replay's run."""
    candidate = _deployed(api, client, store_ids[0])
    run = _replays(api, client, candidate, cameras)
    shadow = Past(
        deploying.shadow_run(candidate), candidate, NOW - timedelta(days=2), NOW, cameras[:4]
    )
    shadow.happened(api)
    for fight in FOUND:
        api.project(*recorded(api, cameras[fight.camera], fight.at, before=2, after=5))
    letters.collect(api, *(_letter(number, camera) for number, camera in enumerate(cameras[:5])))
    return candidate, run


def _deployed(api: Api, client: Any, store_id: UUID) -> str:
    """The first for weeks, the second a day; the third is live, the fourth looks on."""
    with at(api, NOW - timedelta(days=33)):
        first = _registered(client, 1, "night", EARLIER)
        _post(client, f"/api/v1/models/{first}/promote", BY_HAND, ANY)
    with at(api, NOW - timedelta(days=14, hours=10)):
        second = _registered(client, 2, "night", EARLIER)
        _post(client, f"/api/v1/models/{second}/promote", OF_APRIL, ANY)
    with at(api, NOW - timedelta(days=13, hours=3)), api.engine.begin() as connection:
        machine, scope = Principal(DEFAULT_TENANT), Scope(DEFAULT_TENANT)
        now = api.clock.now()
        deploying.roll_back(
            connection, machine, scope, "i3d_k400", TOO_MANY, now, is_automatic=True
        )
    with at(api, NOW - timedelta(days=8)):
        third = _registered(client, 3, "night", NIGHT)
        assert third == MODEL
        why = OF_APRIL | {"reason": "taught with the marks of April", "budget_per_day": 1.0}
        _post(client, f"/api/v1/models/{third}/promote", why, ANY)
        client.patch(f"/api/v1/models/{second}", json={"is_retired": True})
    with at(api, NOW - timedelta(days=2)):
        fourth = _registered(client, 4, "night", TAUGHT | {"head": "causal_mil"})
        _post(client, f"/api/v1/models/{fourth}/shadow", {"store_id": str(store_id)})
        _registered(client, 5, "snacks", {"rule": THEFT, "metrics": {"auc": 0.71}})
    return fourth


def _replays(api: Api, client: Any, detector: str, cameras: tuple[WorldCamera, ...]) -> str:
    """The week's, which is done, and others in every state."""
    with at(api, NOW - timedelta(days=1, hours=2)):
        broken = _replay(client, detector, NOW - timedelta(days=60), NOW - timedelta(days=59))
    with at(api, NOW - timedelta(hours=3)):
        week = _replay(client, detector, BEGIN, NOW - timedelta(hours=4))
        _post(client, f"/api/v1/replays/{_replay(client, None, BEGIN, NOW)}/cancel", {})
    running = _replay(client, detector, NOW - timedelta(days=3), NOW)
    lost = MISSING["log"]
    api.project(
        _progress(broken, "failed", 0.0, NOW - timedelta(days=1), error=lost),
        _progress(week, "done", 1.0, NOW - timedelta(hours=2, minutes=58)),
        _progress(running, "running", 0.62, NOW + timedelta(seconds=5)),
    )
    Past(week, detector, BEGIN, NOW - timedelta(hours=4), cameras).happened(api)
    return week


def _registered(client: Any, seed: int, name: str, fields: dict[str, Any]) -> str:
    content = detectors.zipped(detectors.files(seed, **fields))
    params = {"name": name, "note": "taught with the marks of May" if seed == 4 else ""}
    headers = {"Content-Type": "application/zip"}
    answer = client.post("/api/v1/models", content=content, params=params, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["detector"])


def _replay(client: Any, detector: str | None, since: datetime, until: datetime) -> str:
    body = {"since": since.isoformat(), "until": until.isoformat(), "detector": detector}
    return str(_post(client, "/api/v1/replays", body)["run"])


def _progress(
    run: str, state: str, share: float, at: datetime, error: str | None = None
) -> ReplayProgressed:
    windows = 2_560_000
    return ReplayProgressed.model_validate(
        {
            "run": run,
            "state": state,
            "windows_planned": windows if share else 0,
            "windows": int(windows * share),
            "clips": int(2 * windows * share),
            "alerts": int(18 * share),
            "elapsed_s": 62.0 * share,
            "estimated_s": 66.0,
            "error": error,
            "progressed_at": at,
        }
    )


def _letter(number: int, camera: WorldCamera) -> DeadLetter:
    fields = dict(LETTERS[number])
    topic = EMBEDDINGS if fields.pop("topic", None) == EMBEDDINGS.name else SCORES
    at = NOW - timedelta(hours=2, minutes=17 * number)
    key = str(camera.source_id).encode()
    return letters.letter(topic, record_key=key, failed_at=at, **fields)


def _post(client: Any, path: str, body: dict[str, Any], headers: Any = None) -> Any:
    answer = client.post(path, json=body, headers=headers)
    assert answer.status_code in (200, 201, 202), answer.text
    return answer.json()
