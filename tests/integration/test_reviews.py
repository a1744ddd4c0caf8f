"""Reviews on real databases: people, and projectors, at the same time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from sqlalchemy import Engine, func, select

from schemas.alerts import AlertClosed
from services.api.principal import Actor, Principal
from services.api.projector import Projector
from services.api.reviews.bulk import acknowledge_all, unacknowledged
from services.api.reviews.changes import Change, Conflict, change
from services.api.reviews.queue import QueueFilter, claim_next, page
from services.api.reviews.tables import incidents, review_history
from services.api.tables import alerts
from services.chassis.errors import TransientError
from services.chassis.storage import database
from services.chassis.storage.database import transacted, transaction
from services.chassis.storage.migrations import upgrade
from tests.unit.api.builders import START, VIDEO, alert, configured, incoming
from tests.unit.api.test_incidents import expected, found

pytestmark = pytest.mark.integration
STORE = uuid5(VIDEO, "store")
CAMERAS = [uuid5(VIDEO, f"camera {number}") for number in range(4)]
NOW = START + timedelta(days=1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    upgrade(database_url)
    engine = database.connect(database_url)
    yield engine
    engine.dispose()


def raised(camera: UUID, opening: int) -> AlertClosed:
    return alert(AlertClosed, source_id=camera, source_kind="camera", opening=opening)


def person(number: int) -> Principal:
    return Principal(actor=Actor("user", uuid4(), f"person {number}"))


def patiently(project: Projector, *messages: Any) -> None:
    """As the consume loop does: what a deadlock ended comes again."""
    while True:
        try:
            project.handle(incoming(*messages), Event())
        except TransientError:
            continue
        return


def test_projectors_of_one_store_side_by_side_agree(engine: Engine) -> None:
    patiently(Projector(engine), *(configured(source_id=one, store_id=STORE) for one in CAMERAS))
    barrier = Barrier(len(CAMERAS))

    def follow(number: int) -> None:
        projector = Projector(engine)
        for step in range(8):
            barrier.wait(60)
            patiently(projector, raised(CAMERAS[number], 60 * step + 35 * number))

    with ThreadPoolExecutor(len(CAMERAS)) as threads:
        list(threads.map(follow, range(len(CAMERAS))))
    given = expected(engine)
    assert found(engine) == given
    with engine.connect() as connection:
        counted = connection.execute(select(incidents.c.incident_id, incidents.c.alert_count))
        assert {row[0]: row[1] for row in counted} == {
            name: list(given.values()).count(name) for name in set(given.values())
        }


def test_of_many_people_each_gets_an_incident_of_their_own(engine: Engine) -> None:
    messages = [raised(CAMERAS[0], 2000 * number) for number in range(20)]
    patiently(Projector(engine), configured(source_id=CAMERAS[0], store_id=STORE), *messages)
    barrier = Barrier(8)

    def claimed(number: int) -> list[UUID | None]:
        barrier.wait(60)
        names = []
        until = NOW + timedelta(minutes=5)
        for _ in range(2):
            name = transacted(
                engine,
                lambda connection: claim_next(
                    connection, person(number), QueueFilter(), until, NOW
                ),
            )
            names.append(name)
        return names

    with ThreadPoolExecutor(8) as threads:
        taken = [name for names in threads.map(claimed, range(8)) for name in names]
    assert None not in taken
    assert len(set(taken)) == 16
    with engine.connect() as connection:
        told = page(connection, Principal(), QueueFilter(), 50, None, NOW)
    assert (told.waiting, told.claimed) == (20, 16)


def test_of_two_verdicts_at_once_one_is_refused(engine: Engine) -> None:
    message = raised(CAMERAS[0], 2)
    patiently(Projector(engine), configured(source_id=CAMERAS[0]), message)
    barrier = Barrier(6)

    def judge(number: int) -> bool:
        who = person(number)
        verdict = {"verdict": "true", "judged_by": who.actor.name}
        wanted = Change("judged", verdict, "judged_by", match='"0"')
        barrier.wait(60)
        try:
            with transaction(engine) as connection:
                return change(connection, who, message.alert_id, wanted, NOW).is_new
        except Conflict:
            return False

    with ThreadPoolExecutor(6) as threads:
        done = list(threads.map(judge, range(6)))
    assert done.count(True) == 1
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(review_history)) == 1
        assert connection.scalar(select(incidents.c.is_waiting)) is False


def test_two_who_acknowledge_all_share_the_work(engine: Engine) -> None:
    messages = [raised(CAMERAS[0], 50 * number) for number in range(60)]
    patiently(Projector(engine), configured(source_id=CAMERAS[0]), *messages)
    barrier = Barrier(2)

    def acknowledge(number: int) -> int:
        who = person(number)
        barrier.wait(60)
        with transaction(engine) as connection:
            return acknowledge_all(connection, who, unacknowledged(who), uuid4(), NOW).changed

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(acknowledge, range(2)))
    with engine.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(alerts))
        assert sum(done) == count == 60
