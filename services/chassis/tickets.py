"""Tickets: links that let their bearer do one thing for a while, without a login.

A ticket is sealed, so it needs no table to be checked. That it is used once only is for whoever
accepts it to note, by its `ticket_id`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgpack

from services.chassis.sealing import Sealing, SealingFault


class TicketFault(Exception):
    """A ticket is not ours, is for something else, or is too old."""


@dataclass(frozen=True)
class Ticket:
    """What a ticket says. `fields` are texts of the issuer's choice."""

    ticket_id: UUID
    fields: Mapping[str, str]
    expires_at: datetime


class Tickets:
    """Issues and reads tickets. Only the same purpose reads what was issued for it."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    def issue(self, purpose: str, fields: Mapping[str, str], expires_at: datetime) -> str:
        """Text that may stand in a URL. Raises SealingFault without a secret key."""
        content = msgpack.packb([uuid4().bytes, int(expires_at.timestamp()), dict(fields)])
        return self._sealing.seal_secret(_purpose(purpose), content).decode()

    def read(self, purpose: str, ticket: str, now: datetime) -> Ticket:
        """Raises TicketFault."""
        try:
            content = self._sealing.open_secret(_purpose(purpose), ticket.encode())
        except (SealingFault, UnicodeEncodeError):
            raise TicketFault("This link is not valid.") from None
        found: Any = msgpack.unpackb(content)
        epoch = now - timedelta(seconds=now.timestamp())
        read = Ticket(UUID(bytes=found[0]), found[2], epoch + timedelta(seconds=found[1]))
        if read.expires_at <= now:
            raise TicketFault("This link has expired.")
        return read


def _purpose(name: str) -> str:
    return f"ticket/{name}"
