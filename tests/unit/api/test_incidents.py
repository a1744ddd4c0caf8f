"""Incidents: the same alerts give the same incidents, in whatever order and batches they come."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message
from services.api.projector import Projector
from services.api.reviews.grouping import LONGEST, NEAR, Episode, Incident, Key, following
from services.api.reviews.tables import incidents
from services.api.tables import alerts, metadata
from services.chassis.storage import database
from tests.unit.api.builders import VIDEO, alert, at, configured, incoming
from tests.unit.api.conftest import Api

STORE = uuid5(VIDEO, "store")
CAMERAS = [uuid5(VIDEO, f"camera {number}") for number in range(3)]


def found(engine: Engine) -> dict[str, str | None]:
    with engine.connect() as connection:
        rows = connection.execute(select(alerts.c.alert_id, alerts.c.incident_id))
        return {row.alert_id: row.incident_id for row in rows}


def expected(engine: Engine) -> dict[str, str]:
    """The rule, applied to all alerts at once."""
    with engine.connect() as connection:
        columns = alerts.c.started_at, alerts.c.alert_id, alerts.c.ended_at
        rows = connection.execute(select(*columns).order_by(*columns[:2])).all()
    given: dict[str, str] = {}
    incident: Incident | None = None
    for row in rows:
        incident = following(incident, Episode(Key(row[0], row[1]), row[2], None))
        given[row[1]] = incident.incident_id
    return given


class Story:
    """One alert of a camera: when it began, how far it went, and where it ended."""

    def __init__(self, camera: UUID, start: int, lasts: tuple[int, int]) -> None:
        common: dict[str, Any] = {"source_id": camera, "source_kind": "camera", "opening": start}
        grows = sorted(lasts)
        self.messages: list[Message] = [
            alert(AlertOpened, **common, end_s=start * 1.07 + grows[0]),
            alert(AlertClosed, **common, end_s=start * 1.07 + grows[1]),
        ]


stories = st.lists(
    st.builds(
        Story,
        st.sampled_from(CAMERAS),
        st.integers(0, 4000),
        st.tuples(st.integers(2, 400), st.integers(2, 400)),
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture
def empty(empty_database: bytes, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    path = tmp_path / "incidents.db"
    path.write_bytes(empty_database)
    engine = database.connect(f"sqlite:///{path}")

    def emptied() -> Engine:
        with engine.begin() as connection:
            for table in metadata.sorted_tables:
                connection.execute(table.delete())
        return engine

    yield emptied
    engine.dispose()


def interleaved(data: st.DataObject, told: Sequence[Story]) -> list[Message]:
    """In an order that topics may give: of each camera as it was told, between them any."""
    queues: dict[str, list[Message]] = {}
    for camera in CAMERAS:
        setting = configured(source_id=camera, store_id=STORE)
        mine = [
            message
            for story in told
            for message in story.messages
            if camera_of(message) == str(camera)
        ]
        queues[str(camera)] = mine
        queues[f"settings of {camera}"] = [setting]
    order: list[Message] = []
    while left := sorted(name for name, queue in queues.items() if queue):
        order.append(queues[data.draw(st.sampled_from(left))].pop(0))
    return order


def camera_of(message: Message) -> str:
    return str(getattr(message, "source_id", ""))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(told=stories, data=st.data())
def test_incidents_depend_on_the_alerts_alone(
    empty: Callable[[], Engine], told: list[Story], data: st.DataObject
) -> None:
    engine, messages = empty(), interleaved(data, told)
    projector = Projector(engine)
    rest = list(messages)
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        projector.handle(incoming(*rest[:size]), Event())
        rest = rest[size:]
    assert found(engine) == expected(engine)
    before = counted(engine)
    projector.handle(incoming(*messages), Event())  # the topics once more
    assert found(engine) == expected(engine)
    assert counted(engine) == before


def counted(engine: Engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        rows = connection.execute(select(incidents).order_by(incidents.c.incident_id))
        return [tuple(row) for row in rows]


def test_an_incident_joins_what_is_near_and_no_more_than_half_an_hour() -> None:
    def episode(name: str, start_s: float, lasts_s: float = 10) -> Episode:
        return Episode(Key(at(start_s), name), at(start_s + lasts_s), None)

    first = following(None, episode("a", 0))
    near_s, longest_s = NEAR.total_seconds(), LONGEST.total_seconds()
    assert following(first, episode("b", 10 + near_s)).incident_id == "a"
    assert following(first, episode("b", 11 + near_s)).incident_id == "b"
    long = following(first, episode("b", 5, 2 * longest_s))
    assert following(long, episode("c", longest_s)).incident_id == "a"
    assert following(long, episode("c", longest_s + 1)).incident_id == "c"


def test_an_incident_counts_its_alerts_and_forgets_those_of_a_removed_camera(api: Api) -> None:
    one, other = CAMERAS[:2]
    api.project(
        configured(source_id=one, store_id=STORE),
        configured(source_id=other, store_id=STORE),
        alert(AlertOpened, source_id=one, source_kind="camera"),
        alert(AlertClosed, source_id=other, source_kind="camera", opening=9, severity="critical"),
        alert(AlertOpened, source_id=one, source_kind="camera", opening=2, run="shadow"),
    )
    [row] = [each for each in rows_of(api.engine) if each["run"] == "live"]
    assert (row["alert_count"], row["source_count"], row["unjudged"]) == (2, 2, 2)
    assert (row["severity_rank"], row["is_waiting"], row["store_id"]) == (2, True, str(STORE))
    assert [each["is_waiting"] for each in rows_of(api.engine) if each["run"] != "live"] == [False]
    assert api.client.delete(f"/api/v1/cameras/{other}").status_code == 204
    [row] = [each for each in rows_of(api.engine) if each["run"] == "live"]
    assert (row["alert_count"], row["severity_rank"]) == (1, 1)
    assert api.client.delete(f"/api/v1/cameras/{one}").status_code == 204
    assert rows_of(api.engine) == []


def rows_of(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(incidents)).mappings()]


def test_alerts_of_different_stores_never_belong_together(api: Api) -> None:
    for camera in CAMERAS[:2]:
        api.project(
            configured(source_id=camera, store_id=uuid4()),
            alert(AlertOpened, source_id=camera, source_kind="camera"),
        )
    assert len(rows_of(api.engine)) == 2
    listed = api.client.get("/api/v1/alerts").json()["items"]
    assert {one["incident_id"] for one in listed} == {one["alert_id"] for one in listed}
