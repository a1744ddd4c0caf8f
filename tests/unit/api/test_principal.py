"""Who is asking decides what there is: a tenant sees its own sources alone, by every query."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, update

from schemas.alerts import AlertClosed
from services.api.cursors import Cursor
from services.api.principal import Principal
from services.api.queries import alerts, sources, videos
from services.api.queries.alerts import AlertFilter
from services.api.queries.sources import SourceFilter, Stretch
from services.api.tables import sources as source_rows
from tests.unit.api.builders import alert, delivered, scores
from tests.unit.api.conftest import Api
from tests.unit.api.test_uploads import MP4

OWNER, OTHER, STORE = uuid4(), uuid4(), uuid4()
ALERT = alert(AlertClosed).alert_id


@pytest.fixture
def video(api: Api) -> UUID:
    """An analysed video of the tenant OWNER."""
    video = UUID(api.upload(MP4).json()["video_id"])
    api.project(
        *scores(3, source_id=video),
        alert(AlertClosed, source_id=video, alert_id=ALERT),
        delivered(alert_id=ALERT, source_id=video),
    )
    with api.engine.begin() as connection:
        connection.execute(update(source_rows).values(tenant_id=str(OWNER), store_id=str(STORE)))
    return video


def answers(connection: Connection, principal: Principal, video: UUID) -> list[Any]:
    """What every query says of the video; empty or None where it is not to be seen."""
    return [
        videos.video(connection, principal, video),
        videos.video_row(connection, principal, video),
        videos.video_page(connection, principal, 9, None).items,
        sources.source(connection, principal, video),
        sources.source_page(connection, principal, SourceFilter(), 9, None).items,
        sources.timeline(connection, principal, video, Stretch()),
        alerts.alert(connection, principal, ALERT),
        alerts.alert_page(connection, principal, AlertFilter(), 9, None).items,
        alerts.deliveries_of(connection, principal, ALERT),
        sources.is_removable(connection, principal, video, "upload"),
    ]


@pytest.mark.parametrize(
    ("tenant", "stores", "sees"),
    [
        (None, None, True),
        (OWNER, None, True),
        (OWNER, frozenset({STORE}), True),
        (OWNER, frozenset({OTHER}), False),
        (OWNER, frozenset(), False),
        (OTHER, None, False),
        (OTHER, frozenset({STORE}), False),
    ],
)
def test_a_tenant_sees_its_own_and_a_manager_their_stores(
    api: Api, video: UUID, tenant: UUID | None, stores: frozenset[UUID] | None, sees: bool
) -> None:
    with api.engine.connect() as connection:
        found = answers(connection, Principal(tenant, stores), video)
    assert [bool(one) for one in found] == [sees] * len(found)


MOMENTS = st.integers(0, 2 * 10**11).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC))


@given(MOMENTS, st.uuids())
def test_a_cursor_survives_its_token(moment: datetime, name: UUID) -> None:
    cursor = Cursor(moment, str(name))
    assert Cursor.read(cursor.token()) == cursor
