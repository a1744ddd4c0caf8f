"""HTTP ranges (RFC 9110, section 14): pure. One range a request; several are answered in full."""

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII)


class Unsatisfiable(ValueError):
    """The range begins at or past the end."""


@dataclass(frozen=True)
class Span:
    """Bytes `start` up to and without `stop` of `size`."""

    start: int
    stop: int
    size: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


def parse(header: str | None, size: int) -> Span | None:
    """The asked span, None where the whole is to be sent. Raises Unsatisfiable."""
    match = _ONE_RANGE.fullmatch(header or "")
    if match is None:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    span = _suffix(last, size) if not first else _from(first, last, size)
    if span is None:
        return None
    if span.start >= size or span.length <= 0:
        raise Unsatisfiable(header)
    return span


def _suffix(last: str, size: int) -> Span:
    return Span(max(0, size - _number(last)), size, size)


def _from(first: str, last: str, size: int) -> Span | None:
    start, stop = _number(first), _number(last) + 1 if last else size
    if stop <= start and last:
        return None  # the last byte before the first: not a range at all
    return Span(start, min(stop, size), size)


def _number(digits: str) -> int:
    return int(digits[:20])
