"""Ids of events: how far a listener has read each topic, as one opaque token.

It names the next offset of every partition of every kind that is listened to, so any instance of
the API goes on exactly there. Offsets are no secret; the checksum tells a damaged token from ours.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping, Sequence

KINDS = ("alerts", "scores", "health", "reviews", "deliveries", "videos", "replays", "models")
"""Numbered by their place here: new ones are put behind."""

VERSION = 1
CHECK_BYTES = 4
MOST_CHARS = 16_384
MOST_PARTITIONS = 4096

Positions = Mapping[str, Sequence[int]]


class BadEventId(ValueError):
    """The token is none of ours."""


def token_of(positions: Positions) -> str:
    """About a byte and a half an offset, in letters that may stand in a URL."""
    content = bytearray([VERSION])
    for kind in sorted(positions, key=KINDS.index):
        content.append(KINDS.index(kind))
        content += _varint(len(positions[kind]))
        for offset in positions[kind]:
            content += _varint(offset)
    whole = bytes(content) + _check(content)
    return base64.urlsafe_b64encode(whole).decode().rstrip("=")


def positions_of(token: str) -> dict[str, list[int]]:
    """Raises BadEventId."""
    content = _content(token)
    found: dict[str, list[int]] = {}
    numbers = _Numbers(content[1:])
    while numbers.left:
        kind, count = numbers.next(), numbers.next()
        if kind >= len(KINDS) or count > MOST_PARTITIONS or KINDS[kind] in found:
            raise BadEventId("That is no id of an event.")
        found[KINDS[kind]] = [numbers.next() for _ in range(count)]
    return found


def _content(token: str) -> bytes:
    try:
        if len(token) > MOST_CHARS:
            raise ValueError("too long")
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        whole = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise BadEventId("That is no id of an event.") from None
    content, check = whole[:-CHECK_BYTES], whole[-CHECK_BYTES:]
    if content[:1] != bytes([VERSION]) or _check(content) != check:
        raise BadEventId("That is no id of an event.")
    return content


class _Numbers:
    """Reads numbers one after the other. Raises BadEventId at an end in the middle."""

    def __init__(self, content: bytes) -> None:
        self._bytes: Iterator[int] = iter(content)
        self.left = len(content)

    def next(self) -> int:
        value, shift = 0, 0
        for byte in self._bytes:
            self.left -= 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift > 63:
                break
        raise BadEventId("That is no id of an event.")


def _varint(number: int) -> bytes:
    content = bytearray()
    while number >= 0x80:
        content.append(number & 0x7F | 0x80)
        number >>= 7
    content.append(number)
    return bytes(content)


def _check(content: bytes | bytearray) -> bytes:
    return hashlib.blake2b(content, digest_size=CHECK_BYTES, person=b"nightclerk/event").digest()
