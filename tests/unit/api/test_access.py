"""Who gets in: tokens, sessions, hosts, origins; and what every answer carries."""

from collections.abc import Callable
from threading import Event

import pytest
from fastapi import WebSocket
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from services.api.app import build
from services.api.auth import Asking
from services.api.config import ApiSettings, is_loopback
from services.api.problems import Problem
from services.chassis.errors import WrongSettings
from tests.unit.api.conftest import BASE, HERE, Api
from tests.unit.api.test_uploads import MP4

TOKEN = "a long secret"
PATHS = [
    "/api/v1/videos",
    "/api/v1/sources",
    "/api/v1/alerts",
    "/api/v1/sources/x/timeline",
    "/api/v1/videos/x/media",
    "/api/v1/alerts/x/evidence",
]


@pytest.fixture
def closed(make_api: Callable[..., Api]) -> Api:
    return make_api(api_token=TOKEN)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("header", [None, "Bearer wrong", f"Basic {TOKEN}", "Bearer ", "Bearer é"])
def test_without_the_token_nothing_is_told(closed: Api, path: str, header: str | None) -> None:
    headers = {"Authorization": header.encode()} if header else {}
    answer = closed.client.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_upload_without_the_token_is_not_stored(closed: Api) -> None:
    assert closed.upload(MP4).status_code == 401
    assert list(closed.store.list("")) == []


def test_the_token_opens(closed: Api) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert closed.client.get("/api/v1/videos", headers=headers).status_code == 200


def test_a_login_gives_a_cookie_that_opens_until_the_logout(closed: Api) -> None:
    assert closed.client.get("/api/v1/session").json() == {"required": True, "open": False}
    answer = closed.client.post("/api/v1/session", json={"token": TOKEN})
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 204
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert closed.client.get("/api/v1/session").json() == {"required": True, "open": True}
    assert closed.client.get("/api/v1/videos").status_code == 200
    closed.client.delete("/api/v1/session", headers={"Origin": BASE})
    assert closed.client.get("/api/v1/videos").status_code == 401


def log_in(api: Api, **headers: str) -> str:
    """The Set-Cookie header."""
    answer = api.client.post("/api/v1/session", json={"token": TOKEN}, headers=headers)
    assert answer.status_code == 204
    return str(answer.headers["set-cookie"])


def test_a_logout_ends_the_session_of_every_copy_of_the_cookie(closed: Api) -> None:
    log_in(closed)
    copy = dict(closed.client.cookies)
    closed.client.delete("/api/v1/session", headers={"Origin": BASE})
    closed.client.cookies.update(copy)
    assert closed.client.get("/api/v1/videos").status_code == 401


def test_logging_out_ends_no_other_session(closed: Api) -> None:
    log_in(closed)
    copy = dict(closed.client.cookies)
    closed.client.cookies.clear()
    log_in(closed)
    closed.client.delete("/api/v1/session", headers={"Origin": BASE})
    closed.client.cookies.update(copy)
    assert closed.client.get("/api/v1/videos").status_code == 200


def test_a_session_ends_by_itself(closed: Api) -> None:
    log_in(closed)
    closed.clock.wait(31 * 86_400, Event())
    closed.client.cookies.jar.clear_expired_cookies()
    assert closed.client.get("/api/v1/videos").status_code == 401


def test_another_token_ends_all_sessions(make_api: Callable[..., Api]) -> None:
    first = make_api(api_token=TOKEN)
    log_in(first)
    second = make_api(api_token="another secret")
    second.client.cookies.update(dict(first.client.cookies))
    assert second.client.get("/api/v1/videos").status_code == 401


@pytest.mark.parametrize(
    ("base", "forwarded", "trusted", "secure"),
    [
        ("http://127.0.0.1", None, ("127.0.0.1",), False),
        ("https://127.0.0.1", None, ("127.0.0.1",), True),
        ("http://127.0.0.1", "https", ("127.0.0.1",), True),
        ("http://127.0.0.1", "http", ("127.0.0.1",), False),
        ("http://127.0.0.1", "https", ("127.0.0.0/8",), True),
        ("http://127.0.0.1", "https", ("10.0.0.0/8",), False),
        ("http://127.0.0.1", "https", (), False),
    ],
)
def test_the_cookie_is_secure_over_tls_and_behind_a_proxy_that_is_trusted(
    make_api: Callable[..., Api],
    base: str,
    forwarded: str | None,
    trusted: tuple[str, ...],
    secure: bool,
) -> None:
    api = make_api(base=base, api_token=TOKEN, api_trusted_proxies=trusted)
    headers = {"X-Forwarded-Proto": forwarded} if forwarded else {}
    assert ("Secure" in log_in(api, **headers)) == secure


