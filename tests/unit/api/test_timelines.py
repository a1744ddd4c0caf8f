"""Sources and their timelines: clip by clip, zoomed out, page by page."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from schemas.alerts import AlertClosed
from schemas.clips import ClipRef, ClipSpec
from tests.unit.api.builders import (
    CLIP_S,
    START,
    TWO_HEADS,
    VIDEO,
    alert,
    at,
    head,
    scored,
    scores,
    video_id,
)
from tests.unit.api.conftest import Api

URL = f"/api/v1/sources/{VIDEO}/timeline"


def timeline(api: Api, **query: Any) -> dict[str, Any]:
    answer = api.client.get(URL, params=query)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def pages(api: Api, **query: Any) -> list[dict[str, Any]]:
    found = [timeline(api, **query)]
    while cursor := found[-1]["next"]:
        found.append(timeline(api, **query, cursor=cursor))
    return found


def test_a_timeline_has_scores_and_alerts(api: Api) -> None:
    api.project(scored(1, 0.7), scored(0, 0.2), alert(AlertClosed, opening=1))
    told = timeline(api)
    assert (told["run"], told["resolution"], told["maxima"]) == ("live", "clip", None)
    assert [clip["index"] for clip in told["clips"]] == [0, 1]
    assert set(told["clips"][0]) == {"index", "at", "start_s", "end_s", "score", "calibrated"}
    assert told["clips"][1]["at"] == at(CLIP_S).isoformat().replace("+00:00", "Z")
    assert told["clips"][1]["calibrated"] == pytest.approx(0.7, abs=1e-6)
    assert told["clips"][1]["score"] == pytest.approx(0.8, abs=1e-6)
    assert [one["state"] for one in told["alerts"]] == ["closed"]
    [of] = told["heads"]
    assert (of["rule"], of["label"], of["high_mark"]) == ("fight", "Possible fight", 0.6)
    assert (of["backbone"], of["detector"]) == ("i3d_k400", "test")


def test_what_each_of_several_heads_gives_is_told(api: Api) -> None:
    api.project(scored(0, heads=TWO_HEADS))
    told = timeline(api)
    assert [(one["rule"], one["label"]) for one in told["heads"]] == [
        ("fall", "Possible fall"),
        ("fight", "Possible fight"),
    ]
    [clip] = told["clips"]
    assert clip["calibrated"] == pytest.approx(0.7, abs=1e-6)
    assert [(one["rule"], round(one["calibrated"], 6)) for one in clip["heads"]] == [
        ("fall", 0.2),
        ("fight", 0.7),
    ]


def test_two_detectors_of_a_run_stand_side_by_side(api: Api) -> None:
    """Whose windows are longer scores fewer clips; neither hides the other."""
    pose = (head("fall", 0.9),)
    api.project(
        *scores(4),
        scored(2, heads=pose, detector="pose", backbone="yolov8_pose"),
    )
    clips = timeline(api)["clips"]
    assert [[one["rule"] for one in clip["heads"]] for clip in clips] == [
        ["fight"],
        ["fight"],
        ["fall", "fight"],
        ["fight"],
    ]
    assert clips[2]["calibrated"] == pytest.approx(0.9, abs=1e-6)


def test_clips_that_share_a_window_share_its_score(api: Api) -> None:
    refs = scored(4).clips + scored(5).clips
    api.project(scored(4, 0.5, clips=refs))
    assert [clip["index"] for clip in timeline(api)["clips"]] == [4, 5]


def test_the_last_clip_ends_where_the_video_does(api: Api) -> None:
    short = ClipRef(index=3, start_s=3 * CLIP_S, end_s=3 * CLIP_S + 0.4)
    api.project(*scores(3), scored(3, clips=(short,)))
    ends = [clip["end_s"] for clip in timeline(api)["clips"]]
    assert ends == pytest.approx([CLIP_S, 2 * CLIP_S, 3 * CLIP_S, 3 * CLIP_S + 0.4], abs=1e-6)


@pytest.mark.parametrize("limit", [1, 7, 100, 250, 251])
def test_a_long_timeline_comes_in_pages_without_a_gap_or_a_double(api: Api, limit: int) -> None:
    api.project(*scores(250))
    seen = [clip["index"] for page in pages(api, limit=limit) for clip in page["clips"]]
    assert seen == list(range(250))


def test_a_page_is_bounded_by_two_moments(api: Api) -> None:
    api.project(*scores(100))
    since, until = at(10 * CLIP_S), at(20 * CLIP_S)
    told = timeline(api, since=since.isoformat(), until=until.isoformat())
    assert [clip["index"] for clip in told["clips"]] == list(range(10, 20))
    assert told["since"] == since.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("2026-05-01T22:00:00Z", 200),
        ("2026-05-01T22:00:00 09:00", 200),
        ("2026-05-01 22:00", 200),
        ("2026-05-01", 200),
        ("yesterday", 422),
        ("0001-01-01T00:00:00+23:59", 422),
        ("9999-12-31T23:59:59-23:59", 422),
        ("", 422),
    ],
)
def test_moments_are_iso_8601(api: Api, since: str, status: int) -> None:
    api.project(scored(0))
    assert api.client.get(URL, params={"since": since}).status_code == status


def test_minutes_and_hours_hold_the_highest_of_their_clips(api: Api) -> None:
    api.project(*scores(120), scored(200, 0.95))  # two minutes, and a clip in the fourth
    by_minute = timeline(api, resolution="minute")
    assert (by_minute["clips"], by_minute["maxima"]["step_s"]) == ([], 60)
    assert by_minute["maxima"]["at"] == "2026-05-01T22:00:00Z"
    [of] = by_minute["maxima"]["heads"]
    first = max((index * 7 % 100) / 100 for index in range(57))
    assert of["calibrated"][0] == pytest.approx(first, abs=1e-6)
    assert (of["calibrated"][3], of["rule"]) == (pytest.approx(0.95, abs=1e-6), "fight")
    [of] = timeline(api, resolution="hour")["maxima"]["heads"]
    assert of["calibrated"] == [pytest.approx(0.99, abs=1e-6)]


def test_a_minute_without_a_clip_is_null(api: Api) -> None:
    api.project(scored(0), scored(300))
    [of] = timeline(api, resolution="minute")["maxima"]["heads"]
    assert [value is None for value in of["calibrated"]] == [False, *[True] * 4, False]


@pytest.mark.parametrize(
    ("hours", "resolution"), [(1, "clip"), (24, "minute"), (24 * 31, "minute"), (24 * 32, "hour")]
)
def test_the_longer_the_stretch_the_coarser(api: Api, hours: int, resolution: str) -> None:
    api.project(*scores(3))
    until = START + timedelta(hours=hours)
    told = timeline(api, since=START.isoformat(), until=until.isoformat())
    assert told["resolution"] == resolution


def test_minutes_of_more_than_a_month_come_in_pages_of_one_resolution(api: Api) -> None:
    api.project(*scores(3))
    until = START + timedelta(days=40)
    found = pages(api, since=START.isoformat(), until=until.isoformat(), resolution="minute")
    steps = [len(page["maxima"]["heads"][0]["calibrated"]) for page in found if page["heads"]]
    assert [page["resolution"] for page in found] == ["minute", "minute"]
    assert steps[0] == 31 * 24 * 60


def test_a_new_model_or_mark_goes_on_where_the_old_one_ended(api: Api) -> None:
    newer = (head(calibrated=0.4, model_id="linear-new", high_mark=0.8),)
    api.project(*scores(3), scored(3, heads=newer))
    told = timeline(api)
    assert [clip["index"] for clip in told["clips"]] == [0, 1, 2, 3]
    assert [(one["model_id"], one["high_mark"]) for one in told["heads"]] == [("linear-new", 0.8)]


def test_a_new_life_begins_its_indexes_again(api: Api) -> None:
    """As after a large step of the camera's clock; here an hour back, over the old life."""
    origin = START - timedelta(seconds=CLIP_S * 2)
    api.project(*scores(4), *scores(4, origin_at=origin))
    found = [clip["index"] for page in pages(api, limit=3) for clip in page["clips"]]
    assert sorted(found) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert found[:2] == [0, 1]


