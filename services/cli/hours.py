"""Opening hours as people type them: `mon-fri 06:00-23:00`, `2026-12-25 closed`. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
Span = dict[str, str]
Weekly = dict[str, list[Span]]


class HoursUnreadable(ValueError):
    """The text is one sentence."""


def weekly(texts: Iterable[str]) -> Weekly:
    """Spans of each day. Several texts may speak of one day. Raises HoursUnreadable."""
    found: Weekly = {}
    for text in texts:
        days, _, rest = text.strip().partition(" ")
        for day in _days(days, text):
            found.setdefault(day, []).extend(_spans(rest, text))
    return found


def holiday(text: str) -> dict[str, Any]:
    """`2026-12-25 closed`, or the spans in which it is open; then `staffed` and those in which
    somebody is there: `2026-12-24 08:00-14:00 staffed 08:00-12:00`. Raises HoursUnreadable.
    """
    whole, has_staff, staffed = text.strip().partition("staffed")
    day, _, rest = whole.strip().partition(" ")
    if not _DATE.fullmatch(day):
        raise HoursUnreadable(f"{text!r} begins with no day: write 2026-12-25 closed")
    is_closed = rest.strip().lower() in ("", "closed")
    return {
        "day": day,
        "open": [] if is_closed else list(_spans(rest, text)),
        "staffed": list(_spans(staffed, text)) if has_staff else [],
    }


def words(weekly_hours: Weekly | None) -> str:
    """The same, for people; days with the same spans together."""
    if weekly_hours is None:
        return "always"
    groups: list[tuple[list[str], str]] = []
    for day in DAYS:
        spans = _texts(weekly_hours.get(day, ()))
        if groups and groups[-1][1] == spans:
            groups[-1][0].append(day[:3])
        else:
            groups.append(([day[:3]], spans))
    shown = [f"{_range(days)} {spans}" for days, spans in groups if spans]
    return "; ".join(shown) or "never"


def holiday_words(day: dict[str, Any], is_always_open: bool) -> str:
    """A day that differs, for people. A store that never closes is open then as well."""
    opened, staffed = _texts(day["open"]), _texts(day["staffed"])
    parts = [] if is_always_open else [f"open {opened}" if opened else "closed"]
    parts.append(f"staffed {staffed}" if staffed else "nobody there")
    return f"{day['day']} {', '.join(parts)}"


def _texts(spans: Iterable[Span]) -> str:
    return ", ".join(f"{one['start']}-{one['end']}" for one in spans)


def _range(days: list[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]}-{days[-1]}"


def _days(text: str, whole: str) -> Iterator[str]:
    """`mon-fri`, `sat,sun`, `daily`; a range may go over the end of the week."""
    if text.lower() in ("daily", "every"):
        yield from DAYS
        return
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        begin, end = _day(first, whole), _day(last or first, whole)
        for step in range((end - begin) % 7 + 1):
            yield DAYS[(begin + step) % 7]


def _day(text: str, whole: str) -> int:
    for number, name in enumerate(DAYS):
        if len(text) >= 2 and name.startswith(text):
            return number
    raise HoursUnreadable(f"{whole!r} names no day: write mon-fri 06:00-23:00")


def _spans(text: str, whole: str) -> Iterator[Span]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise HoursUnreadable(f"{whole!r} names no hours: write mon-fri 06:00-23:00")
    for part in parts:
        match = _SPAN.fullmatch(part)
        if match is None:
            raise HoursUnreadable(f"{part!r} are no hours: write 06:00-23:00")
        yield {"start": match[1].zfill(5), "end": match[2].zfill(5)}
