"""Idempotency keys: the same request sent again gets the same answer, and is done once (ADR 0032).

For POST and PATCH with the header Idempotency-Key, by principal: the answer is kept for a day, and
sealed, for some hold a secret. What was refused or failed is not kept and may be tried again.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.api.access.credentials import idempotent_requests as table
from services.api.principal import Principal
from services.api.problems import Problem
from services.chassis.sealing import Sealing
from services.chassis.storage.database import transaction

KEPT = timedelta(days=1)
GIVEN_UP = timedelta(minutes=10)
"""Whoever has been at work for so long is dead."""
PURPOSE = "answer"
HEADERS = ("content-type", "location", "etag")
KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Answer:
    """What was, or is to be, answered."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Place:
    """A request that is at work here; whoever else asks meanwhile is refused."""

    name: str
    holder: str


def name_of(principal: Principal, key: str) -> str:
    """Of the row. Raises Problem 400 for a key that is none."""
    if not KEY.fullmatch(key):
        raise Problem(400, "An Idempotency-Key is 1 to 255 printable ASCII letters, a UUID say.")
    actor = principal.actor
    words = [str(principal.home), actor.kind, str(actor.actor_id), key]
    return _hash([json.dumps(words).encode()])


def fingerprint(method: str, path: str, query: bytes, body: bytes) -> str:
    """Equal for equal requests. Of an upload `body` is its length."""
    return _hash([method.encode(), path.encode(), query, body])


def begin(engine: Engine, name: str, wanted: str, now: datetime) -> Place | Sequence[Any]:
    """A place to work, or the row of the answer there is. Raises Problem 409 while the first
    request is at work, 422 when that was another.
    """
    place = Place(name, uuid4().hex)
    with transaction(engine) as connection:
        row = connection.execute(
            select(table).where(table.c.name == name).with_for_update()
        ).one_or_none()
        if row is not None and _is_over(row, now):
            connection.execute(delete(table).where(table.c.name == name))
            row = None
        if row is None and _insert(connection, place, wanted, now):
            return place
    if row is not None and row.fingerprint != wanted:
        raise Problem(422, "That Idempotency-Key was used for another request.")
    if row is None or row.status is None:
        detail = "The first request with that Idempotency-Key is still at work."
        raise Problem(409, detail, {"Retry-After": "1"})
    return row


def finish(engine: Engine, sealing: Sealing, place: Place, answer: Answer) -> None:
    """Keep the answer, if it was done; else leave no trace. Again changes nothing."""
    mine = table.c.name == place.name, table.c.holder == place.holder
    if answer.status >= 400:
        statement: Any = delete(table).where(*mine)
    else:
        kept = {name: value for name, value in answer.headers.items() if name in HEADERS}
        body = sealing.seal_secret(PURPOSE, answer.body)
        values = {"status": answer.status, "headers": kept, "body": body}
        statement = update(table).where(*mine).values(values)
    with transaction(engine) as connection:
        connection.execute(statement)


def read(sealing: Sealing, row: Any) -> Answer:
    """The answer of a row that `begin` gave. Raises SealingFault."""
    headers = row.headers | {"idempotent-replayed": "true"}
    return Answer(row.status, headers, sealing.open_secret(PURPOSE, row.body))


def is_forgotten(now: datetime) -> ColumnElement[bool]:
    """The condition on answers that need not be given again."""
    return table.c.started_at < now - KEPT


def _is_over(row: Any, now: datetime) -> bool:
    lasts: timedelta = GIVEN_UP if row.status is None else KEPT
    return bool(row.started_at < now - lasts)


def _insert(connection: Connection, place: Place, wanted: str, now: datetime) -> bool:
    """False when another came in this very moment."""
    row = {
        "name": place.name,
        "fingerprint": wanted,
        "holder": place.holder,
        "headers": {},
        "started_at": now,
    }
    try:
        with connection.begin_nested():
            connection.execute(insert(table).values(row))
    except IntegrityError:
        return False
    return True


def _hash(parts: Sequence[bytes]) -> str:
    """Parts of any content, kept apart by their lengths."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
