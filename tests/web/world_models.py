"""What the room of models adds to the world: detectors in all states, replays, dead letters."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from schemas.replays import ReplayProgressed
from schemas.topics import EMBEDDINGS
from tests.unit.api import detectors, letters
from tests.unit.api.conftest import NOW, Api
from tests.web.cast import BEGIN

WHY = {"without_comparison": True, "reason": "the first of our own: three nights by hand"}
ANY = {"If-Match": "*"}
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
)


def fill_models(api: Api, client: Any, store_ids: tuple[UUID, ...]) -> tuple[str, str]:
    """By a person who is logged in. The detector that looks on, and a replay's run."""
    names = ("night", "night", "snacks")
    first, second, third = [_registered(client, seed, name) for seed, name in enumerate(names)]
    _post(client, f"/api/v1/models/{first}/promote", WHY, ANY)
    _post(client, f"/api/v1/models/{second}/shadow", {"store_id": str(store_ids[0])})
    client.patch(f"/api/v1/models/{third}", json={"is_retired": True})
    done = _replay(client, second, 1)
    for run, state, share in ((done, "done", 1.0), (_replay(client, second, 3), "running", 0.62)):
        api.project(_progress(run, state, share))
    letters.collect(api, *(letters.letter(**_letter(fields)) for fields in LETTERS))
    return second, done


def _registered(client: Any, seed: int, name: str) -> str:
    content = detectors.zipped(detectors.files(seed, **TAUGHT))
    params = {"name": name, "note": "taught with the marks of May" if seed == 1 else ""}
    headers = {"Content-Type": "application/zip"}
    answer = client.post("/api/v1/models", content=content, params=params, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["detector"])


def _replay(client: Any, detector: str, days: int) -> str:
    until = NOW - timedelta(days=days)
    since = max(BEGIN, until - timedelta(days=2))
    body = {"since": since.isoformat(), "until": until.isoformat(), "detector": detector}
    return str(_post(client, "/api/v1/replays", body)["run"])


def _progress(run: str, state: str, share: float) -> ReplayProgressed:
    windows = 1_210_000
    return ReplayProgressed.model_validate(
        {
            "run": run,
            "state": state,
            "windows_planned": windows,
            "windows": int(windows * share),
            "clips": int(2 * windows * share),
            "alerts": int(27 * share),
            "elapsed_s": 31.0 * share,
            "estimated_s": 33.0,
            "progressed_at": NOW + timedelta(seconds=5),
        }
    )


def _letter(fields: dict[str, Any]) -> dict[str, Any]:
    topic = EMBEDDINGS if fields.get("topic") == EMBEDDINGS.name else None
    rest = {name: value for name, value in fields.items() if name != "topic"}
    return {"failed_at": NOW - timedelta(hours=2)} | rest | ({"topic": topic} if topic else {})


def _post(client: Any, path: str, body: dict[str, Any], headers: Any = None) -> Any:
    answer = client.post(path, json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()
