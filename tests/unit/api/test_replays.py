"""Replays: estimated, started, followed, cancelled, taken away; by whom, and what Kafka is told."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, event, func, select

from schemas.alerts import AlertClosed
from schemas.base import Message
from schemas.replays import ExtractionProgressed, ReplayProgressed, ReplayRequested
from schemas.topics import REPLAYS
from services.api.replays.removing import SOURCELESS, ReplayRemoval, remove_results
from services.api.replays.tables import replay_sources, replays
from services.api.tables import alerts, score_blocks, score_series
from services.chassis.storage.database import transaction
from tests.unit.api.builders import CAMERA, CLIP_S, alert, at, configured, scored, scores
from tests.unit.api.conftest import NOW, Api

DAY = {"since": "2026-05-01T22:00:00Z", "until": "2026-05-02T22:00:00Z"}
PATH = "/api/v1/replays"
CAMERA_FIELDS: dict[str, Any] = {"source_id": CAMERA, "source_kind": "camera"}


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


OTHER = UUID(int=8)


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


def test_what_is_removed_goes_with_its_results_and_stays_away(api: Api) -> None:
    with_camera(api)
    run = started(api)["run"]
    theirs = [scored(3, run=run, **CAMERA_FIELDS), alert(AlertClosed, run=run, **CAMERA_FIELDS)]
    api.project(*theirs, scored(3, **CAMERA_FIELDS), alert(AlertClosed, **CAMERA_FIELDS))
    api.put(f"replays/{run}/state")
    assert api.client.delete(f"{PATH}/{run}").status_code == 204
    assert api.client.get(f"{PATH}/{run}").status_code == 404
    assert told(api)[-1] is None
    duty = ReplayRemoval(api.engine, api.store, api.clock, timedelta(days=90))
    while duty.turn() == 0.0:
        pass
    api.project(*theirs)  # late
    with api.engine.connect() as connection:
        assert set(connection.scalars(select(alerts.c.run))) == {"live"}
        assert set(connection.scalars(select(score_series.c.run))) == {"live"}
    assert not list(api.store.list(f"replays/{run}/"))


def test_removed_and_asked_for_again_it_is_another(api: Api) -> None:
    """What is still taken away, or told late, of the first is no part of it."""
    with_camera(api)
    names = []
    for _ in range(3):
        names.append(started(api)["run"])
        api.project(progressed(names[-1], "done"))
        assert api.client.delete(f"{PATH}/{names[-1]}").status_code == 204
    assert len(set(names)) == 3


def test_what_is_removed_is_found_by_indexes_and_a_bounded_number_of_rows_at_once(
    api: Api,
) -> None:
    """Whatever else there is, no row of another run is read, and none is locked for long."""
    with_camera(api)
    run = started(api)["run"]
    theirs = [scored(3 + 512 * block, run=run, **CAMERA_FIELDS) for block in range(1, 12)]
    api.project(*theirs, scored(3, **CAMERA_FIELDS), alert(AlertClosed, run=run, **CAMERA_FIELDS))
    rows = [1]
    with noted(api.engine) as statements:
        while rows[-1]:
            with transaction(api.engine) as connection:
                rows.append(remove_results(connection, run, most=4))
    assert max(rows) <= 4
    assert sum(rows) > 11
    with api.engine.connect() as connection:
        assert set(connection.scalars(select(score_series.c.run))) == {"live"}
        assert connection.scalar(select(func.count()).select_from(score_blocks)) == 1
        for statement, parameters in statements:
            assert not scans(connection, statement, parameters), statement


@contextmanager
def noted(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """What is read and deleted meanwhile, with the parameters."""
    found: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        statement, parameters = arguments[2:4]
        if statement.startswith(("SELECT", "DELETE")):
            found.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def scans(connection: Connection, statement: str, parameters: Any) -> bool:
    """Whether the database reads a whole table, or a whole index, for it."""
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return any("SCAN" in row.detail for row in plan)
    plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
    return any(row.type in ("ALL", "index") and not row.possible_keys for row in plan)


def test_old_ones_are_removed_by_themselves(api: Api) -> None:
    with_camera(api)
    run = started(api)["run"]
    api.project(progressed(run, "done"))
    duty = ReplayRemoval(api.engine, api.store, api.clock, timedelta(days=90))
    duty.turn()
    assert api.client.get(f"{PATH}/{run}").status_code == 200
    api.clock.step(91 * 86_400)
    duty.turn()
    assert api.client.get(f"{PATH}/{run}").status_code == 404


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
