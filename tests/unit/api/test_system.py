"""Health, metrics, the page, OpenAPI; and that nonsense never becomes a 500."""

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.api.app import described
from services.api.disk import State
from services.api.view import EXAMPLE_ID
from services.chassis.errors import TransientError
from services.chassis.storage.objects import MemoryObjects, ObjectInfo
from tests.unit.api.conftest import Api
from tests.unit.api.test_uploads import MP4


def test_what_a_request_lacks_is_said_in_korean(api: Api) -> None:
    korean = {"Accept-Language": "ko-KR,ko;q=0.9"}
    for path, words in (
        ("alerts?limit=many", "query.limit: 정수여야 합니다."),
        ("alerts?limit=0", "query.limit: 1 이상이어야 합니다."),
        ("alerts/nothing", "path.alert_id: 올바른 UUID가 아닙니다"),
    ):
        problem = api.client.get(f"/api/v1/{path}", headers=korean).json()
        assert problem["title"] == "처리할 수 없는 요청"
        assert problem["detail"].startswith(words)
    problem = api.client.post("/api/v1/cameras", json={"name": " "}, headers=korean).json()
    assert problem["detail"] == "body.name: 카메라 이름이 필요합니다."
    problem = api.client.post("/api/v1/cameras", json={"name": " "}).json()
    assert problem["detail"] == "body.name: a camera needs a name."


def test_health_names_what_is_missing(api: Api) -> None:
    assert (api.client.get("/healthz").status_code, api.client.get("/healthz").text) == (
        200,
        "ready\n",
    )
    api.parts["projector"] = State(False, "does not read the topics")
    api.parts["disk"] = State(False, "The disk is full.")
    answer = api.client.get("/healthz")
    assert answer.status_code == 503
    assert answer.text == "disk: The disk is full.\nprojector: does not read the topics\n"


@pytest.mark.parametrize(
    ("accepted", "language", "detail"),
    [
        ("", "en", "There is no store {}."),
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko", "매장 {}이(가) 없습니다."),
        ("en-GB,en;q=0.9,ko;q=0.8", "en", "There is no store {}."),
        ("fr", "en", "There is no store {}."),
    ],
)
def test_the_api_refuses_in_the_language_it_is_asked_for(
    api: Api, accepted: str, language: str, detail: str
) -> None:
    headers = {"Accept-Language": accepted}
    answer = api.client.get(f"/api/v1/policies/stores/{EXAMPLE_ID}", headers=headers)
    assert (answer.status_code, answer.headers["content-language"]) == (404, language)
    assert answer.json()["detail"] == detail.format(EXAMPLE_ID)


def test_metrics_are_prometheus(api: Api) -> None:
    assert api.client.get("/metrics").headers["content-type"].startswith("text/plain")


def test_every_view_has_its_place_in_openapi(api: Api) -> None:
    told = api.client.get("/api/v1/openapi.json").json()
    assert "/api/v1/sources/{source_id}/timeline" in told["paths"]
    assert told["components"]["schemas"]["VideoView"]["examples"]
    assert "HTTPBearer" in told["components"]["securitySchemes"]
    for reference in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(told)):
        assert reference in told["components"]["schemas"]


def test_an_unknown_path_and_method_are_problems(api: Api) -> None:
    for method, path, status in (("GET", "/api/v1/nowhere", 404), ("PUT", "/api/v1/videos", 405)):
        answer = api.client.request(method, path)
        assert (answer.status_code, answer.json()["status"]) == (status, status)
        assert answer.headers["content-type"] == "application/problem+json"


class Away(MemoryObjects):
    away = False

    def stat(self, key: str) -> ObjectInfo:
        if self.away:
            raise TransientError("the store is away")
        return super().stat(key)


def test_a_server_that_is_away_is_503(make_api: Callable[..., Api]) -> None:
    store = Away()
    api = make_api(store=store)
    video = api.upload(MP4).json()["video_id"]
    store.away = True
    answer = api.client.get(f"/api/v1/videos/{video}/media")
    assert (answer.status_code, answer.json()["title"]) == (503, "Service Unavailable")


GETS = {path: item["get"] for path, item in described().openapi()["paths"].items() if "get" in item}
ODD = st.one_of(
    st.text(max_size=40),
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(["nan", "inf", "-1", "%00", "../..", "é", "'; DROP TABLE videos; --"]),
)


@pytest.fixture
def whole_api(make_api: Callable[..., Api]) -> Api:
    """With the key that stored secrets need: nothing is out of service."""
    return make_api(secret_key="long")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_nonsense_is_never_a_bug(whole_api: Api, data: st.DataObject) -> None:
    """Every GET route of the OpenAPI document, with odd path and query values and headers."""
    path = data.draw(st.sampled_from(sorted(GETS)))
    operation = GETS[path]
    query = {}
    for parameter in operation.get("parameters", ()):
        value = data.draw(ODD)
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", value.replace("/", "") or "x")
        else:
            query[parameter["name"]] = value
    headers = {"Range": data.draw(ODD).encode(), "If-None-Match": data.draw(ODD).encode()}
    address = re.sub(r"[?#\x00-\x1f\x7f-\uffff\U00010000-\U0010ffff]", "_", path)
    answer = whole_api.client.get(address, params=query, headers=printable(headers))
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


def printable(headers: dict[str, bytes]) -> dict[str, bytes]:
    return {
        name: re.sub(rb"[\x00-\x1f\x7f]", b"", value).strip() for name, value in headers.items()
    }


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"token": 5}', b'{"token": "' + b"x" * 5000 + b'"}', b"\xff"]
)
def test_an_odd_login_is_refused(make_api: Callable[..., Api], body: bytes) -> None:
    api = make_api(api_token="secret")
    headers = {"Content-Type": "application/json"}
    assert api.client.post("/api/v1/session", content=body, headers=headers).status_code in (
        400,
        422,
    )
