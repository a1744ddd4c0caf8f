"""What was promoted goes back when its alarms leave their budget, and people hear of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import msgpack
import pytest
from sqlalchemy import insert

from schemas.alerts import AlertOpened
from schemas.ids import DEFAULT_TENANT
from schemas.mails import MailRequested
from schemas.topics import MAILS
from services.api.models.standing import bursts
from services.api.models.watching import BudgetWatch
from services.api.tables import score_series
from services.chassis.errors import TransientError
from services.chassis.streaming.publisher import MemoryPublisher
from tests.unit.api.builders import CAMERA, alert, configured
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.detectors import MODELS, registered
from tests.unit.api.models.test_deployments import history, live, promote
from tests.unit.api.people import person

MINUTE = timedelta(minutes=1)


class Away(MemoryPublisher):
    """Kafka is, until it is back."""

    is_away = False

    def flush(self) -> None:
        if self.is_away:
            raise TransientError("away")


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    return watched(make_api)


def watched(make_api: Callable[..., Api]) -> Api:
    """With a camera, and people who can get mail."""
    api = make_api(secret_key="a key for tests", publisher=Away())
    api.project(configured(tenant_id=DEFAULT_TENANT, source_id=CAMERA))
    return api


def watch(api: Api) -> BudgetWatch:
    tools = api.tools
    return BudgetWatch(api.engine, tools.publishing, tools.sealing, api.clock)


def alarms(api: Api, detector: str, count: int, every: timedelta = 15 * MINUTE) -> None:
    """So many, one after another from now on, each of its own; the clock moves on."""
    for number in range(count):
        api.clock.wait(every.total_seconds(), Event())
        fields = {"source_kind": "camera", "model_id": detector, "origin_at": api.clock.now()}
        api.project(alert(AlertOpened, source_id=CAMERA, opening=number + 2, **fields))


def footage(api: Api, detector: str, since: datetime, until: datetime) -> None:
    """It judged all of the camera's footage in between."""
    row = {
        "source_id": str(CAMERA),
        "run": "live",
        "origin_at": since,
        "frames": 16,
        "frame_rate": 15.0,
        "hop": 16,
        "detector": detector,
        "backbone": "i3d_k400",
        "head": "linear",
        "model_id": detector,
        "rule": "fight",
        "label": "Possible fight",
        "high_mark": 0.6,
        "clips": round((until - since).total_seconds() * 15 / 16),
        "top": 0.5,
        "first_at": since,
        "last_at": until,
    }
    with api.engine.begin() as connection:
        connection.execute(insert(score_series).values(series_id=int(since.timestamp()), **row))


def nervous(api: Api) -> tuple[str, str]:
    """Something good was live, and what took its place raised twelve alarms in three hours."""
    good, bad = registered(api, 1, "good"), registered(api, 2, "bad")
    promote(api, good)
    footage(api, good, NOW, NOW + timedelta(days=2))
    api.clock.wait(2 * 86_400, Event())
    promote(api, bad)
    begun = api.clock.now()
    alarms(api, bad, 12)
    footage(api, bad, begun, api.clock.now())
    return good, bad


def test_it_goes_back_to_what_was_before(api: Api) -> None:
    good, bad = nervous(api)
    assert live(api)["budget_per_day"] == 1.0
    assert live(api)["former_per_day"] == 0.0
    watch(api).turn()
    assert live(api)["detector"] == good
    assert live(api)["budget_per_day"] is None
    back = history(api)[0]
    assert (back["action"], back["is_automatic"]) == ("rolled_back", True)
    assert (back["detector_before"], back["by"]) == (bad, "machine")
    assert back["reason"].startswith("12 alarms since 2026-06-03 00:00 UTC, 9")
    audited = api.client.get("/api/v1/audit", params={"action": "model.rolled_back"}).json()
    assert audited["items"][0]["detail"]["is_automatic"] is True


def test_a_budget_is_three_times_what_was_usual_also_of_what_is_built_in(api: Api) -> None:
    alarms(api, "built-in", 8, every=timedelta(hours=6))
    footage(api, "built-in", NOW, api.clock.now())
    promote(api, registered(api))
    assert live(api)["former_per_day"] == pytest.approx(4.0, rel=0.01)
    assert live(api)["budget_per_day"] == pytest.approx(12.0, rel=0.01)


def test_nobody_watches_what_was_gone_back_to(api: Api) -> None:
    good, _ = nervous(api)
    watch(api).turn()
    alarms(api, good, 12)
    watch(api).turn()
    assert live(api)["detector"] == good


def test_alarms_within_the_budget_change_nothing(api: Api) -> None:
    detector = registered(api)
    promote(api, detector, budget_per_day=100)
    alarms(api, detector, 12)
    footage(api, detector, NOW, api.clock.now())
    watch(api).turn()
    assert live(api)["detector"] == detector


def test_alarms_of_others_do_not_count(api: Api) -> None:
    detector = registered(api)
    promote(api, detector)
    alarms(api, "another-model", 12)
    watch(api).turn()
    assert live(api)["detector"] == detector


def test_owners_and_managers_are_notified_once(api: Api) -> None:
    nervous(api)
    owner = person(api, "owner")
    person(api, "viewer")
    publisher: Any = api.publisher
    publisher.is_away = True
    with pytest.raises(TransientError):
        watch(api).turn()
    publisher.is_away = False
    published = len(api.publisher.published)
    for _ in range(2):
        watch(api).turn()
    mails = [each.message for each in api.publisher.published[published:] if each.topic is MAILS]
    (mail,) = mails
    assert isinstance(mail, MailRequested)
    assert msgpack.unpackb(api.tools.sealing.open_secret("mail", mail.sealed)) == {
        "to": owner.email
    }
    assert mail.subject == "bad 1 was rolled back"
    assert "In its place judges what did before: good 1." in mail.text
    assert "in all stores" in mail.text


def test_figures_compare_what_is_live(api: Api) -> None:
    _, bad = nervous(api)
    figures = live(api)["figures"]
    assert (figures["cameras"], figures["alarms"]) == (1, 12)
    assert figures["camera_days"] == pytest.approx(0.125, abs=0.01)
    assert figures["per_camera_day"]["low"] < 96 < figures["per_camera_day"]["high"]
    listed = api.client.get("/api/v1/alerts").json()["items"]
    for each, verdict in zip(listed, ["true", "true", "false"], strict=False):
        api.client.put(f"/api/v1/alerts/{each['alert_id']}/verdict", json={"verdict": verdict})
    figures = live(api)["figures"]
    assert (figures["reviewed_true"], figures["reviewed_false"]) == (2, 1)
    assert figures["precision"]["value"] == pytest.approx(2 / 3)
    assert figures["precision"]["low"] == pytest.approx(0.2077, abs=1e-3)
    assert api.client.get(f"{MODELS}/{bad}").json()["state"] == "active"


def test_alarms_of_a_camera_close_together_are_one_burst() -> None:
    at = [NOW + number * MINUTE for number in (0, 4, 9, 11, 30)]
    assert bursts([("till", each) for each in at]) == [at[0], at[3], at[4]]
    assert bursts([("till", at[0]), ("door", at[1])]) == [at[0], at[1]]
