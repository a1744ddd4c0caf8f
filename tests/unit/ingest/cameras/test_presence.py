"""An outage is reported once it counts, again while it lasts, and once when it is over."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from services.ingest.cameras.presence import AGAIN_S, OFFLINE_S, STEADY_S, Outage, Presence
from services.ingest.cameras.reading import JITTER, Backoff

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def played(presence: Presence, frames: set[int], seconds: int) -> list[Outage]:
    """Ten turns a second; frames come in the seconds that are named."""
    outages: list[Outage | None] = []
    for tenth in range(seconds * 10):
        if tenth // 10 in frames:
            outages.append(presence.frame(at(tenth / 10)))
        if tenth % 10 == 0:
            outages.append(presence.tick(at(tenth / 10)))
    return [outage for outage in outages if outage is not None]


def test_a_camera_that_sends_is_never_offline() -> None:
    assert played(Presence(START), set(range(100)), 100) == []


def test_a_short_silence_is_no_outage() -> None:
    assert played(Presence(START), set(range(100)) - set(range(40, 49)), 100) == []


def test_a_camera_that_starts_slowly_is_given_more_time_unless_something_is_wrong() -> None:
    assert played(Presence(START), set(range(18, 100)), 100) == []
    refused = Presence(START)
    refused.lost("The camera refuses the connection.")
    assert played(refused, set(range(18, 100)), 100)


def test_an_outage_is_told_with_its_reason_again_and_when_it_is_over() -> None:
    presence = Presence(START)
    presence.lost("The camera refuses the connection.")
    first, *again, over = played(presence, {0, 1, *range(200, 220)}, 220)
    assert (first.since, first.reason) == (at(1.9), "The camera refuses the connection.")
    assert OFFLINE_S <= (first.at - first.since).total_seconds() <= OFFLINE_S + 1
    assert [(one.at - first.at).total_seconds() for one in again] == [
        AGAIN_S * n for n in (1, 2, 3)
    ]
    assert (over.since, over.at, over.is_over) == (first.since, at(200), True)


def test_a_camera_that_gives_a_picture_now_and_then_is_not_back() -> None:
    presence = Presence(START)
    outages = [presence.tick(at(20))]
    for second in range(30, 200, 30):
        outages += [presence.frame(at(second)), presence.tick(at(second + 1))]
    assert not any(one.is_over for one in outages if one is not None)


def test_a_process_that_begins_in_an_outage_goes_on_with_it() -> None:
    presence = Presence(at(100), since=START)
    outages = played_from(presence, 100)
    assert {(one.since, one.is_over) for one in outages} == {(START, True)}


def played_from(presence: Presence, second: int) -> list[Outage]:
    frames = [presence.frame(at(second + n / 10)) for n in range(round(STEADY_S * 10) + 2)]
    return [one for one in frames if one is not None]


@pytest.mark.parametrize("seed", range(5))
def test_pauses_grow_to_a_bound_and_begin_anew(seed: int) -> None:
    backoff = Backoff(0.5, 4.0, Random(seed))
    for expected_s in (0.5, 1, 2, 4, 4, 4):
        assert abs(backoff.next() - expected_s) <= JITTER * expected_s
    backoff.reset()
    assert backoff.next() <= 0.5 * (1 + JITTER)
