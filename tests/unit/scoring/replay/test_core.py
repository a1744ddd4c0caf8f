"""A replay gives what the live run gave, wherever it begins and ends."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message
from schemas.clips import SequenceId
from services.scoring.episodes.core import step
from services.scoring.episodes.policy import Cards
from services.scoring.episodes.state import SourceState
from services.scoring.heads import Head
from services.scoring.judging.core import Seen
from services.scoring.judging.detector import Detector
from services.scoring.replay.core import Output, Replay, Stretch
from tests.builders import GRID, ORIGIN, source
from tests.checkpoints import card, cosine, mean_head, vector_window
from tests.unit.scoring.judging.test_core import run as judge_all
from tests.unit.scoring.replay.comparison import compare
from tests.unit.scoring.replay.outputs import alerts, by_source, clips, rows

DETECTOR = Detector((Head(cosine(), card(cosine())), mean_head(3)))
WINDOW_S = 32 / 15


def moment(index: int) -> datetime:
    """When a clip begins."""
    return GRID.moment(GRID.start_s(index))


def footage(highs: Sequence[bool], sources: int = 1) -> list[Seen]:
    """Cameras side by side; each window is high or not, every ninth is missing."""
    return [
        vector_window(
            n,
            (float(high), 1.0 - high),
            source_id=source(k),
            source_kind="camera",
            cut_at=ORIGIN + timedelta(seconds=n * WINDOW_S),
        )
        for n, high in enumerate(highs)
        for k in range(sources)
        if n % 9 != 8
    ]


def live(messages: Sequence[Seen]) -> list[Message]:
    """What the live run puts out of all that was ever seen."""
    terms = Cards(tuple(head.card for head in DETECTOR.heads)).terms(None)
    states: dict[SequenceId, SourceState] = defaultdict(lambda: None)  # type: ignore[arg-type, return-value]
    found: list[Message] = []
    for judged in judge_all(DETECTOR, messages):
        outcome = step(states[judged.sequence], judged, terms, (DETECTOR.backbone,))
        states[judged.sequence] = outcome.state
        found += [*outcome.alerts, *([outcome.score] if outcome.score else [])]
    return found


def replayed(messages: Sequence[Seen], first: int, last: int, batch: int = 7) -> list[Output]:
    """Clips from the first to before the last."""
    return run(DETECTOR, Stretch("again", moment(first), moment(last)), messages, batch)


def run(
    detector: Detector, stretch: Stretch, messages: Sequence[Seen], batch: int = 7
) -> list[Output]:
    replay, found = Replay(detector, stretch), list[Output]()
    read = rows(messages)
    for start in range(0, len(read), batch):
        found += replay.take(read[start : start + batch])
    return [*found, *replay.finish()]


def numbers(outputs: Sequence[Message]) -> dict[tuple[str, int], list[float]]:
    """The raw scores of each clip."""
    return {
        (place[0], place[3]): [round(raw, 6) for raw, _ in values]
        for output in outputs
        for place, values, _ in clips(output)
    }


HIGHS = [n % 7 in (2, 3, 4) for n in range(40)]


def test_under_a_run_of_its_own_all_is_as_in_the_live_run() -> None:
    seen = footage(HIGHS, sources=3)
    again = replayed(seen, 0, 200)
    assert {output.run for output in again} == {"again"}
    assert numbers(again) == numbers(live(seen))
    assert compare(alerts(live(seen)), alerts(again)).is_equal
    assert {one.alert_id for one in alerts(again)}.isdisjoint(
        one.alert_id for one in alerts(live(seen))
    )


@given(st.integers(0, 78), st.integers(1, 80))
def test_it_may_begin_and_end_anywhere_also_within_an_episode(first: int, length: int) -> None:
    seen, last = footage(HIGHS), first + length
    whole, part = live(seen), replayed(seen, first, last)
    assert numbers(part) == {
        place: values for place, values in numbers(whole).items() if first <= place[1] < last
    }
    of_live = {(one.rule, one.start_s): one for one in alerts(whole)}
    for alert in alerts(part):
        assert (alert.rule, alert.start_s) in of_live
    opened = {one.alert_id for one in alerts(part) if isinstance(one, AlertOpened)}
    assert opened == {one.alert_id for one in alerts(part) if isinstance(one, AlertClosed)}
    inside = {
        (one.rule, one.start_s)
        for one in whole
        if isinstance(one, AlertOpened) and first <= one.end_s / (16 / 15) - 1 < last
    }
    assert inside <= {(one.rule, one.start_s) for one in alerts(part)}


def test_before_the_stretch_nothing_is_put_out_and_after_it_nothing_opens() -> None:
    seen = footage([False] * 10 + [True] * 3 + [False] * 10 + [True] * 3 + [False] * 10)
    part = replayed(seen, 34, 44)
    assert alerts(part) == []
    assert {index for _, index in numbers(part)} <= set(range(34, 44))


def test_an_episode_that_is_open_at_the_end_has_its_end() -> None:
    seen = footage([False] * 4 + [True] * 4 + [False] * 8)
    closed = [one for one in alerts(replayed(seen, 0, 12)) if isinstance(one, AlertClosed)]
    expected = [one for one in alerts(live(seen)) if isinstance(one, AlertClosed)]
    fights = [one.end_s for one in expected if one.rule == "fight"]
    assert [one.end_s for one in closed] == fights  # the other rule opens after the stretch


def test_the_same_stretch_twice_gives_the_same() -> None:
    seen = footage(HIGHS, sources=2)
    first, second = (replayed(seen, 10, 60, batch) for batch in (3, 11))
    assert numbers(first) == numbers(second)
    assert by_source(first) == by_source(second)


def test_other_sources_and_what_cannot_be_judged_are_left_out() -> None:
    seen = [*footage(HIGHS[:9], sources=2), vector_window(30, (1.0, 0.0), spec={"frame_rate": 8})]
    stretch = Stretch("again", ORIGIN, moment(200), frozenset({source(1)}))
    assert {output.key for output in run(DETECTOR, stretch, seen)} == {str(source(1))}
    everything = Replay(DETECTOR, Stretch("again", ORIGIN, moment(200)))
    list(everything.take(rows(seen)))
    assert everything.refused == 1


@pytest.mark.parametrize("highs", [[True] * 6, [False] * 6])
def test_another_head_brings_and_spares_alerts(highs: list[bool]) -> None:
    seen = footage(highs)
    other = Detector((Head(cosine(1), card(cosine(1))),))
    again = alerts(run(other, Stretch("again", ORIGIN, moment(200)), seen))
    fights = [one for one in alerts(live(seen)) if one.rule == "fight"]
    found = compare(fights, again)
    assert (len(found.gone), len(found.come)) == ((1, 0) if highs[0] else (0, 1))


@given(st.lists(st.booleans(), min_size=30, max_size=40), st.integers(2, 12), st.integers(2, 12))
def test_what_came_late_is_replayed_as_it_was_judged(
    highs: list[bool], away: int, length: int
) -> None:
    """Kafka was away for a while: then came what is live, and what had waited after it."""
    clips = footage(highs)
    waited = [one.model_copy(update={"is_late": True}) for one in clips[away : away + length]]
    log = clips[:away] + _alternating(clips[away + length :], waited)
    again, before = replayed(log, 0, 10_000), live(log)
    assert numbers(again) == numbers(before)
    assert _episodes(again) == _episodes(before)


def _alternating(first: Sequence[Seen], second: Sequence[Seen]) -> list[Seen]:
    longest = max(len(first), len(second))
    return [
        one
        for n in range(longest)
        for part in (first, second)
        if n < len(part)
        for one in (part[n],)
    ]


def _episodes(outputs: Sequence[Output]) -> list[tuple[bool, str, float]]:
    return sorted(
        (output.is_late, output.rule, output.start_s)
        for output in outputs
        if isinstance(output, AlertOpened)
    )
