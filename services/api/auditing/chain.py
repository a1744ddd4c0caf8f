"""The chain of an audit log: what a row's hash covers, and where a chain is broken. Pure."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

KIND = "nightclerk/audit/1"


@dataclass(frozen=True)
class Link:
    """A place in a chain: the number of a row and its hash."""

    sequence: int
    hash: str


ORIGIN = Link(0, "0" * 64)
"""Before the first row."""


@dataclass(frozen=True)
class Entry:
    """What a row says. `detail` is the text of a JSON object, hashed as it is."""

    tenant_id: str
    sequence: int
    happened_at: datetime
    actor_kind: str
    actor_id: str | None
    actor_name: str
    address: str
    action: str
    subject: str
    detail: str


class Broken(Exception):
    """A chain is not as it was written. One sentence for people."""

    def __init__(self, sequence: int, sentence: str) -> None:
        super().__init__(sentence)
        self.sequence = sequence


def digest(before: str, entry: Entry) -> str:
    """SHA-256 over the row and its predecessor's hash, in hex."""
    values = [
        value.astimezone(UTC).isoformat(timespec="microseconds")
        if isinstance(value, datetime)
        else value
        for value in astuple(entry)
    ]
    content = json.dumps([KIND, before, *values], separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def follow(after: Link, rows: Iterable[tuple[Entry, str]]) -> Link:
    """The last of the rows, which come with the hashes that were stored, in the order of their
    numbers, `after` itself left out. Raises Broken.
    """
    for entry, stored in rows:
        expected = after.sequence + 1
        if entry.sequence != expected:
            raise Broken(expected, f"Row {expected} is missing; {entry.sequence} comes instead.")
        if digest(after.hash, entry) != stored:
            raise Broken(expected, f"Row {expected}, or the one before it, was changed.")
        after = Link(entry.sequence, stored)
    return after


def require_end(reached: Link, head: Link) -> None:
    """Raises Broken unless the chain that was followed ends at its head."""
    if reached.sequence < head.sequence:
        missing = reached.sequence + 1
        raise Broken(missing, f"Rows {missing} to {head.sequence} are missing at the end.")
    if reached.sequence > head.sequence:
        raise Broken(head.sequence + 1, f"Row {head.sequence + 1} stands beyond the head.")
    if reached != head:
        raise Broken(reached.sequence, f"Row {reached.sequence} is not the head of the chain.")
