"""Replays at work: how far they are, cancelled and gone on with, and when their sources go."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from schemas.replays import ExtractionProgressed, ReplayRequested
from services.api.replays.removing import SOURCELESS
from services.api.replays.tables import replay_sources
from tests.unit.api.builders import CAMERA, configured
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.replaying import OTHER, PATH, progressed, started, told, with_camera


def test_it_says_how_far_it_is_and_how_long_it_takes_still(api: Api) -> None:
    with_camera(api)
    run = started(api)["run"]
    api.project(progressed(run, windows_planned=400, windows=100, elapsed_s=2.0, alerts=3))
    view = api.client.get(f"{PATH}/{run}").json()
    assert view["share"] == 0.25
    assert view["rate"] == 50.0
    assert view["eta_s"] == 6.0
    assert view["alerts"] == 3


def test_older_news_changes_nothing(api: Api) -> None:
    with_camera(api)
    run = started(api)["run"]
    api.project(progressed(run, "done", 5, windows=9), progressed(run, "running", 2, windows=1))
    view = api.client.get(f"{PATH}/{run}").json()
    assert (view["state"], view["windows"], view["share"]) == ("done", 9, 1.0)


def test_one_that_is_cancelled_stays_so_and_goes_on_when_it_is_asked_for_again(api: Api) -> None:
    with_camera(api)
    run = started(api)["run"]
    assert api.client.post(f"{PATH}/{run}/cancel").json()["state"] == "cancelled"
    api.project(progressed(run, "running", windows=1))
    assert api.client.get(f"{PATH}/{run}").json()["state"] == "cancelled"
    assert started(api) | {"requested_at": ""} == started(api) | {"requested_at": ""}
    requests = [each for each in told(api) if isinstance(each, ReplayRequested)]
    assert [each.is_cancelled for each in requests] == [False, True, False]
    assert requests[0].requested_at < requests[2].requested_at


def test_that_it_was_cancelled_is_no_news_once_it_goes_on_again(api: Api) -> None:
    with_camera(api)
    run = started(api)["run"]
    api.client.post(f"{PATH}/{run}/cancel")
    api.client.post(f"{PATH}/{run}/resume")
    api.project(progressed(run, "cancelled"))
    assert api.client.get(f"{PATH}/{run}").json()["state"] == "queued"


def test_cancelled_twice_it_is_cancelled_once(api: Api) -> None:
    with_camera(api)
    run = started(api)["run"]
    first, again = (api.client.post(f"{PATH}/{run}/cancel").json() for _ in range(2))
    assert first == again
    assert len(told(api)) == 2
    acts = [each["action"] for each in api.client.get("/api/v1/audit").json()["items"]]
    assert acts.count("replay.cancelled") == 1


@pytest.mark.parametrize("state", ["failed", "cancelled", "running", "done"])
def test_it_goes_on_from_its_page_unless_it_is_at_work_or_done(api: Api, state: str) -> None:
    with_camera(api)
    run = started(api)["run"]
    if state == "cancelled":
        api.client.post(f"{PATH}/{run}/cancel")
    else:
        api.project(progressed(run, state, error="No such package."))
    api.clock.step(5)
    is_over = state in ("failed", "cancelled")
    view = api.client.post(f"{PATH}/{run}/resume").json()
    assert view["state"] == ("queued" if is_over else state)
    requests = [each for each in told(api) if isinstance(each, ReplayRequested)]
    assert len({each.requested_at for each in requests}) == 1 + is_over
    if is_over:
        assert view["error"] is None
        assert requests[0].requested_at < requests[-1].requested_at
        assert requests[0].sources == requests[-1].sources


def test_one_that_is_over_is_not_cancelled(api: Api) -> None:
    with_camera(api)
    run = started(api)["run"]
    api.project(progressed(run, "done"))
    assert api.client.post(f"{PATH}/{run}/cancel").status_code == 409


def removed(api: Api, source_id: UUID) -> None:
    """As it is once the duty is through with it, and replays were told."""
    api.tools.removal.remove(source_id, api.clock.now())
    api.tools.announce_replays()


def test_a_source_that_is_removed_is_left_out_when_it_goes_on(api: Api) -> None:
    """Whoever is bound to stores goes on seeing it."""
    with_camera(api)
    api.project(configured(source_id=OTHER))
    run = started(api)["run"]
    removed(api, OTHER)
    assert api.client.get(f"{PATH}/{run}").json()["state"] == "queued"
    api.client.post(f"{PATH}/{run}/cancel")
    assert api.client.post(f"{PATH}/{run}/resume").json()["state"] == "queued"
    latest = told(api)[-1]
    assert isinstance(latest, ReplayRequested)
    assert latest.sources == (CAMERA,)
    with api.engine.connect() as connection:
        assert set(connection.scalars(select(replay_sources.c.source_id))) == {str(CAMERA)}


@pytest.mark.parametrize("state", ["running", "done"])
def test_without_any_source_it_ends_unless_it_is_done(api: Api, state: str) -> None:
    with_camera(api)
    run = started(api)["run"]
    api.project(progressed(run, state, windows=5))
    removed(api, CAMERA)
    assert (told(api)[-1] is None) == (state == "running")
    view = api.client.get(f"{PATH}/{run}").json()
    again = api.client.post(f"{PATH}/{run}/resume")
    if state == "done":
        assert (view["state"], view["error"], again.status_code) == ("done", None, 200)
        return
    assert (view["state"], view["error"]) == ("cancelled", SOURCELESS)
    assert (again.status_code, again.json()["detail"]) == (409, SOURCELESS)
    api.project(progressed(run, "running", 2, windows=9))  # late
    assert api.client.get(f"{PATH}/{run}").json()["state"] == "cancelled"


def test_recordings_are_embedded_first_and_then_the_replay_is_told_again(api: Api) -> None:
    with_camera(api)
    view = started(api, input="recordings")
    (request,) = told(api)
    assert isinstance(request, ReplayRequested)
    assert request.extracted_at is None
    content: dict[str, Any] = {
        "run": view["run"],
        "requested_at": request.requested_at,
        "seconds_planned": 10.0,
        "seconds": 5.0,
        "elapsed_s": 4.0,
        "clips": 4,
    }
    news = [
        ExtractionProgressed.model_validate(
            content | {"state": state, "progressed_at": NOW + timedelta(seconds=second)}
        )
        for second, state in enumerate(("running", "done"), start=1)
    ]
    api.project(news[0])
    half = api.client.get(f"{PATH}/{view['run']}").json()
    assert (half["state"], half["share"], half["eta_s"]) == ("extracting", 0.5, 4.0)
    api.project(news[1])
    api.tools.announce_replays()
    latest = told(api)[-1]
    assert isinstance(latest, ReplayRequested)
    assert latest.extracted_at == NOW + timedelta(seconds=2)
    assert latest.requested_at == request.requested_at
    now = api.client.get(f"{PATH}/{view['run']}").json()
    assert (now["state"], now["extraction"]["clips"]) == ("queued", 4)
