"""A promotion brings the comparison of a finished run of the detector, which is kept with it."""

from typing import Any

import pytest

from schemas.alerts import AlertOpened
from schemas.ids import DEFAULT_TENANT
from tests.unit.api.builders import CAMERA, alert, configured, scored
from tests.unit.api.conftest import Api
from tests.unit.api.detectors import MODELS, registered
from tests.unit.api.models.test_deployments import ANY, history, live
from tests.unit.api.replaying import progressed, started

OF_CAMERA: dict[str, Any] = {"source_id": CAMERA, "source_kind": "camera"}


@pytest.fixture
def detector(api: Api) -> str:
    api.project(configured(tenant_id=DEFAULT_TENANT), scored(0, **OF_CAMERA))
    return registered(api)


def replayed(api: Api, detector: str, state: str = "done") -> str:
    """A replay under the detector that raised an alert which live did not."""
    run = str(started(api, detector=detector)["run"])
    raised = alert(AlertOpened, run=run, model_id=detector, **OF_CAMERA)
    api.project(progressed(run, state), scored(0, run=run, **OF_CAMERA), raised)
    return run


def promote(api: Api, detector: str, **entry: Any) -> Any:
    return api.client.post(f"{MODELS}/{detector}/promote", json=entry, headers=ANY)


def test_the_comparison_stands_in_the_history(api: Api, detector: str) -> None:
    run = replayed(api, detector)
    assert promote(api, detector, run=run, reason="finds it").status_code == 200
    assert live(api)["detector"] == detector
    entry = history(api)[0]
    assert entry["replay_run"] == run
    kept = api.client.get(f"/api/v1/deployments/history/{entry['entry_id']}").json()["comparison"]
    shown = api.client.get("/api/v1/comparisons", params={"run": run}).json()
    assert kept == shown
    assert kept["gained"]["count"] == 1


def test_a_shadow_speaks_for_itself(api: Api, detector: str) -> None:
    api.client.post(f"{MODELS}/{detector}/shadow", json={})
    run = f"shadow-{detector}"
    assert promote(api, detector, run=run).status_code == 404
    api.project(scored(0, run=run, **OF_CAMERA))
    assert promote(api, detector, run=run).status_code == 200


def test_a_run_of_another_or_one_that_is_not_finished_says_nothing(api: Api, detector: str) -> None:
    other = registered(api, 7)
    ours = replayed(api, detector, state="running")
    refused = promote(api, detector, run=ours)
    assert (refused.status_code, "only a finished one" in refused.text) == (409, True)
    refused = promote(api, other, run=ours)
    assert (refused.status_code, f"one of {detector}" in refused.text) == (409, True)
    assert live(api)["is_built_in"] is True


def test_whoever_names_none_is_led_to_the_latest(api: Api, detector: str) -> None:
    run = replayed(api, detector)
    refused = promote(api, detector)
    assert refused.status_code == 422
    assert refused.json()["detail"].endswith(f"Its latest finished replay is {run}.")
