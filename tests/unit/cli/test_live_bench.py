"""How old scores of cameras are: what is counted, and from when."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.clips import ClipRef, ClipSpec
from schemas.scores import ClipScored, HeadScore
from services.cli.bench_cameras import CameraPlan, cameras_for, heads_for
from services.cli.live_bench import (
    Watched,
    latencies,
    missing,
    note,
    quantile,
)
from services.rules.folders import DEFAULT
from services.scoring.cards import read_cards

DOOR, TILL = UUID(int=1), UUID(int=2)
NAMES = {DOOR: "door"}
HOP_S = ClipSpec().hop_s
ORIGIN = datetime(2026, 3, 14, tzinfo=UTC)


class NoBroadcast:
    """Scores say nothing of pictures."""

    def sent_at(self, name: str, number: int, before: float) -> float | None:
        raise AssertionError("nobody asks")


def scored(source_id: UUID, *indexes: int) -> ClipScored:
    head = HeadScore(
        head="fight", model_id="m", rule="fight", label="Possible fight", score=0.0, calibrated=0.1
    )
    clips = tuple(
        ClipRef(index=index, start_s=index * HOP_S, end_s=(index + 1) * HOP_S) for index in indexes
    )
    return ClipScored(
        source_id=source_id,
        source_kind="camera",
        origin_at=ORIGIN,
        cut_at=ORIGIN + timedelta(seconds=clips[-1].end_s),
        detector="d",
        backbone="i3d_k400",
        clips=clips,
        heads=(head,),
    )


def heard(*messages: tuple[float, ClipScored]) -> Watched:
    watched, nothing = Watched(), NoBroadcast()
    for at, message in messages:
        note(watched, nothing, NAMES, at, message)  # type: ignore[arg-type]
    return watched


def test_the_age_of_a_score_is_counted_from_the_latest_frame_of_its_window() -> None:
    watched = heard((105.0, scored(DOOR, 0, 1)), (107.5, scored(DOOR, 2, 3)))
    watched.ends = {(DOOR, 0): 99.0, (DOOR, 1): 104.5, (DOOR, 3): 106.5}
    assert dict(latencies(watched))["latency_p50_s"] == pytest.approx(0.75)


def test_scores_of_other_sources_do_not_count() -> None:
    assert heard((1.0, scored(TILL, 0, 1))).seen == {}


def test_without_alerts_there_is_no_age_of_alerts() -> None:
    ages: dict[str, Any] = dict(latencies(heard((1.0, scored(DOOR, 0, 1)))))
    assert ages["alert_latency_p50_s"] is None
    assert quantile([], 95) is None


@pytest.mark.parametrize(
    ("indexes", "count"), [({4}, 0), ({4, 5, 6}, 0), ({4, 7}, 2), ({0, 1, 5, 6, 9}, 5)]
)
def test_a_clip_between_two_that_have_a_score_was_dropped(indexes: set[int], count: int) -> None:
    assert missing(indexes) == count


def test_behind_a_motion_gate_what_it_kept_back_is_not_missing() -> None:
    assert missing({0, 1, 6, 7}, gated={0, 1, 2, 6, 7, 8}) == 1


@pytest.mark.parametrize(
    ("bare_s", "cores", "count"), [(0.1, 16, 18), (0.45, 8, 4), (5.0, 2, 1), (0.1, 2, 4)]
)
def test_as_many_cameras_as_the_bare_network_follows_and_the_cores_decode(
    bare_s: float, cores: int, count: int
) -> None:
    assert cameras_for(bare_s, 2, cores) == count


def test_with_still_cameras_all_have_the_motion_gate() -> None:
    plan = CameraPlan(cameras=8, still=7)
    assert (plan.moving, plan.settings["motion_gate"]) == (1, True)
    assert not CameraPlan(4).settings["motion_gate"]


def test_a_cheaper_clip_spec_is_scored_by_heads_that_take_it(tmp_path: Path) -> None:
    spec = ClipSpec(frame_rate=7.5)
    assert heads_for(ClipSpec(), tmp_path) == {}
    cards = read_cards(Path(heads_for(spec, tmp_path)["NIGHTCLERK_HEAD"]))
    assert len(cards) == len(read_cards(DEFAULT))
    assert {card.spec.frame_rate for card in cards} == {7.5}
