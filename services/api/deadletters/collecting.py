"""The dead letters of all topics, written into their table as they come."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from threading import Event
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Engine, select

from schemas import topics
from schemas.deadletters import DeadLetter
from schemas.ids import NAMESPACE
from schemas.topics import Topic
from services.api.deadletters.tables import TOPIC_CHARS, dead_letters
from services.api.deadletters.views import REPLAYS_HEADER
from services.api.tables import alerts
from services.api.upserts import replace, upsert
from services.chassis.storage.database import transaction
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.records import Incoming, Outgoing
from services.chassis.streaming.worker import Limits

TWINS: tuple[Topic, ...] = tuple(map(topics.dead_letters, topics.TOPICS))
LIMITS = Limits(batch_records=16, queue_records=16, prepare_threads=0)
"""A letter may have 17 MB."""

OF_SOURCES = ("source_id", "video_id")
PLACE = ("letter_partition", "letter_offset")


class Collector(Handler):
    """Puts nothing out. A letter that comes again, or is written again for the same record, is the
    same row: what people did with it stays.
    """

    def __init__(self, engine: Engine, topic_prefix: str) -> None:
        self._engine, self._prefix = engine, topic_prefix

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        letters = [(each, each.message) for each in batch if isinstance(each.message, DeadLetter)]
        with transaction(self._engine) as connection:
            rows = [self._row(connection, item, letter) for item, letter in letters]
            upsert(connection, dead_letters, rows, dict.fromkeys(PLACE, replace))
        return ()

    def _row(self, connection: Connection, item: Incoming, letter: DeadLetter) -> Mapping[str, Any]:
        name = letter.topic.removeprefix(self._prefix)
        return {
            "letter_id": str(letter_id(name, letter)),
            "topic": name[:TOPIC_CHARS],
            "partition_number": letter.partition,
            "record_offset": letter.offset,
            "consumer": letter.consumer[:TOPIC_CHARS],
            "reason": letter.reason,
            "source_id": _source_of(connection, name, letter.record_key),
            "size_bytes": len(letter.record_value or b""),
            "replays": replays_of(letter),
            "failed_at": letter.failed_at,
            "letter_partition": item.record.partition.number,
            "letter_offset": item.record.offset,
            "state": "open",
            "changed_at": None,
            "changed_by": None,
        }


def letter_id(topic: str, letter: DeadLetter) -> UUID:
    """The same for whatever the consumer writes of that record; another for the record that lies
    there once the topic was made anew.
    """
    place = f"letter/{topic}/{letter.partition}/{letter.offset}/{letter.consumer}"
    content = (letter.record_key or b"") + b"/" + (letter.record_value or b"")
    return uuid5(uuid5(NAMESPACE, place), sha256(content).hexdigest())


def replays_of(letter: DeadLetter) -> int:
    """How often the record had been replayed when it failed."""
    text = letter.record_headers.get(REPLAYS_HEADER, b"")
    return int(text) if text.isdigit() and len(text) < 6 else 0


def topic_of(name: str) -> Topic | None:
    """The topic of that name in the registry."""
    return next((topic for topic in topics.TOPICS if topic.name == name), None)


def _source_of(connection: Connection, name: str, key: bytes | None) -> str | None:
    """Of the source that the record's key names, itself or by its alert. Payloads are not asked:
    they are what failed.
    """
    topic = topic_of(name)
    try:
        named = str(UUID((key or b"").decode("ascii")))
    except ValueError:
        return None
    if topic is None or topic.key in OF_SOURCES:
        return named if topic else None
    if topic.key != "alert_id":
        return None
    query = select(alerts.c.source_id).where(alerts.c.alert_id == named)
    found: str | None = connection.scalar(query)
    return found
