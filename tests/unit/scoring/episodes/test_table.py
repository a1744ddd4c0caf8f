"""States survive a restart, a field more, and bytes of anybody else."""

from dataclasses import replace

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clips import ClipSpec
from schemas.policies import PolicySet, PresenceRule
from services.rules.budget import Quiet
from services.rules.diary import Diary, PastDay
from services.rules.learning import Calibrated
from services.rules.presence import Frame, Stay, WatchState
from services.rules.verdicts import Verdict
from services.scoring.episodes.state import Life
from services.scoring.episodes.table import VERSION, Kept
from services.scoring.episodes.watched import Watch, WatchedSource
from tests.builders import ORIGIN, SOURCE
from tests.unit.scoring.episodes.builders import RULE, H, L, judgements, kinds, run, terms

POLICY = PolicySet(source_id=SOURCE, rules=(RULE,), muted=("fall",), set_at=ORIGIN)


def kept(values: list[float]) -> Kept:
    state, _ = run(judgements(values, source_kind="camera", run="shadow", is_wall_clock=False))
    state, _ = run(judgements(values, run="shadow", spec={"frame_rate": 8}), state)
    return Kept(POLICY, {state.name: state})


def test_what_presence_rules_keep_comes_back() -> None:
    first, last = Frame(2, 2.5), Frame(7, 7.5)
    rule = PresenceRule(name="night", label="Somebody", during="closed")
    watches = {
        "open": Watch(WatchState(Stay(first, last, Frame(4, 4.0))), rule),
        "not yet": Watch(WatchState(Stay(first, last))),
        "quiet": Watch(WatchState(None, 90.0, 2)),
    }
    life = Life(ORIGIN, ClipSpec())
    source = WatchedSource(SOURCE, "camera", True, life, ORIGIN, 3, True, 8, watches=watches)
    state = Kept().with_policy(POLICY).with_watched(source)
    learned = Calibrated(
        Quiet(5, 0.5, (0.9, 0.8), 3, (0.7,), 0.85),
        Diary(2, (0, 1, 4), (PastDay(20_000, -1.0, 0.325, 4, 0.8125),), 19_999, "scene", 20_000, 8),
        (Verdict(b"0123456789abcdef", "false", 0.87, 1.75e9),),
    )
    state = replace(state, learned={"live/linear-12345678": learned})
    back = Kept.unpack(state.pack())
    assert back == state
    assert back.packed_policy == state.packed_policy


@given(st.lists(st.sampled_from([L, 0.7, H]), min_size=1, max_size=12))
def test_what_is_packed_comes_back(values: list[float]) -> None:
    assert Kept.unpack(kept(values).pack()) == kept(values)


def test_an_unknown_field_is_no_reason_to_forget_what_is_open() -> None:
    state, _ = run(judgements([H, H]))
    content = msgpack.unpackb(Kept(None, {state.name: state}).pack())
    content["runs"][0]["detectors"]["i3d_k400"]["models"]["test"]["novel"] = [1]
    content["runs"][0]["novel"] = content["novel"] = {"a": 1}
    back = Kept.unpack(msgpack.packb(content)).runs["live", False]
    assert back == state
    _, outcomes = run(judgements([L, L], start=2), back)
    assert kinds(outcomes) == ["subsided"]


def test_maps_within_may_grow_too() -> None:
    content = msgpack.unpackb(kept([H, H]).pack())
    lives = [state["life"] for state in content["runs"]]
    for life in lives:
        life["spec"]["novel"] = 1
    assert Kept.unpack(msgpack.packb(content)) == kept([H, H])


@pytest.mark.parametrize("packed", [b"", b"\xff\x00", msgpack.packb({"version": VERSION + 1})])
def test_what_another_version_wrote_starts_anew(packed: bytes) -> None:
    assert Kept.unpack(packed) == Kept()


@given(st.binary(max_size=64))
def test_no_bytes_in_the_table_are_a_crash(packed: bytes) -> None:
    assert Kept.unpack(packed) == Kept()


def test_a_state_is_small() -> None:
    assert len(kept([L] * 50).pack()) < 1500


def test_what_waits_comes_back() -> None:
    state, _ = run(judgements([H, H]), in_force=terms(min_duration_s=60.0))
    back = Kept.unpack(Kept(None, {state.name: state}).pack()).runs["live", False]
    assert back == state
    assert back.detectors["i3d_k400"].models["test"].state.waiting is not None
