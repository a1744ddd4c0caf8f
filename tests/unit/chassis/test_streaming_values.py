"""Headers, dead-letter counts and clocks."""

from datetime import UTC, datetime
from threading import Event

import pytest

from services.chassis.clock import ManualClock
from services.chassis.streaming.deadletters import (
    DeadLetterCount,
    DeadLetterLimit,
    DeadLetterLimitExceeded,
)
from services.chassis.streaming.headers import continue_trace, headers_for
from tests.builders import scored

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_the_same_message_has_the_same_event_id_and_another_has_another() -> None:
    one, same, other = (
        headers_for(message, "scoring", NOW, {})["ce_id"]
        for message in (
            scored(1, calibrated=0.5),
            scored(1, calibrated=0.5),
            scored(2, calibrated=0.5),
        )
    )
    assert one == same != other


def test_cloudevents_attributes_are_there() -> None:
    headers = headers_for(scored(1, calibrated=0.5), "scoring", NOW, {})
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_type"] == b"nightclerk.clip.scored.v1"
    assert headers["ce_source"] == b"/nightclerk/scoring"
    assert headers["ce_time"] == b"2026-01-02T03:04:05+00:00"


def test_a_trace_goes_on_with_a_new_span() -> None:
    version, trace, span, flags = continue_trace(PARENT).split(b"-")
    assert (version, trace, flags) == (b"00", PARENT.split(b"-")[1], b"01")
    assert span != PARENT.split(b"-")[2]


@pytest.mark.parametrize("broken", [None, b"", b"00-xyz-1-01", b"\xff" * 55])
def test_a_broken_trace_starts_anew(broken: bytes | None) -> None:
    assert len(continue_trace(broken)) == len(PARENT)


def test_a_share_of_invalid_records_past_the_limit_stops() -> None:
    count = DeadLetterCount(DeadLetterLimit(max_consecutive=100, max_ratio=0.5, window=10))
    for _ in range(5):
        count.valid()
        count.invalid()
    with pytest.raises(DeadLetterLimitExceeded, match="6 of the latest 11"):
        count.invalid()


def test_waiting_on_the_manual_clock_takes_no_time_but_passes_it() -> None:
    clock = ManualClock(NOW)
    assert clock.wait(60, Event()) is False
    assert (clock.now() - NOW).total_seconds() == 60


def test_a_step_of_the_wall_clock_is_no_time_that_passed() -> None:
    clock = ManualClock(NOW)
    clock.wait(5, Event())
    clock.step(-3600)
    assert clock.monotonic() == 5
    assert clock.now() < NOW
