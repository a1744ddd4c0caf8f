"""Scores of a replay come as blocks, and are stored as those that come clip by clip."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.clips import ClipRef
from services.api.events.content import event_of
from services.api.scores.cutting import without
from tests.unit.api.builders import (
    CLIP_S,
    START,
    TWO_HEADS,
    VIDEO,
    at,
    block_of,
    scored,
    scores,
)
from tests.unit.api.conftest import Api

RUN = "replay-1"


def timeline(api: Api, run: str) -> dict[str, Any]:
    answer = api.client.get(f"/api/v1/sources/{VIDEO}/timeline", params={"run": run})
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content | {"run": ""}


def short(index: int) -> ClipRef:
    start_s = index * CLIP_S
    return ClipRef(index=index, start_s=start_s, end_s=start_s + 0.4)


def clips(run: str) -> list[Any]:
    """Three blocks' worth, of two heads, the last clip short."""
    of_grid = [scored(index, heads=TWO_HEADS, run=run) for index in range(300)]
    return [*of_grid, scored(300, heads=TWO_HEADS, run=run, clips=(short(300),))]


def test_a_block_is_stored_as_its_clips_are(api: Api) -> None:
    api.project(*clips("one-by-one"))
    api.project(block_of(clips(RUN)))
    assert timeline(api, RUN) == timeline(api, "one-by-one")


def test_the_same_blocks_again_cut_otherwise_change_nothing(api: Api) -> None:
    whole = clips(RUN)
    api.project(block_of(whole))
    before = timeline(api, RUN)
    api.project(block_of(whole[:100]), block_of(whole[90:]))
    assert timeline(api, RUN) == before


def test_the_run_of_a_source_is_over_with_the_block_that_says_so(api: Api) -> None:
    for last, is_last in ((10, False), (20, True)):
        api.project(block_of(scores(last, run=RUN), is_last=is_last))
        [told] = api.client.get(f"/api/v1/sources/{VIDEO}").json()["runs"]
        assert (told["run"], told["is_over"]) == (RUN, is_last)
        assert told["last_at"] == at((last - 1) * CLIP_S).isoformat().replace("+00:00", "Z")


def test_listeners_of_scores_hear_nothing_of_blocks() -> None:
    assert event_of("scores", block_of(scores(3, run=RUN))) is None


@pytest.mark.parametrize(
    ("since", "until", "left"),
    [(0, 3, [3, 4]), (1.5, 1.7, [0, 2, 3, 4]), (7, 9, [0, 1, 2, 3, 4]), (4, 5, [0, 1, 2, 3])],
)
def test_clips_of_an_erased_stretch_are_cut_out(
    since: float, until: float, left: list[int]
) -> None:
    interval = tuple(START + timedelta(seconds=CLIP_S * at) for at in (since, until))
    kept = without(block_of(scores(5, run=RUN)), [(interval[0], interval[1])])
    assert kept == block_of([one for one in scores(5, run=RUN) if one.clips[0].index in left])


def test_of_a_block_that_was_erased_nothing_is_left() -> None:
    block = block_of(scores(5, run=RUN))
    assert without(block, [(START, START + timedelta(hours=1))]) is None
