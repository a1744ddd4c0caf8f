"""Second factors: codes count once, recovery codes too, and owners may be asked to have one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from services.api.access import totp
from services.api.access.credentials import recovery_codes, second_factors
from services.api.access.passwords import HASHER
from services.api.access.users import NewUser
from services.chassis.storage.database import transaction
from tests.unit.api.conftest import Api
from tests.unit.api.people import browser, person, tenant

PASSWORD = "correct horse battery"
MINE = "/api/v1/me/second-factor"


@pytest.fixture
def keyed(make_api: Callable[..., Api]) -> Api:
    return make_api(secret_key="long and random")


@pytest.fixture(scope="module")
def hashed() -> str:
    return HASHER.hash(PASSWORD)


@pytest.fixture
def user(keyed: Api, hashed: str) -> NewUser:
    return person(keyed, password_hash=hashed)


def code_of(api: Api, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(api.clock.now().timestamp()) + 30 * steps)


def set_up(api: Api, client: TestClient) -> tuple[str, list[str]]:
    """The secret and the recovery codes."""
    begun = client.post(MINE).json()
    code = code_of(api, begun["secret"])
    codes = client.post(f"{MINE}/confirmation", json={"code": code}).json()["codes"]
    api.clock.step(60)
    return begun["secret"], codes


def log_in(api: Api, user: NewUser, code: str = "") -> Any:
    entry = {"email": user.email, "password": PASSWORD, "code": code}
    return browser(api).post("/api/v1/session", json=entry)


def test_a_login_takes_a_code_once_it_is_set_up(keyed: Api, user: NewUser) -> None:
    assert log_in(keyed, user).status_code == 204
    secret, _ = set_up(keyed, browser(keyed, user))
    asked = log_in(keyed, user)
    assert (asked.status_code, asked.json()["type"]) == (401, "/problems/second-factor")
    assert log_in(keyed, user, "000000").status_code == 401
    assert log_in(keyed, user, code_of(keyed, secret)).status_code == 204


def test_a_secret_that_was_not_confirmed_does_not_count(keyed: Api, user: NewUser) -> None:
    client = browser(keyed, user)
    secret = client.post(MINE).json()["secret"]
    wrong = client.post(f"{MINE}/confirmation", json={"code": "000000"})
    assert (wrong.status_code, log_in(keyed, user).status_code) == (422, 204)
    other = client.post(MINE).json()["secret"]
    stale = client.post(f"{MINE}/confirmation", json={"code": code_of(keyed, secret)})
    assert (other != secret, stale.status_code) == (True, 422)


def test_a_code_counts_once(keyed: Api, user: NewUser) -> None:
    secret, _ = set_up(keyed, browser(keyed, user))
    now, before = code_of(keyed, secret), code_of(keyed, secret, -1)
    assert log_in(keyed, user, now).status_code == 204
    assert log_in(keyed, user, now).status_code == 401
    assert log_in(keyed, user, before).status_code == 401
    keyed.clock.step(30)
    assert log_in(keyed, user, code_of(keyed, secret)).status_code == 204


@pytest.mark.parametrize(("steps", "is_right"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_phone_may_be_half_a_minute_off(
    keyed: Api, user: NewUser, steps: int, is_right: bool
) -> None:
    secret, _ = set_up(keyed, browser(keyed, user))
    keyed.clock.step(60)
    assert (log_in(keyed, user, code_of(keyed, secret, steps)).status_code == 204) == is_right


def test_of_two_logins_by_the_same_code_one_is_refused(keyed: Api, user: NewUser) -> None:
    secret, codes = set_up(keyed, browser(keyed, user))

    def accepted(code: str) -> bool:
        with transaction(keyed.engine) as connection:
            now = keyed.clock.now()
            return totp.accept(connection, keyed.tools.sealing, user.user_id, code, now) is not None

    for code in (code_of(keyed, secret), codes[0]):
        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(accepted, [code] * 4)) == [False, False, False, True]


def test_a_recovery_code_lets_in_once(keyed: Api, user: NewUser) -> None:
    _, codes = set_up(keyed, browser(keyed, user))
    assert len(set(codes)) == 10
    assert log_in(keyed, user, codes[3].upper().replace("-", " ")).status_code == 204
    assert log_in(keyed, user, codes[3]).status_code == 401
    shown = browser(keyed, user).get(MINE).json()
    assert shown == {"is_confirmed": True, "is_required": False, "recovery_codes_left": 9}
    actions = [row["action"] for row in browser(keyed, user).get("/api/v1/audit").json()["items"]]
    assert "recovery_code.used" in actions


def test_recovery_codes_are_renewed_by_a_code(keyed: Api, user: NewUser) -> None:
    client = browser(keyed, user)
    secret, codes = set_up(keyed, client)
    assert client.post(f"{MINE}/recovery-codes", json={"code": "000000"}).status_code == 422
    renewed = client.post(f"{MINE}/recovery-codes", json={"code": code_of(keyed, secret)}).json()
    assert log_in(keyed, user, codes[0]).status_code == 401
    assert log_in(keyed, user, renewed["codes"][0]).status_code == 204


def test_it_is_taken_away_by_a_code_and_not_begun_over(keyed: Api, user: NewUser) -> None:
    client = browser(keyed, user)
    _, codes = set_up(keyed, client)
    assert client.post(MINE).status_code == 409
    assert client.post(f"{MINE}/removal", json={"code": "wrong"}).status_code == 422
    assert client.post(f"{MINE}/removal", json={"code": codes[0]}).status_code == 204
    assert log_in(keyed, user).status_code == 204


def test_who_lost_the_phone_is_helped_by_an_owner_of_their_chain(keyed: Api, user: NewUser) -> None:
    set_up(keyed, browser(keyed, user))
    path = f"/api/v1/users/{user.user_id}/second-factor"
    foreign = browser(keyed, person(keyed, "owner", tenant(keyed)))
    assert foreign.delete(path).status_code == 404
    assert browser(keyed, person(keyed, "manager")).delete(path).status_code == 403
    owner = browser(keyed, person(keyed))
    assert owner.delete(f"/api/v1/users/{uuid4()}/second-factor").status_code == 404
    assert owner.delete(path).status_code == 204
    assert log_in(keyed, user).status_code == 204


def test_codes_are_not_guessed(keyed: Api, user: NewUser) -> None:
    set_up(keyed, browser(keyed, user))
    statuses = [log_in(keyed, user, f"{number:06}").status_code for number in range(8)]
    assert (statuses[:5], statuses[-1]) == ([401] * 5, 429)
    client = browser(keyed, user)
    entries = [{"code": f"{number:06}"} for number in range(8)]
    statuses = [client.post(f"{MINE}/removal", json=entry).status_code for entry in entries]
    assert (statuses[:5], statuses[-1]) == ([422] * 5, 429)


def test_owners_may_be_asked_to_have_one(keyed: Api, user: NewUser) -> None:
    owner, manager = browser(keyed, user), browser(keyed, person(keyed, "manager"))
    rule = {"owners_need_second_factor": True}
    assert manager.patch("/api/v1/access-rules", json=rule).status_code == 403
    key = owner.post("/api/v1/me/keys", json={"name": "k", "rights": ["view"]}).json()["key"]
    changed = owner.patch("/api/v1/access-rules", json=rule).json()
    assert changed["owners_need_second_factor"]
    assert owner.get("/api/v1/videos").status_code == 403
    assert owner.get(MINE).json()["is_required"]
    headers = {"Authorization": f"Bearer {key}"}
    assert keyed.client.get("/api/v1/videos", headers=headers).status_code == 403
    assert manager.get("/api/v1/videos").status_code == 200
    set_up(keyed, owner)
    assert owner.get("/api/v1/videos").status_code == 200
    assert not owner.get(MINE).json()["is_required"]


def test_neither_secret_nor_codes_are_kept_in_the_clear(keyed: Api, user: NewUser) -> None:
    secret, codes = set_up(keyed, browser(keyed, user))
    with keyed.engine.connect() as connection:
        kept = str(connection.execute(select(second_factors)).all())
        kept += str(connection.execute(select(recovery_codes)).all())
    assert not any(word in kept for word in (secret, *codes))


def test_the_picture_is_svg_and_nothing_else(keyed: Api, user: NewUser) -> None:
    begun = browser(keyed, user).post(MINE).json()
    assert begun["qr_svg"].startswith("<svg")
    assert "script" not in begun["qr_svg"]
    assert pyotp.parse_uri(begun["uri"]).secret == begun["secret"]


def test_without_a_secret_key_there_is_none(api: Api) -> None:
    refused = browser(api, person(api)).post(MINE)
    assert (refused.status_code, "NIGHTCLERK_SECRET_KEY" in refused.json()["detail"]) == (422, True)
