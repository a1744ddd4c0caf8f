"""Replays that are removed, by somebody or by themselves, with what came of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, event, func, select

from schemas.alerts import AlertClosed
from services.api.replays.removing import ReplayRemoval, remove_results
from services.api.tables import alerts, score_blocks, score_series
from services.chassis.storage.database import transaction
from tests.unit.api.builders import alert, scored
from tests.unit.api.conftest import Api
from tests.unit.api.replaying import CAMERA_FIELDS, PATH, progressed, started, told, with_camera


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
