"""Endpoints that are dead are switched off by themselves, with notice, and take up again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import Any
from uuid import uuid4

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import AlertOpened
from schemas.deliveries import DeliveryAttempted, DeliveryRequested
from schemas.ids import DEFAULT_TENANT, default_store
from schemas.mails import MailRequested
from schemas.targets import TargetConfigured
from schemas.topics import DELIVERY_REQUESTS, MAILS, TARGETS
from services.api.targets.disabling import SUMS_EVERY_S, DeadTargets
from services.api.targets.failing import DeathRule, Failures, is_dead
from services.chassis.errors import TransientError
from services.chassis.streaming.publisher import MemoryPublisher, Publishing
from tests.builders import SOURCE
from tests.unit.api.builders import CAMERA, alert, configured
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.people import person, store
from tests.unit.api.test_targets import HOOK, MAIL, added


class Away(MemoryPublisher):
    """Kafka is."""

    def flush(self) -> None:
        raise TransientError("away")


HOUR = timedelta(hours=1)
RULE = DeathRule()
OTHER = "https://93.184.216.34/other"


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    return make_api(secret_key="a key for tests")


class Attempts:
    """What the alerts service tells of a target, and the duty that listens."""

    def __init__(self, api: Api, view: Any) -> None:
        self.api, self.view = api, view
        publishing, sealing = api.tools.publishing, api.tools.sealing
        self.duty = DeadTargets(api.engine, publishing, sealing, api.clock)

    def tell(self, outcome: str = "retrying", **more: Any) -> None:
        about = {
            "delivery_id": uuid4(),
            "alert_id": uuid4(),
            "source_id": SOURCE,
            "target_id": self.view["target_id"],
            "channel": self.view["channel"],
            "target": self.view["address"],
            "attempt": 1,
            "outcome": outcome,
            "detail": "HTTP 500",
            "status": 500,
            "attempted_at": self.api.clock.now(),
            **more,
        }
        self.api.project(DeliveryAttempted.model_validate(about))

    def wait(self, span: timedelta) -> None:
        self.api.clock.wait(span.total_seconds(), Event())

    def fail(self, count: int, every: timedelta = HOUR, **more: Any) -> None:
        """The duty has its turn after each."""
        for _ in range(count):
            self.wait(every)
            self.tell(**more)
            self.duty.turn()

    @property
    def now(self) -> Any:
        answer = self.api.client.get(f"/api/v1/targets/{self.view['target_id']}")
        return answer.json()

    @property
    def is_off(self) -> bool:
        return not self.now["is_enabled"]


def shown(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


@pytest.fixture
def hook(api: Api) -> Attempts:
    return Attempts(api, added(api, **HOOK)["target"])


def test_what_is_gone_is_switched_off_at_once(hook: Attempts) -> None:
    hook.wait(HOUR)
    hook.tell("failed", status=410)
    hook.duty.turn()
    assert hook.is_off
    assert hook.now["disabled_reason"] == "The endpoint is gone: it answered HTTP 410."
    assert hook.now["disabled_at"] == hook.now["missed_since"] == shown(hook.api.clock.now())
    hook.api.tools.announce_targets()
    last = hook.api.publisher.messages(TARGETS)[-1]
    assert isinstance(last, TargetConfigured)
    assert not last.is_enabled


def test_what_fails_for_a_day_is_switched_off_and_says_since_when(hook: Attempts) -> None:
    hook.fail(24)
    assert not hook.is_off
    hook.fail(1)
    assert hook.is_off
    assert "since 2026-06-01 01:00 UTC: 25 deliveries failed" in hook.now["disabled_reason"]
    assert hook.now["missed_since"] == shown(NOW + HOUR)


def test_a_single_success_begins_the_day_anew(hook: Attempts) -> None:
    hook.fail(20)
    hook.tell("delivered", status=200)
    hook.fail(24)
    assert not hook.is_off
    hook.fail(1)
    assert hook.is_off


def test_so_does_a_change_by_hand(hook: Attempts) -> None:
    hook.fail(20)
    hook.wait(timedelta(seconds=5))
    hook.api.client.patch(f"/api/v1/targets/{hook.view['target_id']}", json={"address": OTHER})
    hook.fail(24)
    assert not hook.is_off


def test_one_delivery_that_is_tried_often_is_not_enough(hook: Attempts) -> None:
    delivery = uuid4()
    for attempt in range(1, 50):
        hook.fail(1, delivery_id=delivery, attempt=attempt)
    assert not hook.is_off


def test_silence_counts_only_while_others_are_reached(hook: Attempts) -> None:
    other = Attempts(hook.api, added(hook.api, **HOOK)["target"])
    hook.fail(30, status=None)
    assert not hook.is_off, "the fault may be ours"
    other.tell("delivered", status=200)
    hook.wait(timedelta(seconds=SUMS_EVERY_S))
    hook.fail(1, status=None)
    assert hook.is_off


def test_of_mail_only_the_recipients_refusal_counts(api: Api) -> None:
    mail = Attempts(api, added(api, **MAIL)["target"])
    mail.fail(30, status=451)
    mail.fail(30, outcome="failed", status=535)
    mail.fail(30, outcome="failed", status=None)
    assert not mail.is_off
    mail.fail(25, outcome="failed", status=550)
    assert mail.is_off


def test_an_answer_to_the_former_address_counts_no_more(hook: Attempts) -> None:
    hook.wait(HOUR)
    hook.api.client.patch(f"/api/v1/targets/{hook.view['target_id']}", json={"address": OTHER})
    hook.wait(timedelta(seconds=5))
    hook.tell("failed", status=410, took_ms=6000)
    hook.duty.turn()
    assert not hook.is_off


def notices(api: Api) -> dict[str, MailRequested]:
    """By address."""
    found: dict[str, MailRequested] = {}
    for message in api.publisher.messages(MAILS):
        assert isinstance(message, MailRequested)
        content = msgpack.unpackb(api.tools.sealing.open_secret("mail", message.sealed))
        assert content["to"] not in found, "once each"
        found[content["to"]] = message
    return found


def test_owners_and_managers_who_may_mend_it_are_told_once(hook: Attempts) -> None:
    api, shop = hook.api, store(hook.api)
    hook.tell("failed", status=410)
    told = [person(api, "owner"), person(api, "manager")]
    for role in ("operator", "viewer"):
        person(api, role)  # type: ignore[arg-type]
    person(api, "manager", store_ids=frozenset({shop}))
    for _ in range(3):
        hook.duty.turn()
    found = notices(api)
    assert found.keys() == {each.email for each in told}
    for mail in found.values():
        assert (mail.kind, mail.tenant_id) == ("notice", DEFAULT_TENANT)
        assert "HTTP 410" in mail.text
        assert "hunter2" not in mail.text


def test_a_notice_that_kafka_did_not_take_is_told_later(hook: Attempts) -> None:
    person(hook.api, "owner")
    hook.tell("failed", status=410)
    away = DeadTargets(hook.api.engine, Publishing(Away()), hook.api.tools.sealing, hook.api.clock)
    with pytest.raises(TransientError):
        away.turn()
    hook.duty.turn()
    assert len(notices(hook.api)) == 1


def test_it_is_written_into_the_audit_log(hook: Attempts) -> None:
    hook.tell("failed", status=410)
    hook.duty.turn()
    rows = hook.api.client.get("/api/v1/audit").json()["items"]
    (row,) = [row for row in rows if row["action"] == "target.disabled"]
    assert row["subject"] == hook.view["target_id"]
    assert row["actor_kind"] == "machine"


def test_one_patch_switches_it_on_again(hook: Attempts) -> None:
    hook.tell("failed", status=410)
    hook.duty.turn()
    path = f"/api/v1/targets/{hook.view['target_id']}"
    assert hook.api.client.post(f"{path}/test").status_code == 409
    renamed = hook.api.client.patch(path, json={"name": "Still off"}).json()
    assert renamed["disabled_reason"] != ""
    hook.wait(HOUR)
    on = hook.api.client.patch(path, json={"is_enabled": True}).json()
    assert (on["is_enabled"], on["disabled_reason"], on["disabled_at"]) == (True, "", None)
    hook.duty.turn()
    assert not hook.is_off
    assert hook.api.client.post(f"{path}/test").status_code == 202


def missed(api: Api, path: str, **wish: Any) -> Any:
    answer = api.client.post(f"{path}/missed", json=wish)
    assert answer.status_code == 202, answer.text
    return answer.json()


def test_what_it_missed_is_delivered_on_demand_once(hook: Attempts) -> None:
    api, path = hook.api, f"/api/v1/targets/{hook.view['target_id']}"
    opened = [alert(AlertOpened, opening=number, source_id=CAMERA) for number in range(3)]
    api.project(configured(), *opened)
    arrived, *rest = (each.alert_id for each in opened)
    hook.tell("delivered", alert_id=arrived, status=200)
    assert api.client.post(f"{path}/missed", json={}).status_code == 422
    since = {"since": "2020-01-01T00:00:00Z"}
    assert missed(api, path, **since) == {"count": 2, "next": None}
    first = wished(api)
    assert {wish.alert_id for wish in first} == set(rest)
    assert {wish.purpose for wish in first} == {"redelivery"}
    missed(api, path, **since)
    assert {wish.request_id for wish in wished(api)} == {wish.request_id for wish in first}


def test_what_it_would_not_have_heard_of_is_not_delivered(hook: Attempts) -> None:
    api, path = hook.api, f"/api/v1/targets/{hook.view['target_id']}"
    of_camera = {"source_id": CAMERA}
    quiet = alert(AlertOpened, opening=5, severity="info", **of_camera)
    api.project(configured(), alert(AlertOpened, **of_camera), quiet)
    api.client.patch(path, json={"wants": {"severities": ["info"]}})
    assert missed(api, path, since="2020-01-01T00:00:00Z")["count"] == 1
    api.client.patch(path, json={"is_enabled": False})
    answer = api.client.post(f"{path}/missed", json={"since": "2020-01-01T00:00:00Z"})
    assert answer.status_code == 409


def test_its_hours_are_by_the_clock_of_the_store(hook: Attempts) -> None:
    api, path = hook.api, f"/api/v1/targets/{hook.view['target_id']}"
    api.project(configured(tenant_id=DEFAULT_TENANT, store_id=default_store(DEFAULT_TENANT)))
    opened = alert(AlertOpened, source_id=CAMERA)
    api.project(opened)
    began = opened.moment(opened.start_s)
    hour = [{"start": f"{began:%H}:00", "end": f"{began + HOUR:%H}:00"}]
    since = {"since": "2020-01-01T00:00:00Z"}
    api.client.patch(path, json={"wants": {"hours": {f"{began:%A}".lower(): hour}}})
    assert missed(api, path, **since)["count"] == 1
    api.client.patch(
        f"/api/v1/stores/{default_store(DEFAULT_TENANT)}",
        json={"hours": {"time_zone": "Asia/Seoul"}},
    )
    assert missed(api, path, **since)["count"] == 0


def wished(api: Api) -> list[DeliveryRequested]:
    found = api.publisher.messages(DELIVERY_REQUESTS)
    return [wish for wish in found if isinstance(wish, DeliveryRequested)]


FAILED = st.builds(
    Failures,
    st.integers(1, 9),
    st.just(NOW),
    st.integers(0, 60).map(lambda hours: NOW + hours * HOUR),
    st.booleans(),
)


@given(FAILED, st.booleans())
def test_longer_or_more_failing_never_brings_a_target_back_to_life(
    failed: Failures, others: bool
) -> None:
    worse = Failures(failed.deliveries + 1, NOW, failed.last_at + HOUR, failed.has_answered)
    assert is_dead(worse, RULE, others) or not is_dead(failed, RULE, others)
    assert not is_dead(failed, DeathRule(timedelta(0)), others)
