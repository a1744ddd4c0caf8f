"""Two runs beside one another: pairs and agreement against brute force; the view of both."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import AlertClosed
from schemas.ids import alert_id, clip_id
from services.api.comparisons.agreement import Stretch, agreement, area, events_of, merged
from services.api.comparisons.changes import Changes, Raised, changes, overlap
from tests.unit.api.builders import CAMERA, CLIP_S, START, alert, at, configured, head, scored
from tests.unit.api.conftest import Api

PATH = "/api/v1/comparisons"
OF_CAMERA: dict[str, Any] = {"source_id": CAMERA, "source_kind": "camera"}


def raised(begin: int, end: int, name: str = "a", **fields: Any) -> Raised:
    content: dict[str, Any] = {
        "alert_id": f"{name}{begin}",
        "source_id": "camera",
        "rule": "fight",
        "label": "Possible fight",
        "started_at": at(begin),
        "ended_at": at(end),
        "start_s": begin,
        "end_s": end,
        "peak_s": begin,
        "peak_score": 0.9,
    }
    return Raised(**content | fields)


@st.composite
def disjoint(draw: st.DrawFn, name: str) -> list[Raised]:
    """Episodes of one run: none overlaps another of its source and rule."""
    found = []
    for rule in ("fight", "fall"):
        bounds = sorted(draw(st.sets(st.integers(0, 30), max_size=8)))
        pairs = zip(bounds[::2], bounds[1::2], strict=False)
        found += [raised(*pair, name, rule=rule) for pair in pairs]
    return draw(st.permutations(found))


def most_pairs(ours: Sequence[Raised], theirs: Sequence[Raised]) -> int:
    """By trying every way to pair them."""
    small, large = sorted((list(ours), list(theirs)), key=len)
    return max(
        (
            sum(
                one.rule == other.rule and overlap(one, other.started_at, other.ended_at)
                for one, other in zip(small, chosen, strict=True)
            )
            for chosen in permutations(large, len(small))
        ),
        default=0,
    )


@given(disjoint("a"), disjoint("b"))
def test_pairs_are_as_many_as_can_be_and_nothing_is_lost(
    ours: list[Raised], theirs: list[Raised]
) -> None:
    ours, theirs = ours[:5], theirs[:5]
    found = changes(ours, theirs)
    pairs = [*found.same, *found.moved]
    assert len(pairs) == most_pairs(ours, theirs)
    assert {each.alert_id for each, _ in pairs} | ids(found.gained) == ids(ours)
    assert {each.alert_id for _, each in pairs} | ids(found.lost) == ids(theirs)
    assert len(pairs) + len(found.gained) == len(ours)
    assert len(pairs) + len(found.lost) == len(theirs)
    for one, other in pairs:
        assert (one.source_id, one.rule) == (other.source_id, other.rule)
        assert overlap(one, other.started_at, other.ended_at)
    assert all(one.started_at == other.started_at for one, other in found.same)
    assert all(one.started_at != other.started_at for one, other in found.moved)


@given(disjoint("a"), disjoint("b"))
def test_the_other_way_round_gained_is_lost(ours: list[Raised], theirs: list[Raised]) -> None:
    there, back = changes(ours, theirs), changes(theirs, ours)
    assert (len(there.gained), len(there.lost)) == (len(back.lost), len(back.gained))


def test_a_run_beside_itself_differs_in_nothing() -> None:
    ours = [raised(0, 3), raised(5, 9), raised(6, 9, rule="fall")]
    assert changes(ours, ours) == Changes(tuple((one, one) for one in ours), (), (), ())


stretches = st.lists(
    st.builds(
        lambda source, begin, lasts: Stretch(source, at(begin), at(begin + lasts)),
        st.sampled_from(["till", "door"]),
        st.integers(0, 40),
        st.integers(1, 9),
    ),
    max_size=8,
)


@given(stretches)
def test_merged_stretches_cover_the_same_seconds_and_do_not_touch(found: list[Stretch]) -> None:
    def seconds(of: list[Stretch]) -> set[tuple[str, int]]:
        return {
            (each.source_id, second)
            for each in of
            for second in range(60)
            if each.since <= at(second + 0.5) < each.until
        }

    whole = merged(found)
    assert seconds(whole) == seconds(found)
    for one in whole:
        for other in whole:
            assert (
                one is other
                or one.source_id != other.source_id
                or not (one.since <= other.until and other.since <= one.until)
            )


@given(st.lists(st.integers(0, 9)), st.lists(st.integers(0, 9)))
def test_the_area_is_the_share_of_pairs_in_order(ups: list[int], downs: list[int]) -> None:
    found = area([float(each) for each in ups], [float(each) for each in downs])
    if not ups or not downs:
        assert found is None
        return
    wins = sum((up > down) + (up == down) / 2 for up in ups for down in downs)
    assert found is not None
    assert found.value == pytest.approx(wins / len(ups) / len(downs))
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_agreement_goes_by_ones_own_verdict_then_by_that_of_the_others() -> None:
    judged = [
        raised(0, 5, verdict=True),
        raised(10, 15, verdict=False),
        raised(20, 25, verdict=True),
    ]
    mine = [raised(1, 4, "b"), raised(11, 12, "b"), raised(30, 31, "b")]
    events = events_of(judged, [Stretch("camera", at(40), at(45))])
    found = agreement(mine, judged, events)
    assert (found.true, found.false) == (1, 1)
    assert found.precision.value == 0.5
    assert (found.caught, found.missed) == (1, 2)


def ids(found: Sequence[Raised]) -> set[str]:
    return {each.alert_id for each in found}


# The view, over the tables.


def closed(opening: int, run: str, **fields: Any) -> AlertClosed:
    first = clip_id(CAMERA, START, opening)
    name = alert_id(run, "linear-fight", "fight", first)
    return alert(AlertClosed, opening=opening, run=run, alert_id=name, **OF_CAMERA | fields)


def clips(run: str, heights: dict[int, float], count: int = 400, **fields: Any) -> list[Any]:
    """A clip each; the given ones stand out."""
    return [
        scored(
            index, run=run, heads=(head(calibrated=heights.get(index, 0.1)),), **OF_CAMERA | fields
        )
        for index in range(count)
    ]


@pytest.fixture
def compared(api: Api) -> Api:
    """A live run and a shadow: one alert alike, one moved, one lost, one gained."""
    api.project(configured(), *clips("live", {10: 0.9, 100: 0.8, 200: 0.9}))
    api.project(*clips("shadow-b", {10: 0.9, 100: 0.8, 300: 0.95}))
    api.project(*(closed(index, "live") for index in (10, 100, 200)))
    api.project(*(closed(index, "shadow-b") for index in (10, 101, 300)))
    return api


def view(api: Api, run: str = "shadow-b", **fields: Any) -> dict[str, Any]:
    answer = api.client.get(PATH, params={"run": run} | fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_it_tells_what_was_gained_lost_and_moved(compared: Api) -> None:
    found = view(compared)
    counts = [found[name]["count"] for name in ("gained", "lost", "moved")]
    assert (found["same"], *counts) == (1, 1, 1, 1)
    (gained,) = found["gained"]["items"]
    assert gained["against"] is None
    assert gained["player"].startswith(f"/cameras/{CAMERA}?at=2026-05-01T22:05:20")
    (moved,) = found["moved"]["items"]
    assert moved["run"]["start_s"] - moved["against"]["start_s"] == pytest.approx(CLIP_S)


def test_rates_go_by_the_time_that_was_scored(compared: Api) -> None:
    run = view(compared)["run"]
    assert run["camera_days"] == pytest.approx(400 * CLIP_S / 86_400)
    rate = run["alarms_per_camera_day"]
    assert rate["value"] == pytest.approx(3 / run["camera_days"])
    assert rate["low"] < rate["value"] < rate["high"]


def test_the_largest_disagreements_lead_to_their_moments(compared: Api) -> None:
    first, second, *_ = view(compared)["disagreements"]
    minutes = {first["since"], second["since"]}
    wanted = {
        (START + timedelta(minutes=each)) for each in (200 * CLIP_S // 60, 300 * CLIP_S // 60)
    }
    assert minutes == {each.isoformat().replace("+00:00", "Z") for each in wanted}
    assert {first["difference"] > 0, second["difference"] > 0} == {True, False}


def test_distributions_count_each_minute_once(compared: Api) -> None:
    (found,) = view(compared)["distributions"]
    minutes = -(-400 * CLIP_S // 60)
    assert sum(found["run"]) == sum(found["against"]) == minutes
    assert len(found["edges"]) == len(found["run"]) + 1


def test_what_people_said_counts_for_both_runs(compared: Api) -> None:
    for opening, verdict in ((10, "true"), (100, "false"), (200, "true")):
        first = clip_id(CAMERA, START, opening)
        name = alert_id("live", "linear-fight", "fight", first)
        path = f"/api/v1/alerts/{name}/verdict"
        assert compared.client.put(path, json={"verdict": verdict}).status_code == 200
    found = view(compared)
    assert (found["against"]["reviewed_true"], found["against"]["reviewed_false"]) == (2, 1)
    assert found["against"]["recall"]["value"] == 1.0
    assert (found["run"]["reviewed_true"], found["run"]["reviewed_false"]) == (1, 1)
    assert (found["run"]["recall"]["value"], found["run"]["missed"]) == (0.5, 1)
    assert found["against"]["auc"]["value"] == 1.0
    assert found["run"]["auc"]["value"] == 0.5


def test_what_was_reported_as_missed_counts_for_recall(compared: Api) -> None:
    """The shadow saw it, the live run did not."""
    seen = {
        "source_id": str(CAMERA),
        "since": at(300 * CLIP_S).isoformat(),
        "until": at(302 * CLIP_S).isoformat(),
        "label": "fight",
    }
    assert compared.client.post("/api/v1/missed-events", json=seen).status_code == 201
    found = view(compared)
    assert (found["against"]["recall"]["value"], found["against"]["missed"]) == (0.0, 1)
    assert found["run"]["recall"]["value"] == 1.0
    assert compared.client.post("/api/v1/missed-events", json=seen | {"label": "theft"}).is_success
    assert view(compared)["run"]["recall"]["value"] == 1.0, "neither looks for thefts"


def test_a_stretch_and_a_store_narrow_it_down(compared: Api) -> None:
    part = view(compared, since=at(250 * CLIP_S).isoformat(), until=at(400 * CLIP_S).isoformat())
    assert part["lost"]["count"] == 0
    assert part["gained"]["count"] == 1
    asked = {"run": "shadow-b", "store_id": str(UUID(int=9))}
    assert compared.client.get(PATH, params=asked).status_code == 404


def test_a_stretch_that_ends_before_it_begins_is_refused(compared: Api) -> None:
    early = {"run": "shadow-b", "until": at(-100 * CLIP_S).isoformat()}
    late = {"run": "shadow-b", "since": at(9000 * CLIP_S).isoformat()}
    assert [compared.client.get(PATH, params=one).status_code for one in (early, late)] == [
        422,
        422,
    ]


def test_a_shadow_is_held_to_what_it_saw_itself(api: Api) -> None:
    """What the live run told before the shadow began, and after it ended, is no loss."""
    api.project(configured(), *clips("live", {10: 0.9, 200: 0.9, 390: 0.9}))
    api.project(*clips("shadow-b", {200: 0.9})[150:300], closed(200, "shadow-b"))
    api.project(*(closed(index, "live") for index in (10, 200, 390)))
    found = view(api)
    assert (found["same"], found["lost"]["count"]) == (1, 0)
    days = 150 * CLIP_S / 86_400
    assert found["run"]["camera_days"] == pytest.approx(days, rel=0.001)
    assert found["against"]["camera_days"] == pytest.approx(days, rel=0.02)


def test_a_run_that_is_not_there_is_not_found(compared: Api) -> None:
    assert compared.client.get(PATH, params={"run": "replay-none"}).status_code == 404


def test_a_replay_is_compared_over_its_own_stretch(compared: Api) -> None:
    asked = {"since": at(0).isoformat(), "until": at(150 * CLIP_S).isoformat(), "name": "night"}
    run = compared.client.post("/api/v1/replays", json=asked).json()["run"]
    compared.project(*clips(run, {10: 0.9}, 150), closed(10, run))
    found = view(compared, run)
    assert (found["same"], found["lost"]["count"]) == (1, 1)
    assert found["run"]["camera_days"] == pytest.approx(found["against"]["camera_days"], rel=0.2)


def test_a_replay_that_was_removed_is_not_found_while_its_results_go(compared: Api) -> None:
    asked = {"since": at(0).isoformat(), "until": at(150 * CLIP_S).isoformat()}
    run = compared.client.post("/api/v1/replays", json=asked).json()["run"]
    compared.project(*clips(run, {10: 0.9}, 150), closed(10, run))
    assert compared.client.delete(f"/api/v1/replays/{run}").status_code == 204
    for pair in ({"run": run}, {"run": "shadow-b", "against": run}):
        assert compared.client.get(PATH, params=pair).status_code == 404


def test_a_replay_whose_sources_are_all_removed_says_so(compared: Api) -> None:
    asked = {"since": at(0).isoformat(), "until": at(150 * CLIP_S).isoformat()}
    run = compared.client.post("/api/v1/replays", json=asked).json()["run"]
    compared.project(*clips(run, {10: 0.9}, 150), closed(10, run))
    assert compared.client.delete(f"/api/v1/cameras/{CAMERA}").status_code == 204
    answer = compared.client.get(PATH, params={"run": run})
    said = "Its cameras and uploads were all removed."
    assert (answer.status_code, answer.json()["detail"]) == (404, said)


def test_the_report_is_a_page_by_itself_in_either_language(compared: Api) -> None:
    compared.project(configured("<b>Till</b>", 1))
    path = "/api/v1/replays/shadow-b/report"
    english = compared.client.get(path, headers={"Accept-Language": "en-GB"})
    korean = compared.client.get(path, params={"language": "ko"})
    assert "Two runs beside one another" in english.text
    assert "두 실행의 비교" in korean.text
    policy = english.headers["Content-Security-Policy"]
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")
    assert "<script" not in english.text
    assert "<b>Till" not in english.text
    assert "&lt;b&gt;Till" in english.text
