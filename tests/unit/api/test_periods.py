"""A stretch whose ends are swapped is refused wherever one can be asked for."""

from tests.unit.api.builders import CAMERA
from tests.unit.api.conftest import Api

SWAPPED = {"since": "2026-05-02T00:00:00Z", "until": "2026-05-01T00:00:00Z"}


def test_two_moments_that_are_swapped_are_refused_by_every_list(api: Api) -> None:
    document = api.client.get("/api/v1/openapi.json").json()
    paths = [
        path
        for path, methods in document["paths"].items()
        if {"since", "until"}
        <= {each["name"] for each in methods.get("get", {}).get("parameters", ())}
    ]
    assert len(paths) >= 8
    for path in paths:
        filled = path.format(source_id=CAMERA, table="alerts")
        answer = api.client.get(filled, params=SWAPPED | {"run": "live"})
        assert (path, answer.status_code) == (path, 422)
        assert "ends before it begins" in answer.json()["detail"]