def with_socket(api: Api) -> TestClient:
    """The app with a WebSocket behind the same doors as the routes."""
    web = build(api.tools)

    @web.websocket("/socket")
    async def socket(websocket: WebSocket, principal: Asking) -> None:
        await websocket.accept()
        await websocket.send_text(str(principal.tenant_id))
        await websocket.close()

    return TestClient(web, BASE, client=HERE)


@pytest.mark.parametrize(
    ("headers", "opens"),
    [
        ({"Authorization": f"Bearer {TOKEN}"}, True),
        ({"Authorization": f"Bearer {TOKEN}", "Origin": "http://127.0.0.1:8080"}, True),
        ({"Authorization": f"Bearer {TOKEN}", "Origin": "https://evil.example"}, False),
        ({"Authorization": "Bearer wrong"}, False),
        ({}, False),
    ],
)
def test_sockets_pass_the_same_doors(closed: Api, headers: dict[str, str], opens: bool) -> None:
    client, headers = with_socket(closed), {"Host": "127.0.0.1:8080"} | headers
    if opens:
        with client.websocket_connect("/socket", headers=headers) as socket:
            assert socket.receive_text() == "None"
        return
    with (
        pytest.raises((WebSocketDisconnect, Problem, WebSocketDenialResponse)),
        client.websocket_connect("/socket", headers=headers),
    ):
        pass


def test_without_a_token_sockets_of_other_hosts_are_refused(api: Api) -> None:
    client = with_socket(api)
    with client.websocket_connect("/socket", headers={"Host": "localhost"}) as socket:
        assert socket.receive_text() == "None"
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/socket", headers={"Host": "evil.example"}),
    ):
        pass


def test_a_wrong_token_is_no_login(closed: Api) -> None:
    answer = closed.client.post("/api/v1/session", json={"token": "guess"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)


def test_health_metrics_and_the_page_are_open_but_tell_nothing(closed: Api) -> None:
    for path in ("/healthz", "/metrics", "/api/v1/session"):
        assert closed.client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("nightclerk.example", False),
        ("", False),
    ],
)
def test_without_a_token_it_serves_on_loopback_only(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback
    ApiSettings(api_host=host, api_token=TOKEN).require_usable()
    if loopback:
        ApiSettings(api_host=host).require_usable()
        return
    with pytest.raises(WrongSettings, match="NIGHTCLERK_API_TOKEN"):
        ApiSettings(api_host=host).require_usable()


def test_without_a_token_other_host_names_are_refused(make_api: Callable[..., Api]) -> None:
    rebound = make_api(base="http://evil.example")
    answer = rebound.client.get("/api/v1/videos")
    assert (answer.status_code, "loopback" in answer.json()["detail"]) == (403, True)
    assert make_api(base="http://localhost:9").client.get("/api/v1/videos").status_code == 200


def test_foreign_pages_may_not_change_anything(api: Api, make_api: Callable[..., Api]) -> None:
    foreign = {"Origin": "https://evil.example"}
    assert api.client.post("/api/v1/videos", content=MP4, headers=foreign).status_code == 403
    own = {"Origin": "http://127.0.0.1:8080"}
    assert api.client.post("/api/v1/videos", content=MP4, headers=own).status_code == 202
    friend = make_api(api_cors_origins=("https://shop.example",))
    answer = friend.client.post(
        "/api/v1/videos", content=MP4, headers={"Origin": "https://shop.example"}
    )
    assert answer.status_code == 202
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


def test_no_origin_is_allowed_by_default(api: Api) -> None:
    answer = api.client.get("/api/v1/videos", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/api/v1/videos", "/nowhere", "/healthz"])
def test_every_answer_is_guarded(api: Api, path: str) -> None:
    headers = api.client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"]
