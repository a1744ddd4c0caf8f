"""Acknowledge links, and ETags."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from schemas.alerts import AlertOpened
from schemas.topics import REVIEWS
from tests.unit.api.builders import CAMERA, alert, configured
from tests.unit.api.conftest import NOW, Api

ALERT = alert(AlertOpened, source_id=CAMERA)


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    """One that asks for a login."""
    api = make_api(api_token="the machine's own", secret_key="long and random")
    api.project(configured("Till <1>"), ALERT)
    return api


def link(api: Api, purpose: str = "acknowledge", by: str = "Ada", hours: float = 1) -> str:
    fields = {"alert_id": str(ALERT.alert_id), "target_id": "t", "by": by}
    return f"/a/{api.tools.tickets.issue(purpose, fields, NOW + timedelta(hours=hours))}"


def test_the_page_shows_the_alert_and_changes_nothing(api: Api) -> None:
    path = link(api)
    for _ in range(2):
        page = api.client.get(path)
        assert page.status_code == 200
        assert "Till &lt;1&gt;" in page.text
        assert '<form method="post">' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert api.publisher.messages(REVIEWS) == []


def test_the_button_acknowledges_once_and_says_by_whom(api: Api) -> None:
    first, second = link(api, by="Ada"), link(api, by="Bob")
    assert "Acknowledged by Ada" in api.client.post(first).text
    assert "Acknowledged by Ada" in api.client.post(first).text
    assert "Acknowledged by Ada" in api.client.post(second).text
    [message] = api.publisher.messages(REVIEWS)
    assert getattr(message, "acknowledged_by", None) == "Ada"
    headers = {"Authorization": "Bearer the machine's own", "If-Match": "*"}
    api.client.delete(f"/api/v1/alerts/{ALERT.alert_id}/acknowledgement", headers=headers)
    used = api.client.post(first)  # taken back since: the used link does not do it again
    assert "used already" in used.text
    assert "<form" not in used.text


def test_a_link_that_is_not_ours_or_too_old_is_404(api: Api) -> None:
    old = link(api, hours=0.5)
    api.clock.step(3600)
    for path in ("/a/x", "/a/é", link(api, purpose="owner"), old):
        for method in ("GET", "POST"):
            assert api.client.request(method, path).status_code == 404, path
    assert api.client.delete(f"/api/v1/cameras/{CAMERA}").status_code == 401


def test_it_speaks_korean_to_whoever_asks_for_it(api: Api) -> None:
    page = api.client.get(link(api), headers={"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8"})
    assert "확인했습니다" in page.text
    assert 'lang="ko"' in page.text
    english = api.client.get(link(api), headers={"Accept-Language": "de, en;q=0.5, ko;q=0.1"})
    assert 'lang="en"' in english.text


@pytest.mark.parametrize(
    "path", ["/alerts", f"/alerts/{ALERT.alert_id}", f"/alerts/{ALERT.alert_id}/review", "/cameras"]
)
def test_what_has_not_changed_is_304(api: Api, path: str) -> None:
    api.client.headers["Authorization"] = "Bearer the machine's own"
    first = api.client.get(f"/api/v1{path}")
    tag = first.headers["etag"]
    again = api.client.get(f"/api/v1{path}", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    api.client.put(f"/api/v1/alerts/{ALERT.alert_id}/acknowledgement")
    api.client.patch(f"/api/v1/cameras/{CAMERA}", json={"name": "Till 2"})
    changed = api.client.get(f"/api/v1{path}", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
