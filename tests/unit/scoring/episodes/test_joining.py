"""Presence joined with scores: its outcome depends on moments of the source, not on arrival."""

from collections.abc import Sequence
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message
from schemas.policies import PRESENCE
from services.scoring.episodes.joining import HELD_S, HeldFrame, Opening, due, is_open
from tests.unit.scoring.episodes.test_service import HIGH, LOW, Stream, judgements
from tests.unit.scoring.episodes.test_watching import (
    CLIP_S,
    SOMEBODY,
    alerts,
    clips,
    poses,
    stream,
)

SEEN, QUIET = 40, 14
"""Clips; together shorter than `HELD_S`, so that the two may be so far apart."""
CAMERA = {"source_kind": "camera"}


def present(messages: Sequence[Message]) -> list[Message]:
    """The alerts of presence."""
    kinds = (AlertOpened, AlertClosed)
    return [one for one in messages if isinstance(one, kinds) and one.model_id == PRESENCE]


def joined(**more: object) -> Stream:
    return stream(joined="fight", longer_than_s=2.0, cooldown_s=0.0, **more)


letters = st.lists(st.sampled_from(["#", "####", ".", "........"]), max_size=14)
marks = st.lists(st.sampled_from([HIGH, LOW]).flatmap(lambda at: st.just([at] * 3)), max_size=14)


@given(letters, marks, st.lists(st.booleans(), min_size=2 * (SEEN + QUIET)))
@settings(max_examples=60)
def test_whatever_arrives_first(
    parts: list[str], scores: list[list[float]], turns: list[bool]
) -> None:
    text = "".join(parts)[:SEEN].ljust(SEEN + QUIET, ".")
    values = [*chain(*scores)][:SEEN]
    values += [LOW] * (SEEN + QUIET - len(values))
    judged, seen = judgements(values, **CAMERA), clips(text)
    expected = present(joined().take(*judged, *seen))
    assert present(joined().take(*seen, *judged)) == expected
    waiting: tuple[list[Message], list[Message]] = ([*judged], [*seen])
    shuffled = [waiting[turn].pop(0) for turn in turns if waiting[turn]]
    assert present(joined().take(*shuffled, *waiting[0], *waiting[1])) == expected


def test_presence_counts_from_the_clip_that_opened_the_other() -> None:
    made = joined()
    made.take(*judgements([LOW] * 4 + [HIGH] * 8, **CAMERA))
    (opened,) = present(made.take(*clips("############")))
    assert isinstance(opened, AlertOpened)
    assert opened.start_s == pytest.approx(6 * CLIP_S)


def test_judgements_that_never_come_hold_nobody_for_longer_than_the_bound() -> None:
    """Nor do they open anything: the other rule has no episode."""
    made = joined()
    count = int(2 * HELD_S / CLIP_S)
    assert present(made.take(*clips("#" * count))) == []
    assert made.state is not None
    held = made.state.watched[False].held
    assert held[-1].at_s - held[0].at_s <= HELD_S
    assert held[-1].at_s > (count - 1) * CLIP_S


def test_what_is_held_when_a_camera_falls_silent_is_taken_and_ends() -> None:
    made = joined()
    made.take(*judgements([HIGH] * 4, **CAMERA))
    assert alerts(made.take(*clips("#" * 8))) == ["AlertOpened"]
    assert made.state is not None
    assert made.state.watched[False].held
    assert alerts(present(made.wait(300))) == ["source_silent"]
    assert made.state is not None
    assert not made.state.watched[False].has_open


def test_the_end_of_an_upload_waits_for_its_judgements() -> None:
    made = joined()
    upload = {"source_kind": "upload"}
    found = made.take(*clips("#####", **upload), poses(5, [SOMEBODY], is_last=True, **upload))
    assert present(found) == []
    judged = judgements([HIGH] * 6, **upload)
    found = made.take(*judged[:-1], judged[-1].model_copy(update={"is_last": True}))
    assert alerts(present(found)) == ["AlertOpened", "source_ended"]


@given(st.lists(st.floats(0, 500), max_size=40), st.floats(-10, 600))
def test_nothing_is_held_past_its_judgement_or_the_bound(at: list[float], through: float) -> None:
    held = [HeldFrame(0, at_s, 0.0) for at_s in sorted(at)]
    left = held[due(held, through) :]
    assert all(frame.at_s > through for frame in left)
    assert all(held[-1].at_s - frame.at_s < HELD_S for frame in left)


def test_an_episode_is_open_from_its_opening_up_to_its_end() -> None:
    openings = [Opening("fight", 4.0, 8.0), Opening("fall", 5.0)]
    found = [at for at in (3.9, 4.0, 7.9, 8.0) if is_open(openings, "fight", at)]
    assert found == [4.0, 7.9]
    assert is_open(openings, "fall", 1e9)
