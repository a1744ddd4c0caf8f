"""Rotation of the secret key: all that is sealed is sealed with the new one; nothing is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import LargeBinary, insert, select, update

from schemas.topics import SOURCES
from services.api.access.credentials import second_factors
from services.api.keeping.rotation import SEALED
from services.api.tables import cameras, metadata
from services.chassis.sealing import Sealing
from tests.unit.api.builders import CAMERA
from tests.unit.api.conftest import Api

FORMER, LATTER = "the former key", "the latter key"
HEADERS = {"Authorization": "Bearer token"}
OPEN = {"scores", "proof"}
"""Columns of bytes that hold no secret."""


def made(make_api: Callable[..., Api], key: str) -> Api:
    return make_api(api_token="token", secret_key=SecretStr(key))


def rotated(api: Api) -> Any:
    answer = api.client.post("/api/v1/secrets/rotate", headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return answer.json()


def add_camera(api: Api, name: str = "Till") -> None:
    entry = {"name": name, "address": "rtsp://admin:geheim@10.0.0.9/a"}
    answer = api.client.post("/api/v1/cameras", json=entry, headers=HEADERS)
    assert answer.status_code == 201, answer.text


def credentials(api: Api) -> list[bytes]:
    with api.engine.connect() as connection:
        return list(connection.scalars(select(cameras.c.credentials)))


def test_every_column_of_sealed_bytes_is_rotated() -> None:
    """A new one belongs into SEALED, or, if it is no secret, into OPEN here."""
    rotated = {(each.table.name, name) for each in SEALED for name in each.columns}
    found = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column.name not in OPEN | {"minutes"}
    }
    assert found <= rotated


def test_the_latter_key_opens_all_and_the_topic_is_told(make_api: Callable[..., Api]) -> None:
    before = made(make_api, FORMER)
    add_camera(before)
    sealed = before.tools.sealing.seal_secret("totp", b"secret")
    row = {"user_id": str(CAMERA), "secret": sealed, "confirmed_at": None, "last_step": 0}
    with before.engine.begin() as connection:
        connection.execute(insert(second_factors).values(row))
    both = made(make_api, f"{LATTER},{FORMER}")
    assert rotated(both)["renewed"] == {"cameras": 1, "second_factors": 1}
    latter = Sealing(SecretStr(LATTER))
    (kept,) = credentials(both)
    assert latter.open(kept).password == "geheim"
    with both.engine.connect() as connection:
        secret = connection.scalar(select(second_factors.c.secret))
    assert secret is not None
    assert latter.open_secret("totp", secret) == b"secret"
    (told,) = both.publisher.messages(SOURCES)
    assert latter.open(told.credentials).username == "admin"


def test_again_it_changes_nothing(make_api: Callable[..., Api]) -> None:
    add_camera(made(make_api, FORMER))
    api = made(make_api, f"{LATTER},{FORMER}")
    rotated(api)
    before = credentials(api)
    assert rotated(api) == {"renewed": {}, "lost": [], "waiting": 0}
    assert credentials(api) == before


def test_what_no_key_opens_is_named_and_left(make_api: Callable[..., Api]) -> None:
    add_camera(made(make_api, "a key that is gone"))
    add_camera(api := made(make_api, FORMER), "Door")
    view = rotated(made(make_api, f"{LATTER},{FORMER}"))
    assert view["renewed"] == {"cameras": 1}
    assert [name.split()[0] for name in view["lost"]] == ["cameras"]
    assert len(credentials(api)) == 2


def test_without_a_key_there_is_nothing_to_rotate(make_api: Callable[..., Api]) -> None:
    api = made(make_api, "")
    assert api.client.post("/api/v1/secrets/rotate", headers=HEADERS).status_code == 409


def test_pages_are_gone_through(
    make_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.api.keeping.rotation.AT_ONCE", 2)
    before = made(make_api, FORMER)
    for number in range(5):
        add_camera(before, f"Till {number}")
    api = made(make_api, f"{LATTER},{FORMER}")
    assert rotated(api)["renewed"] == {"cameras": 5}
    with api.engine.begin() as connection:  # one that nobody was told of is waited for
        connection.execute(update(cameras).values(announced_at=None))
    assert rotated(api)["waiting"] == 5
