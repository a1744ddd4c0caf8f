"""What can be done with a dead letter: read it where it lies, put its record back, let go of it."""

import contextlib
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, update

from schemas import topics
from schemas.codec import DecodeError, decode
from schemas.deadletters import DeadLetter
from schemas.topics import Topic
from services.api import audit
from services.api.deadletters.collecting import topic_of
from services.api.deadletters.tables import dead_letters
from services.api.deadletters.views import REPLAYS_HEADER, LetterState
from services.api.deps import Tools
from services.api.principal import Principal
from services.api.tables import sources
from services.chassis.storage.database import transaction
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.records import Partition, Record, Verbatim

Row = Mapping[Any, Any]
READ_WITHIN_S, POLL_S = 10.0, 0.2


class LetterGone(Exception):
    """Kafka has let go of the letter, so its record is nowhere any more. One sentence."""


class LetterDone(Exception):
    """It is not open any more. One sentence."""


def letter_of(broker: Broker, row: Row) -> DeadLetter:
    """The letter that a row speaks of. Raises LetterGone, TransientError."""
    if (topic := topic_of(row["topic"])) is not None:
        twin = topics.dead_letters(topic)
        record = _record_of(broker, twin, row)
        with contextlib.suppress(DecodeError):
            letter = decode(twin, record.value if record else None)
            if isinstance(letter, DeadLetter):
                return letter
    raise LetterGone("Kafka has let go of that dead letter: letters are kept for a week.")


def _record_of(broker: Broker, twin: Topic, row: Row) -> Record | None:
    """None where Kafka has it no more."""
    number, offset = row["letter_partition"], row["letter_offset"]
    place = Partition(broker.topic_prefix + twin.name, number)
    reader = broker.reader(twin.name, {number: offset})
    try:
        if not reader.starts.get(place) == offset < reader.ends[place]:
            return None
        deadline = time.monotonic() + READ_WITHIN_S
        while time.monotonic() < deadline:
            for record in reader.poll(1, POLL_S):
                if record.partition == place:
                    return record if record.offset == offset else None
        return None
    finally:
        reader.close()


def replay(tools: Tools, principal: Principal, row: Row) -> None:
    """Its record lies on its topic again when this returns, marked with how often. Asked for by two
    at once it may lie there twice, which changes nothing twice. Raises LetterDone, LetterGone,
    TransientError.
    """
    require_open(row)
    letter = letter_of(tools.broker, row)
    topic = topic_of(row["topic"])
    assert topic is not None
    headers = {**letter.record_headers, REPLAYS_HEADER: b"%d" % (row["replays"] + 1)}
    record = Verbatim(topic, letter.record_key, letter.record_value, headers)
    tools.publishing.publish_verbatim(record)
    _close(tools, principal, row, "replayed")


def drop(tools: Tools, principal: Principal, row: Row) -> None:
    """Nobody needs to look at it any more; nothing else changes. Raises LetterDone."""
    require_open(row)
    _close(tools, principal, row, "dropped")


def require_open(row: Row) -> None:
    """Raises LetterDone."""
    if row["state"] != "open":
        raise LetterDone(
            f"It was {row['state']} by {row['changed_by']} on {row['changed_at']:%Y-%m-%d %H:%M} "
            "UTC; should the record fail again, that is a letter of its own."
        )


def _close(tools: Tools, principal: Principal, row: Row, state: LetterState) -> None:
    values = {
        "state": state,
        "changed_at": tools.clock.now(),
        "changed_by": principal.actor.name,
    }
    mine = dead_letters.c.letter_id == row["letter_id"], dead_letters.c.state == "open"
    with transaction(tools.engine) as connection:
        if connection.execute(update(dead_letters).where(*mine).values(values)).rowcount:
            detail = {name: row[name] for name in ("topic", "partition_number", "record_offset")}
            audit.record(
                connection,
                principal,
                f"dead_letter.{state}",
                row["letter_id"],
                detail | {"reason": row["reason"]},
                tenant_id=_tenant_of(connection, row["source_id"]),
            )


def _tenant_of(connection: Connection, source_id: str | None) -> UUID | None:
    """In whose audit log it stands; None: in that of whoever did it."""
    query = sources.select().where(sources.c.source_id == source_id)
    found = connection.execute(query).mappings().first() if source_id else None
    return UUID(found["tenant_id"]) if found and found["tenant_id"] else None
