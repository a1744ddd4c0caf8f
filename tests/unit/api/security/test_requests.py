"""What requests may try: foreign pages, stale cookies, odd sizes, headers, names and fields."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from schemas.ids import DEFAULT_TENANT
from services.api import sizes
from services.api.access.passwords import HASHER
from services.api.access.tables import users
from services.api.config import COOKIE
from services.api.tables import sources
from tests.unit.api.builders import CAMERA, configured
from tests.unit.api.conftest import BASE, Api
from tests.unit.api.people import browser, person, tenant
from tests.unit.api.test_uploads import MP4

ENTRY = {"name": "Till", "address": "sim://store"}
PASSWORD = "correct horse battery"


@pytest.fixture
def keyed(make_api: Callable[..., Api]) -> Api:
    return make_api(secret_key="long and random")


@pytest.fixture(scope="module")
def hashed() -> str:
    return HASHER.hash(PASSWORD)


# --- sessions and foreign pages


def test_a_cookie_that_was_slipped_to_a_browser_opens_nothing(keyed: Api, hashed: str) -> None:
    """Session fixation: the cookie after a login is another, and the former one is over."""
    user, attacker = person(keyed, password_hash=hashed), person(keyed, "viewer")
    client = browser(keyed, attacker)
    slipped = client.cookies[COOKIE]
    answer = client.post("/api/v1/session", json={"email": user.email, "password": PASSWORD})
    assert answer.status_code == 204
    assert answer.cookies[COOKIE] != slipped
    stale = browser(keyed)
    stale.cookies.set(COOKIE, slipped)
    assert stale.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"{BASE}.evil.example"},
        {"Origin": "", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_foreign_page_changes_nothing_with_our_cookie(
    keyed: Api, headers: dict[str, str]
) -> None:
    client = browser(keyed, person(keyed))
    for method, path in (
        ("POST", "/api/v1/cameras"),
        ("POST", "/api/v1/keys"),
        ("PATCH", "/api/v1/access-rules"),
        ("DELETE", "/api/v1/session"),
        ("POST", "/api/v1/videos"),
    ):
        assert client.request(method, path, headers=headers).status_code == 403, path
    assert client.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/live", f"/api/v1/cameras/{CAMERA}/push"])
def test_a_foreign_page_opens_no_socket_with_our_cookie(keyed: Api, path: str) -> None:
    keyed.project(configured(tenant_id=DEFAULT_TENANT, address="push://"))
    client = browser(keyed, person(keyed))
    headers = {"Origin": "https://evil.example", "Host": "127.0.0.1:8080"}
    with (
        pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)),
        client.websocket_connect(path, headers=headers),
    ):
        pass


def test_nobody_is_let_in_by_saying_that_the_request_comes_from_here(
    make_api: Callable[..., Api],
) -> None:
    """Neither by the host header nor by that of a proxy, once there is somebody."""
    api = make_api()
    person(api)
    for headers in (
        {"Host": "localhost"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Forwarded-Host": "localhost"},
    ):
        assert browser(api).get("/api/v1/videos", headers=headers).status_code == 401


# --- sizes


def test_bodies_are_bounded_announced_or_not(api: Api) -> None:
    large = b'{"name": "' + b"x" * sizes.MOST_BODY_BYTES + b'"}'
    headers = {"Content-Type": "application/json"}

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    for content in (large, pieces()):
        answer = api.client.post("/api/v1/cameras", content=content, headers=headers)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/videos", {"X-Long": "x" * 40_000}, 431),
        ("/api/v1/videos", {f"X-{n}": "x" * 400 for n in range(100)}, 431),
        ("/api/v1/videos?cursor=" + "x" * 10_000, {}, 414),
        ("/api/v1/" + "x" * 10_000, {}, 414),
    ],
)
def test_headers_and_addresses_are_bounded(
    api: Api, path: str, headers: dict[str, str], status: int
) -> None:
    assert api.client.get(path, headers=headers).status_code == status


def test_deeply_nested_json_is_no_bug(api: Api) -> None:
    nested = b"[" * 100_000 + b"]" * 100_000
    headers = {"Content-Type": "application/json"}
    answer = api.client.post("/api/v1/cameras", content=nested, headers=headers)
    assert 400 <= answer.status_code < 500


# --- mass assignment


@pytest.mark.parametrize(
    "extra",
    [
        {"tenant_id": str(uuid4())},
        {"source_id": str(uuid4())},
        {"configured_at": "2020-01-01T00:00:00Z"},
        {"credentials": "gAAAA"},
        {"is_announced": True},
    ],
)
def test_a_camera_takes_no_fields_but_its_own(keyed: Api, extra: dict[str, Any]) -> None:
    client = browser(keyed, person(keyed))
    assert client.post("/api/v1/cameras", json=ENTRY | extra).status_code == 422
    with keyed.engine.connect() as connection:
        assert connection.execute(select(sources)).all() == []


@pytest.mark.parametrize(
    "extra",
    [{"role": "owner"}, {"tenant_id": str(uuid4())}, {"is_active": True}, {"email": "x@y.zz"}],
)
def test_nobody_makes_themselves_more_than_they_are(keyed: Api, extra: dict[str, Any]) -> None:
    viewer = person(keyed, "viewer")
    client = browser(keyed, viewer)
    assert client.patch("/api/v1/me", json={"name": "New"} | extra).status_code == 422
    with keyed.engine.connect() as connection:
        row = connection.execute(select(users.c.role, users.c.tenant_id, users.c.email)).one()
    assert tuple(row) == ("viewer", str(DEFAULT_TENANT), viewer.email)


@pytest.mark.parametrize(
    "extra", [{"key_id": str(uuid4())}, {"user_id": None}, {"made_by": "x"}, {"proof": "0" * 64}]
)
def test_a_key_takes_no_fields_but_its_own(keyed: Api, extra: dict[str, Any]) -> None:
    entry = {"name": "k", "rights": ["view"]} | extra
    assert browser(keyed, person(keyed)).post("/api/v1/keys", json=entry).status_code == 422


# --- names, paths and headers


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd.mp4",
        "..\\..\\boot.ini.mp4",
        "a\r\nSet-Cookie: x=y.mp4",
        'a"; filename="b.html',
        "a\u202egnp.mp4",
        "<img src=x onerror=alert(1)>.mp4",
        "한국어 매장.mp4",
        "a\x00b.mp4",
    ],
)
def test_the_name_of_a_file_stays_a_name(api: Api, name: str) -> None:
    """It names no path, splits no header, and is answered as plain text."""
    answer = api.client.post("/api/v1/videos", params={"filename": name}, content=MP4)
    assert answer.status_code in (202, 400, 422)
    if answer.status_code != 202:
        return
    video = answer.json()["video_id"]
    assert {each.key for each in api.store.list("")} == {f"videos/{video}/original"}
    media = api.client.get(f"/api/v1/videos/{video}/media")
    assert media.headers["x-content-type-options"] == "nosniff"
    assert media.headers["content-type"] == "video/mp4"
    assert "set-cookie" not in media.headers
    assert not any(letter in media.headers["content-disposition"] for letter in "\r\n\0")


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/assets/../../config.py",
        "//etc/passwd",
        "/api/v1/videos/..%2f..%2f/media",
        f"/api/v1/alerts/{UUID(int=7)}/..%2fmanifest.json",
        "/api/v1/videos/%00/media",
    ],
)
def test_no_path_leads_out_of_the_application(api: Api, path: str) -> None:
    with contextlib.suppress(ValueError):
        answer = api.client.get(path)
        is_page = answer.text.startswith("<!doctype html>")
        assert is_page or answer.status_code in (404, 405, 422)
        assert b"root:" not in answer.content


def test_what_a_request_says_splits_no_header(keyed: Api) -> None:
    client = browser(keyed, person(keyed))
    answer = client.post("/api/v1/cameras?x=%0d%0aSet-Cookie:%20a=b", json=ENTRY)
    assert answer.status_code == 201
    assert "set-cookie" not in answer.headers
    assert answer.headers["location"].startswith("/api/v1/cameras/")


def test_links_do_not_follow_the_host_header(make_api: Callable[..., Api]) -> None:
    api = make_api(api_token="a long secret")
    headers = {"Host": "evil.example", "Authorization": "Bearer a long secret"}
    answer = api.client.post("/api/v1/cameras", json=ENTRY, headers=headers)
    assert answer.status_code == 201
    assert "evil.example" not in answer.text + str(answer.headers)


def test_another_chains_ids_are_answered_like_none_at_all(keyed: Api) -> None:
    keyed.project(configured(tenant_id=DEFAULT_TENANT))
    foreign = browser(keyed, person(keyed, "owner", tenant(keyed)))
    theirs = foreign.get(f"/api/v1/cameras/{CAMERA}")
    nobodys = foreign.get(f"/api/v1/cameras/{(other := uuid4())}")
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.text.replace(str(CAMERA), "ID") == nobodys.text.replace(str(other), "ID")
