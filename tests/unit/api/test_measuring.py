"""How large evidence is: looked up a little at a time, of every alert in the end."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from schemas.alerts import AlertClosed
from schemas.ids import DEFAULT_TENANT, evidence_key
from services.api.keeping.measuring import AGAIN_S, AT_ONCE, MADE_WITHIN, RESTS_S, EvidenceMeasuring
from services.api.keeping.tables import evidence_sizes
from tests.unit.api.builders import CAMERA, alert, configured
from tests.unit.api.conftest import Api


def raised(opening: int) -> Any:
    return alert(
        AlertClosed, opening=opening, source_id=CAMERA, source_kind="camera", reason="subsided"
    )


def put(api: Api, opening: int, size_bytes: int) -> None:
    about = raised(opening)
    api.project(about)
    api.put(evidence_key(about.alert_id), b"x" * size_bytes)


def sizes(api: Api) -> list[int]:
    with api.engine.connect() as connection:
        return sorted(connection.scalars(select(evidence_sizes.c.size_bytes)))


def test_a_little_at_a_time_until_all_is_measured_and_then_what_came_since(api: Api) -> None:
    api.project(configured(tenant_id=DEFAULT_TENANT))
    for number in range(AT_ONCE + 5):
        put(api, 10 * number, 1 + number)
        if number % 4 == 0:  # the others come at the same moment
            api.clock.step(1)
    measuring = EvidenceMeasuring(api.engine, api.store, api.clock)
    assert (measuring.turn(), sizes(api)) == (RESTS_S, [])  # it may still be made
    api.clock.step((MADE_WITHIN + timedelta(seconds=1)).total_seconds())
    assert measuring.turn() == AGAIN_S
    assert len(sizes(api)) == AT_ONCE
    assert measuring.turn() == RESTS_S
    assert sizes(api) == list(range(1, AT_ONCE + 6))

    put(api, 10 * (AT_ONCE + 5), 1000)
    api.clock.step((MADE_WITHIN + timedelta(seconds=1)).total_seconds())
    assert measuring.turn() == RESTS_S
    assert sizes(api)[-1] == 1000
