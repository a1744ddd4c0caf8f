"""No analysis stays open for ever."""

from threading import Event
from typing import Any
from uuid import UUID

import pytest

from services.api.endings import Endings
from services.api.pipeline import idle_steps, step_of
from services.chassis.errors import TransientError
from services.chassis.streaming.lag import ScriptedLag
from tests.unit.api.builders import progressed, scored, scores
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.test_uploads import MP4

HOUR_S = 3600


@pytest.fixture
def video(api: Api) -> UUID:
    return UUID(api.upload(MP4).json()["video_id"])


def turn(api: Api, *lag: int | TransientError, after_s: float = 120) -> None:
    api.clock.wait(after_s, Event())
    Endings(api.engine, ScriptedLag(*lag or (0,)), api.clock, give_up_after_h=48).turn()


def state(api: Api, video: UUID) -> dict[str, Any]:
    content: dict[str, Any] = api.client.get(f"/api/v1/videos/{video}").json()
    return content


def cut(video: UUID, clips: int) -> Any:
    return progressed("decoded", video_id=video, clip_count=clips, progressed_at=NOW)


def test_a_last_clip_that_never_comes_is_missing(api: Api, video: UUID) -> None:
    api.project(cut(video, 10), *scores(8, source_id=video))
    turn(api)
    told = state(api, video)
    assert (told["state"], told["clips_missing"]) == ("done", 2)
    assert told["note"] == "2 of 10 clips never got a score."


def test_a_video_none_of_whose_clips_got_a_score_failed(api: Api, video: UUID) -> None:
    api.project(cut(video, 10))
    turn(api)
    told = state(api, video)
    assert (told["state"], told["error"]) == (
        "failed",
        "None of its 10 clips got a score; the logs say why.",
    )


def test_an_alert_that_never_closes_holds_nothing_up(api: Api, video: UUID) -> None:
    last = scored(1, source_id=video, is_last=True, alerts_opened=1)
    api.project(cut(video, 2), scored(0, source_id=video), last)
    assert state(api, video)["state"] == "scoring"
    turn(api)
    told = state(api, video)
    assert (told["state"], told["clips_missing"], "alert" in told["note"]) == ("done", 0, True)


@pytest.mark.parametrize(
    ("lag", "after_s"), [(3, 120), (0, 30), (TransientError("Kafka is away"), 120)]
)
def test_what_may_still_come_is_waited_for(
    api: Api, video: UUID, lag: int | TransientError, after_s: float
) -> None:
    api.project(cut(video, 10), *scores(8, source_id=video))
    turn(api, lag, after_s=after_s)
    assert state(api, video)["state"] == "scoring"


def test_while_it_is_being_cut_nothing_is_ended(api: Api, video: UUID) -> None:
    api.project(progressed("decoding", video_id=video, progressed_at=NOW))
    turn(api, after_s=10 * HOUR_S)
    assert state(api, video)["state"] == "decoding"


@pytest.mark.parametrize("begun", [False, True])
def test_after_two_days_of_silence_it_is_given_up(api: Api, video: UUID, begun: bool) -> None:
    if begun:
        api.project(progressed("decoding", video_id=video, progressed_at=NOW))
    turn(api, 5, after_s=49 * HOUR_S)
    told = state(api, video)
    assert (told["state"], "given up" in told["error"]) == ("failed", True)


def test_what_comes_after_all_is_counted(api: Api, video: UUID) -> None:
    api.project(cut(video, 10), *scores(8, source_id=video))
    turn(api)
    api.project(scored(8, source_id=video), scored(9, source_id=video, is_last=True))
    told = state(api, video)
    assert (told["state"], told["clips_missing"], told["note"]) == ("done", 0, None)


@pytest.mark.parametrize(
    ("group", "step"),
    [
        ("features.i3d_k400.bulk", "features"),
        ("features.i3d_k400.live", None),
        ("judging.live.i3d_k400", "judging"),
        ("judging.shadow.i3d_k400", None),
        ("episodes.live", "episodes"),
        ("episodes.replay-1", None),
        ("api.projector", "api"),
        ("alerts", None),
        ("judging", None),
        ("", None),
    ],
)
def test_groups_on_the_way_to_the_live_scores(group: str, step: str | None) -> None:
    assert step_of(group) == step


def test_a_step_at_which_nobody_works_holds_all_that_waits_for_it() -> None:
    whole = ["features.i3d_k400.bulk", "judging.live.i3d_k400", "episodes.live", "api.projector"]
    assert idle_steps(whole) == 0
    assert [idle_steps([one for one in whole if one != absent]) for absent in whole] == [1] * 4
    assert idle_steps([]) == 4