def test_another_clip_spec_has_a_grid_of_its_own(api: Api) -> None:
    spec = ClipSpec(frame_rate=7.5)
    refs = [ClipRef(index=k, start_s=k * spec.hop_s, end_s=(k + 1) * spec.hop_s) for k in range(3)]
    api.project(*(scored(ref.index, spec=spec, clips=(ref,)) for ref in refs))
    assert [clip["start_s"] for clip in timeline(api)["clips"]] == [ref.start_s for ref in refs]


def test_runs_stand_side_by_side(api: Api) -> None:
    api.project(*scores(3), *scores(2, run="replay-1"), alert(AlertClosed, run="replay-1"))
    assert len(timeline(api)["clips"]) == 3
    replay = timeline(api, run="replay-1")
    assert (len(replay["clips"]), len(replay["alerts"])) == (2, 1)
    assert timeline(api, run="shadow")["clips"] == []
    source = api.client.get(f"/api/v1/sources/{VIDEO}").json()
    assert [one["run"] for one in source["runs"]] == ["live", "replay-1"]


def test_an_unchanged_timeline_is_304(api: Api) -> None:
    api.project(scored(0))
    etag = api.client.get(URL).headers["etag"]
    assert api.client.get(URL, headers={"If-None-Match": etag}).status_code == 304
    api.project(scored(1))
    assert api.client.get(URL, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("path", ["", "/timeline"])
def test_an_unknown_source_is_a_problem(api: Api, path: str) -> None:
    answer = api.client.get(f"/api/v1/sources/{uuid4()}{path}")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")


def test_the_sources_are_listed_by_kind_and_page(api: Api) -> None:
    cameras = [video_id(str(number)) for number in range(3)]
    for number, camera in enumerate(cameras):
        api.project(
            scored(0, source_id=camera, source_kind="camera", origin_at=at(number)),
        )
    api.project(scored(0))
    page = api.client.get("/api/v1/sources?kind=camera&limit=2").json()
    rest = api.client.get("/api/v1/sources", params={"kind": "camera", "cursor": page["next"]})
    names = [one["source_id"] for one in page["items"] + rest.json()["items"]]
    assert names == [str(camera) for camera in reversed(cameras)]
    assert len(api.client.get("/api/v1/sources").json()["items"]) == 4
