"""Dead letters on the fake broker, and in the table."""

from datetime import datetime
from threading import Event
from typing import Any
from uuid import UUID

from sqlalchemy import select

from schemas import topics
from schemas.deadletters import DeadLetter
from schemas.topics import SCORES, Topic
from services.api.deadletters.collecting import Collector
from services.api.deadletters.tables import dead_letters
from services.chassis.streaming.records import Incoming, Outgoing
from tests.unit.api.builders import CAMERA, START
from tests.unit.api.conftest import Api


def letter(topic: Topic = SCORES, **fields: Any) -> DeadLetter:
    content = {
        "topic": topic.name,
        "partition": 3,
        "offset": 41,
        "consumer": "api.projector",
        "reason": "not msgpack: Unpack failed",
        "record_key": str(CAMERA).encode(),
        "record_value": b"\xc1 no message",
        "failed_at": START,
    } | fields
    return DeadLetter.model_validate(content)


def collect(api: Api, *letters: DeadLetter) -> list[UUID]:
    """As the service does, from the twin of each one's topic; the ids of all there are, oldest
    first.
    """
    publisher, taken = api.broker.publisher("test"), []
    for each in letters:
        topic = next(one for one in topics.TOPICS if one.name == each.topic)
        publisher.publish(Outgoing(topics.dead_letters(topic), each))
        record = api.broker.records(topics.dead_letters(topic))[-1]
        taken.append(Incoming(record, each))
    Collector(api.engine, api.broker.topic_prefix).handle(taken, Event())
    with api.engine.connect() as connection:
        query = select(dead_letters.c.letter_id).order_by(dead_letters.c.failed_at)
        return [UUID(name) for name in connection.scalars(query)]


def state_of(api: Api, letter_id: UUID) -> tuple[str, datetime | None]:
    with api.engine.connect() as connection:
        mine = dead_letters.c.letter_id == str(letter_id)
        row = connection.execute(select(dead_letters).where(mine)).one()
        return row.state, row.changed_at
