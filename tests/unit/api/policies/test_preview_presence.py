"""A preview replays rules on presence over the log, and budgets over stored scores, as the stream
would have them.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import AlertOpened
from schemas.hours import StoreHours
from schemas.ids import DEFAULT_TENANT, default_store
from schemas.policies import PresenceRule
from schemas.poses import PosesExtracted
from schemas.topics import POSES
from services.api.policies.presence import Watched
from services.chassis.streaming.records import Outgoing
from tests.builders import ORIGIN
from tests.unit.api.builders import CAMERA, START, configured
from tests.unit.api.conftest import Api
from tests.unit.api.policies.test_policies import rule
from tests.unit.api.policies.test_preview import L, asked
from tests.unit.api.policies.test_preview import clips as scores
from tests.unit.scoring.episodes.test_watching import CLIP_S, NIGHT, poses, stream
from tests.unit.scoring.episodes.test_watching import clips as seen

SPAN = {"since": ORIGIN.isoformat(), "until": (ORIGIN + timedelta(seconds=60)).isoformat()}


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    made = make_api(secret_key="k")
    store_id = default_store(DEFAULT_TENANT)
    made.project(configured(tenant_id=DEFAULT_TENANT, store_id=store_id))
    return made


def written(api: Api, *messages: PosesExtracted) -> None:
    publisher = api.broker.publisher("features")
    for message in messages:
        publisher.publish(Outgoing(POSES, message))
    publisher.flush()


def begun(watched: Watched, messages: Sequence[PosesExtracted]) -> list[datetime]:
    fired = [one for message in messages for one in watched.take(message)]
    return [one.started_at for one in (*fired, *watched.end())]


@given(st.lists(st.sampled_from(["#", "_", ".", "####", "........", " "]), max_size=20))
def test_it_is_what_the_stream_would_have_raised(parts: list[str]) -> None:
    """Gaps and clips that come again included."""
    letters = "".join(parts)
    messages = [
        message
        for index, letter in enumerate(letters)
        if letter != " "
        for message in seen(letter, start=index)
    ]
    messages = [again for message in messages for again in (message, message)]
    expected = [
        found.moment(found.start_s)
        for found in stream(cooldown_s=0).take(*messages)
        if isinstance(found, AlertOpened)
    ]
    watched = Watched([PresenceRule(**NIGHT | {"cooldown_s": 0})], (), StoreHours(), {})  # type: ignore[arg-type]
    assert begun(watched, messages) == expected


def test_presence_is_replayed_from_the_log(api: Api) -> None:
    mine = seen("..#####......", source_id=CAMERA)
    other = seen("#" * 30)
    written(api, *mine, *other, *seen(".........", start=48, source_id=CAMERA))
    view = asked(api, policy={"presence": [NIGHT]}, **SPAN)
    (camera,) = view["sources"]
    assert [(one["rule"], one["label"]) for one in camera["alerts"]] == [("night", "Somebody")]
    assert datetime.fromisoformat(camera["alerts"][0]["started_at"]) == (
        ORIGIN + timedelta(seconds=2 * CLIP_S)
    )
    assert view["notes"] == []


def test_a_span_that_poses_do_not_reach_over_is_said(api: Api) -> None:
    written(api, *seen("..#####......", source_id=CAMERA))
    until = (ORIGIN + timedelta(days=3)).isoformat()
    view = asked(api, policy={"presence": [NIGHT]}, **(SPAN | {"until": until}))
    (note,) = view["notes"]
    assert note.startswith("Till 1: night replayed from 2026-01-01T00:00:00+00:00 to ")
    assert view["sources"][0]["would"] == 1


def test_what_is_before_or_after_the_span_or_came_late_is_left_out(api: Api) -> None:
    late = [poses(index, [], source_id=CAMERA, is_late=True) for index in range(8)]
    written(api, *late, *seen("#" * 120, source_id=CAMERA))
    since = (ORIGIN + timedelta(seconds=30)).isoformat()
    (camera,) = asked(api, policy={"presence": [NIGHT]}, **(SPAN | {"since": since}))["sources"]
    (only,) = camera["alerts"]
    assert datetime.fromisoformat(only["started_at"]) >= ORIGIN + timedelta(seconds=30)
    assert datetime.fromisoformat(only["ended_at"]) <= ORIGIN + timedelta(seconds=61)


@pytest.mark.parametrize(("joined", "would"), [((0, 60), 1), ((0, 2), 0), ((50, 60), 0)])
def test_a_joined_rule_holds_while_the_other_is_open(joined: tuple[int, int], would: int) -> None:
    since, until = (ORIGIN + timedelta(seconds=at) for at in joined)
    rules = [PresenceRule(**NIGHT | {"joined": "fight"})]  # type: ignore[arg-type]
    watched = Watched(rules, (), StoreHours(), {"fight": [(since, until)]})
    assert len(begun(watched, seen("..#####......"))) == would


def test_a_budget_raises_the_mark_as_days_go_by(api: Api) -> None:
    """Three clips an evening reach the mark: from the fifth of May on that is within no budget."""
    day = 270
    nightly = {30 + day * n + k for n in range(7) for k in range(3)}
    api.project(*scores([(index, 0.91 if index in nightly else L) for index in range(7 * day)]))
    until = (START + timedelta(days=7)).isoformat()

    def evenings(budget: float | None) -> list[Any]:
        policy = {"rules": [rule(0.9) | {"budget_per_day": budget, "k": 2, "n": 3}]}
        view = asked(api, policy=policy, until=until)
        assert bool(view["notes"]) == (budget is not None)
        return [each["day"] for each in view["sources"][0]["days"]]

    assert len(evenings(None)) == 7
    assert evenings(0.5) == evenings(None)[:3]
