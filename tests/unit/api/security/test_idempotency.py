"""Idempotency keys: done once, answered alike; and how often a principal may ask."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from services.api.access.credentials import idempotent_requests
from tests.unit.api.conftest import Api
from tests.unit.api.people import browser, person
from tests.unit.api.test_uploads import MP4

CAMERA = {"name": "Till", "address": "sim://store"}


@pytest.fixture
def keyed(make_api: Callable[..., Api]) -> Api:
    return make_api(secret_key="long and random")


def add(client: TestClient, key: str, **fields: Any) -> Any:
    return client.post("/api/v1/cameras", json=CAMERA | fields, headers={"Idempotency-Key": key})


def cameras(client: TestClient) -> int:
    return len(client.get("/api/v1/cameras").json()["items"])


def test_the_same_request_is_done_once_and_answered_alike(keyed: Api) -> None:
    client = browser(keyed, person(keyed))
    first, second = add(client, "a"), add(client, "a")
    assert (first.status_code, second.status_code) == (201, 201)
    assert (first.content, first.headers["location"]) == (
        second.content,
        second.headers["location"],
    )
    assert first.headers["content-type"] == second.headers["content-type"]
    assert ("idempotent-replayed" in first.headers, second.headers["idempotent-replayed"]) == (
        False, "true",
    )  # fmt: skip
    assert add(client, "b").json()["source_id"] != first.json()["source_id"]
    assert cameras(client) == 2


def test_the_same_key_for_another_request_is_refused(keyed: Api) -> None:
    client = browser(keyed, person(keyed))
    path = add(client, "a").headers["location"]
    assert add(client, "a", name="Other").status_code == 422
    headers = {"Idempotency-Key": "a"}
    assert client.patch(path, json=CAMERA, headers=headers).status_code == 422
    assert client.post("/api/v1/cameras?x=1", json=CAMERA, headers=headers).status_code == 422
    assert cameras(client) == 1


def test_keys_of_one_person_are_nothing_to_another(keyed: Api) -> None:
    first, second = browser(keyed, person(keyed)), browser(keyed, person(keyed))
    assert add(first, "a").json()["source_id"] != add(second, "a").json()["source_id"]


def test_what_was_refused_may_be_tried_again(keyed: Api) -> None:
    client = browser(keyed, person(keyed))
    assert add(client, "a", address="nonsense").status_code == 422
    assert add(client, "a").status_code == 201


def test_a_day_later_it_is_another_request(keyed: Api) -> None:
    client = browser(keyed, person(keyed))
    first = add(client, "a")
    keyed.clock.step(86_401)
    assert add(client, "a").json()["source_id"] != first.json()["source_id"]


def test_while_the_first_is_at_work_the_second_is_told_so(keyed: Api) -> None:
    """And once that is over, it gets the answer of the first."""
    client, other = browser(keyed, user := person(keyed)), browser(keyed, user)
    entered, leave = Event(), Event()
    announce = keyed.tools.announce

    def slow() -> None:
        entered.set()
        leave.wait(60)
        announce()

    object.__setattr__(keyed.tools, "announce", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(add, client, "a")
        assert entered.wait(60)
        second = add(other, "a")
        leave.set()
        assert (second.status_code, second.headers["retry-after"]) == (409, "1")
        done = first.result(60)
        assert add(other, "a").json() == done.json()
    assert cameras(client) == 1


def test_whoever_died_at_work_is_not_waited_for(keyed: Api) -> None:
    client = browser(keyed, person(keyed))
    add(client, "a")
    with keyed.engine.begin() as connection:
        connection.execute(idempotent_requests.update().values(status=None, body=None))
    assert add(client, "a").status_code == 409
    keyed.clock.step(601)
    assert add(client, "a").status_code == 201


def test_an_upload_is_handed_in_once(keyed: Api) -> None:
    client, headers = browser(keyed, person(keyed)), {"Idempotency-Key": "a"}
    answers = [
        client.post("/api/v1/videos?filename=a.mp4", content=MP4, headers=headers) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len(client.get("/api/v1/videos").json()["items"]) == 1


def test_secrets_of_answers_are_kept_sealed(keyed: Api) -> None:
    client, headers = browser(keyed, person(keyed)), {"Idempotency-Key": "a"}
    entry = {"name": "dashboard", "rights": ["view"]}
    made = [client.post("/api/v1/keys", json=entry, headers=headers) for _ in range(2)]
    assert made[0].json() == made[1].json()
    with keyed.engine.connect() as connection:
        row = connection.execute(select(idempotent_requests)).one()
    assert made[0].json()["key"] not in str(row)


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "\x7f"])
def test_what_is_no_key_is_refused(keyed: Api, key: str) -> None:
    assert add(browser(keyed, person(keyed)), key).status_code == 400


def test_nobody_gets_anything_by_a_key(make_api: Callable[..., Api]) -> None:
    closed = make_api(api_token="a long secret", secret_key="long and random")
    assert add(closed.client, "a").status_code == 401
    assert add(browser(closed, person(closed, "viewer")), "a").status_code == 403


def test_without_a_secret_key_there_is_no_place_for_answers(api: Api) -> None:
    assert "NIGHTCLERK_SECRET_KEY" in add(api.client, "a").json()["detail"]


def test_a_person_may_ask_so_often(make_api: Callable[..., Api]) -> None:
    api = make_api(api_requests_per_min=3)
    client, other = browser(api, user := person(api)), browser(api, person(api))
    answers = [client.get("/api/v1/videos") for _ in range(3)]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == [
        "r=2",
        "r=1",
        "r=0",
    ]
    assert answers[0].headers["ratelimit-policy"] == '"principal";q=3;w=60'
    refused = browser(api, user).get("/api/v1/videos")
    assert (refused.status_code, refused.headers["content-type"]) == (
        429, "application/problem+json",
    )  # fmt: skip
    assert 0 < int(refused.headers["retry-after"]) <= 20
    assert other.get("/api/v1/videos").status_code == 200


def test_the_machine_may_ask_as_often_as_it_likes(make_api: Callable[..., Api]) -> None:
    api = make_api(api_requests_per_min=1)
    answers = [api.client.get("/api/v1/videos") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit" not in answers[0].headers


def test_strangers_are_refused_ever_more_cheaply(make_api: Callable[..., Api]) -> None:
    closed = make_api(api_token="a long secret")
    closed.tools.limits.monotonic = closed.clock.monotonic
    statuses = {closed.client.get("/api/v1/videos").status_code for _ in range(300)}
    assert statuses == {401, 429}
