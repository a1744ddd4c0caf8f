"""Targets: kept sealed, told to the topic, checked, tried; and nobody else's."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from schemas.deliveries import DeliveryAttempted, DeliveryRequested
from schemas.targets import TargetConfigured
from schemas.topics import DELIVERY_REQUESTS, TARGETS
from services.api import app
from services.api.targets.entry import opened_secrets
from tests.builders import SOURCE
from tests.unit.api.conftest import BASE, NOW, Api

MAIL = {"channel": "email", "name": "Guard", "address": "guard@store.example"}
HOOK = {"channel": "webhook", "name": "Hook", "address": "https://93.184.216.34/hook?token=hunter2"}
NAMES = {
    "hooks.example": ["93.184.216.34"],
    "inside.example": ["93.184.216.34", "10.0.0.7"],
    "meta.example": ["169.254.169.254"],
}


def resolved(host: str) -> Sequence[str]:
    return NAMES[host]


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    made = make_api(secret_key="a key for tests")
    tools = replace(made.tools, resolve=resolved)
    client = TestClient(app.build(tools), BASE, client=("127.0.0.1", 1))
    return replace(made, tools=tools, client=client)


def added(api: Api, **entry: Any) -> Any:
    answer = api.client.post("/api/v1/targets", json=entry)
    assert answer.status_code == 201, answer.text
    return answer.json()


def told(api: Api) -> list[TargetConfigured]:
    found = api.publisher.messages(TARGETS)
    return [target for target in found if isinstance(target, TargetConfigured)]


def test_a_target_is_told_with_its_address_sealed(api: Api) -> None:
    view = added(api, **MAIL)["target"]
    (target,) = told(api)
    assert str(target.target_id) == view["target_id"]
    assert b"guard" not in target.address
    assert api.tools.sealing.open_secret("target", target.address) == b"guard@store.example"
    assert view["is_announced"]


def test_of_a_url_only_the_host_is_shown_and_its_secret_once(api: Api) -> None:
    first = added(api, **HOOK)
    assert first["secret"].startswith("whsec_")
    assert len(base64.b64decode(first["secret"].removeprefix("whsec_"))) == 32
    shown = api.client.get("/api/v1/targets").text
    assert "hunter2" not in shown
    assert first["secret"] not in shown
    assert api.client.get("/api/v1/targets").json()["items"][0]["address"] == (
        "https://93.184.216.34"
    )


def test_two_secrets_are_valid_while_one_is_exchanged(api: Api) -> None:
    first = added(api, **HOOK)
    path = f"/api/v1/targets/{first['target']['target_id']}/secrets"
    second = api.client.post(path).json()
    sealed = told(api)[-1].secrets
    assert opened_secrets(api.tools.sealing, sealed) == [second["secret"], first["secret"]]
    assert api.client.delete(f"{path}/former").json()["secrets"] == 1
    assert opened_secrets(api.tools.sealing, told(api)[-1].secrets) == [second["secret"]]


def test_what_is_removed_becomes_a_tombstone(api: Api) -> None:
    name = added(api, **MAIL)["target"]["target_id"]
    assert api.client.delete(f"/api/v1/targets/{name}").status_code == 204
    last = api.publisher.published[-1]
    assert (last.topic, last.message, last.key) == (TARGETS, None, name)
    assert api.client.get(f"/api/v1/targets/{name}").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/",
        "http://10.0.0.7/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.7]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a00:7]/",
        "http://[fd00::1]/",
        "http://[fe80::1]/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://169.254.169.254/latest",
        "http://metadata.google.internal/",
        "https://inside.example/",
        "https://meta.example/",
        "ftp://hooks.example/",
        "https://hooks.example/\r\nX: y",
        "https://",
        "javascript:alert(1)",
    ],
)
def test_addresses_that_lead_inside_are_refused(api: Api, address: str) -> None:
    answer = api.client.post("/api/v1/targets", json={**HOOK, "address": address})
    assert answer.status_code == 422, answer.text


def test_a_home_server_is_reached_where_its_owner_allows_it(make_api: Callable[..., Api]) -> None:
    api = make_api(secret_key="k", target_networks="public,private,loopback")
    assert added(api, **{**HOOK, "address": "http://127.0.0.1:9000/"})["target"]
    answer = api.client.post("/api/v1/targets", json={**HOOK, "address": "http://169.254.0.1/"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "entry",
    [
        {**MAIL, "address": "nobody"},
        {**MAIL, "address": "a@b.example\r\nBcc: c@d.example"},
        {"channel": "mqtt", "name": "x", "address": "mqtts://93.184.216.34"},
        {"channel": "mqtt", "name": "x", "address": "mqtts://93.184.216.34/a/#"},
        {"channel": "webpush", "name": "x", "address": "https://93.184.216.34/"},
        {**MAIL, "wants": {"time_zone": "Mars/Base"}},
        {**MAIL, "tenant_id": str(uuid4())},
        {**MAIL, "after_s": -1},
    ],
)
def test_what_cannot_be_used_is_refused(api: Api, entry: dict[str, Any]) -> None:
    assert api.client.post("/api/v1/targets", json=entry).status_code == 422


def test_without_a_secret_key_nothing_is_kept(make_api: Callable[..., Api]) -> None:
    api = make_api()
    answer = api.client.post("/api/v1/targets", json=MAIL)
    assert answer.status_code == 422
    assert "NIGHTCLERK_SECRET_KEY" in answer.json()["detail"]


def test_a_filter_names_only_sources_that_one_may_see(api: Api) -> None:
    answer = api.client.post(
        "/api/v1/targets", json={**MAIL, "wants": {"source_ids": [str(SOURCE)]}}
    )
    assert answer.status_code == 404


def test_a_change_is_told_and_leaves_the_rest(api: Api) -> None:
    name = added(api, **HOOK)["target"]["target_id"]
    before = told(api)[-1]
    change = {"language": "ko", "after_s": 300, "is_enabled": False}
    assert api.client.patch(f"/api/v1/targets/{name}", json=change).json()["language"] == "ko"
    after = told(api)[-1]
    assert (after.after_s, after.is_enabled) == (300.0, False)
    assert (after.address, after.secrets) == (before.address, before.secrets)


def test_a_test_is_requested_and_its_attempts_are_listed(api: Api) -> None:
    name = added(api, **MAIL)["target"]["target_id"]
    request_id = api.client.post(f"/api/v1/targets/{name}/test").json()["request_id"]
    (request,) = api.publisher.messages(DELIVERY_REQUESTS)
    assert isinstance(request, DeliveryRequested)
    assert str(request.request_id) == request_id
    api.project(
        DeliveryAttempted(
            delivery_id=request.request_id,
            alert_id=request.request_id,
            source_id=UUID(name),
            target_id=UUID(name),
            channel="email",
            target="guard@store.example",
            purpose="test",
            attempt=1,
            outcome="delivered",
            detail="taken",
            attempted_at=NOW,
            status=250,
            response="2.0.0 OK",
            took_ms=41,
        )
    )
    (attempt,) = api.client.get(f"/api/v1/targets/{name}/deliveries").json()["items"]
    assert (attempt["status"], attempt["response"], attempt["took_ms"]) == (250, "2.0.0 OK", 41)


def test_the_push_key_is_the_same_for_good(api: Api) -> None:
    keys = {api.client.get("/api/v1/webpush/key").json()["key"] for _ in range(2)}
    (key,) = keys
    assert len(base64.urlsafe_b64decode(key + "=")) == 65


def test_a_secret_that_is_exchanged_while_a_name_is_looked_up_stays(api: Api) -> None:
    """A change takes as long as the name service does; what others changed meanwhile is kept."""
    name = added(api, **HOOK)["target"]["target_id"]

    def slow(host: str) -> Sequence[str]:
        assert api.client.post(f"/api/v1/targets/{name}/secrets").status_code == 201
        return resolved(host)

    slowly = TestClient(app.build(replace(api.tools, resolve=slow)), BASE, client=("127.0.0.1", 1))
    entry = {"address": "https://hooks.example/other"}
    assert slowly.patch(f"/api/v1/targets/{name}", json=entry).status_code == 200
    target = told(api)[-1]
    assert target.shown == "https://hooks.example"
    assert len(opened_secrets(api.tools.sealing, target.secrets)) == 2
