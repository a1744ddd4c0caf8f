"""Whoever guesses must wait, longer each time: by account and by address, over all instances.

An attempt counts as failed from its beginning on, so that a thousand at once are a thousand; the
login that succeeds takes it back. Nobody waits longer than a quarter of an hour, and a reset of the
password, which takes the mailbox, lets an account try at once: no stranger locks anybody out.
"""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, delete, select, update

from services.api.access.credentials import login_failures
from services.api.problems import Problem
from services.chassis.storage.database import transaction, upsert

LONGEST_S = 900
FORGOTTEN = timedelta(days=1)
"""So long without another failure."""
IPV6_PREFIX = 64
"""Whoever has one address of such a network has them all."""


@dataclass(frozen=True)
class Subject:
    """Whose failures are counted; the first `free` cost nothing."""

    name: str
    free: int

    def wait_s(self, count: int) -> int:
        """After so many failures in a row."""
        beyond = count - self.free
        return min(2 ** min(beyond, 16), LONGEST_S) if beyond > 0 else 0


def attempt(engine: Engine, account: str, address: str, now: datetime, kind: str = "login") -> None:
    """Somebody is about to try, and counts as failed. Raises Problem 429 if it is too soon."""
    with transaction(engine) as connection:
        waiting_s = max(_waiting_s(connection, each, now) for each in _of(kind, account, address))
        if waiting_s <= 0:
            for each in _of(kind, account, address):
                _count(connection, each, now)
    if waiting_s > 0:
        seconds = int(waiting_s) + 1
        detail = f"Too many failed attempts: try again in {seconds} s, or reset your password."
        raise Problem(429, detail, {"Retry-After": str(seconds)})


def succeeded(connection: Connection, account: str, address: str, kind: str = "login") -> None:
    """It was no guess: the account's failures are forgotten, and this one of the address."""
    forgive(connection, account, kind)
    place = _of(kind, account, address)[1]
    mine = login_failures.c.name == place.name, login_failures.c.count > 0
    connection.execute(update(login_failures).where(*mine).values(count=login_failures.c.count - 1))


def forgive(connection: Connection, account: str, kind: str = "login") -> None:
    """The account may try at once: its password was reset by mail."""
    subject = _of(kind, account, "")[0]
    connection.execute(delete(login_failures).where(login_failures.c.name == subject.name))


def is_forgotten(now: datetime) -> ColumnElement[bool]:
    """The condition on failures that are too old to count."""
    return login_failures.c.failed_at < now - FORGOTTEN


def _of(kind: str, account: str, address: str) -> tuple[Subject, Subject]:
    """An office behind one address may fail more often than one person."""
    return (
        Subject(_hash(f"{kind}/account/{account.strip().lower()}"), free=5),
        Subject(_hash(f"{kind}/address/{network_of(address)}"), free=20),
    )


def _waiting_s(connection: Connection, subject: Subject, now: datetime) -> float:
    """Holds the row until the end of the transaction. A clock that was set back shortens nothing
    and lengthens nothing beyond the longest wait.
    """
    fresh = {"name": subject.name, "count": 0, "failed_at": now, "open_at": now}
    upsert(connection, login_failures, [fresh], [])
    query = select(login_failures).where(login_failures.c.name == subject.name)
    row = connection.execute(query.with_for_update()).one()
    waiting_s = (row.open_at - now).total_seconds()
    return waiting_s if waiting_s <= LONGEST_S else 0.0


def _count(connection: Connection, subject: Subject, now: datetime) -> None:
    mine = login_failures.c.name == subject.name
    columns = login_failures.c.failed_at, login_failures.c.count.label("failures")
    row = connection.execute(select(*columns).where(mine)).one()
    count = 1 if now - row.failed_at > FORGOTTEN else row.failures + 1
    open_at = now + timedelta(seconds=subject.wait_s(count))
    values = {"count": count, "failed_at": now, "open_at": open_at}
    connection.execute(update(login_failures).where(mine).values(values))


def network_of(address: str) -> str:
    """Whose it is, as far as an address tells: of IPv6 the network."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped or ipaddress.ip_network((found, IPV6_PREFIX), strict=False))
    return str(found)


def _hash(text: str) -> str:
    """Neither mail addresses nor IP addresses are kept."""
    return hashlib.sha256(text.encode()).hexdigest()
