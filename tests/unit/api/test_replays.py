"""Replays: estimated, started, followed, cancelled, taken away; by whom, and what Kafka is told."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from schemas.replays import ReplayRequested
from services.api.replays.tables import replays
from tests.unit.api.builders import CAMERA, CLIP_S, at, configured
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.replaying import DAY, OTHER, PATH, progressed, started, told, with_camera


def test_one_is_started_under_a_name_of_its_own_and_kafka_is_told(api: Api) -> None:
    with_camera(api)
    view = started(api)
    assert view["state"] == "queued"
    assert view["source_count"] == 1
    assert view["is_built_in"]
    (request,) = told(api)
    assert isinstance(request, ReplayRequested)
    assert (request.run, request.sources) == (view["run"], (CAMERA,))
    assert request.package is None


def test_the_same_asked_for_again_is_the_same_replay(api: Api) -> None:
    with_camera(api)
    first = api.client.post(PATH, json=DAY)
    again = api.client.post(PATH, json=DAY)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["run"] == again.json()["run"]
    assert len(told(api)) == 1


def test_another_stretch_is_another_replay_whatever_its_name(api: Api) -> None:
    with_camera(api)
    names = {
        started(api, until=f"2026-05-02T{hour}:00:00Z", **fields)["run"]
        for hour in (20, 21)
        for fields in ({}, {"name": "night"})
    }
    assert sorted(name.rpartition("-")[0] for name in names) == 2 * ["night"] + 2 * ["replay"]


def test_the_same_name_is_free_for_every_tenant(api: Api) -> None:
    """Nobody learns of another's replay by a refusal."""
    with_camera(api)
    theirs = configured(source_id=UUID(int=8), tenant_id=UUID(int=7))
    api.project(theirs)
    first = started(api, name="night", source_ids=[str(CAMERA)])["run"]
    other = started(api, name="night", source_ids=[str(UUID(int=8))])["run"]
    assert first != other


def test_what_comes_after_now_is_no_part_of_it(api: Api) -> None:
    with_camera(api)
    view = started(api, until=(NOW + timedelta(days=1)).isoformat())
    assert view["until"] == NOW.isoformat().replace("+00:00", "Z")
    later = {"since": (NOW + timedelta(hours=1)).isoformat()}
    assert api.client.post(PATH, json=later).status_code == 422


@pytest.mark.parametrize("name", ["shadow", "shadow-linear", "no spaces", "", "a" * 52])
def test_names_of_other_runs_are_refused(api: Api, name: str) -> None:
    with_camera(api)
    assert api.client.post(PATH, json=DAY | {"name": name}).status_code == 422


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"source_ids": [str(UUID(int=9))]}, 404),
        ({"store_ids": [str(UUID(int=9))]}, 404),
        ({"detector": "linear-unknown"}, 404),
        ({"until": "2026-05-01T21:00:00Z"}, 422),
        ({"windows_per_s": 0}, 422),
    ],
)
def test_what_is_not_there_or_cannot_be_is_refused(
    api: Api, fields: dict[str, Any], status: int
) -> None:
    with_camera(api)
    assert api.client.post(PATH, json=DAY | fields).status_code == status


def finished(api: Api, minutes: int, windows: int, clips: int, elapsed_s: float) -> None:
    until = at(60 * minutes).isoformat()
    run = started(api, until=until)["run"]
    counts = {"windows": windows, "clips": clips, "elapsed_s": elapsed_s}
    api.project(progressed(run, "done", minutes, **counts))


def test_an_estimate_counts_windows_and_goes_by_what_was_measured(api: Api) -> None:
    with_camera(api, clips=1000)
    unknown = api.client.post(f"{PATH}/estimate", json=DAY).json()
    assert (unknown["clips"], unknown["windows"], unknown["seconds"]) == (1000, 500, None)
    assert unknown["notes"]
    finished(api, 1, windows=2000, clips=4000, elapsed_s=4.0)
    finished(api, 2, windows=4000, clips=8000, elapsed_s=8.0)
    known = api.client.post(f"{PATH}/estimate", json=DAY).json()
    assert (known["windows_per_s"], known["measured_by"]) == (500.0, 2)
    assert known["seconds"] == pytest.approx(1.0)
    bound = api.client.post(f"{PATH}/estimate", json=DAY | {"windows_per_s": 100}).json()
    assert bound["seconds"] == pytest.approx(5.0)


def test_an_estimate_knows_nothing_of_another_tenant_s_replays(api: Api) -> None:
    with_camera(api)
    api.project(configured(source_id=OTHER, tenant_id=UUID(int=7)))
    finished(api, 1, windows=2000, clips=4000, elapsed_s=4.0)
    theirs = api.client.post(f"{PATH}/estimate", json=DAY | {"source_ids": [str(OTHER)]}).json()
    assert (theirs["measured_by"], theirs["windows_per_s"]) == (0, None)


def test_an_estimate_of_a_part_is_right_within_a_fifth(api: Api) -> None:
    with_camera(api, clips=3000)
    part = DAY | {"since": at(700 * CLIP_S).isoformat(), "until": at(1900 * CLIP_S).isoformat()}
    assert api.client.post(f"{PATH}/estimate", json=part).json()["clips"] == pytest.approx(
        1200, rel=0.2
    )


def test_the_list_goes_on_and_has_the_latest_first(api: Api) -> None:
    with_camera(api)
    names = []
    for minute in range(3):
        api.clock.step(1)
        names.append(started(api, until=at(60 + minute).isoformat())["run"])
    first = api.client.get(PATH, params={"limit": 2}).json()
    rest = api.client.get(PATH, params={"limit": 2, "cursor": first["next"]}).json()
    assert [each["run"] for each in first["items"] + rest["items"]] == names[::-1]
    assert rest["next"] is None


def test_a_row_says_what_was_expected(api: Api) -> None:
    with_camera(api, clips=100)
    run = started(api)["run"]
    with api.engine.connect() as connection:
        row = connection.execute(select(replays).where(replays.c.run == run)).one()
    assert row.windows_estimated == 50
