"""What people do to their own accounts, and what takes more than a request."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient

from services.api.access.passwords import HASHER
from services.api.access.users import NewUser
from tests.unit.api.detectors import files, hand_in, zipped
from tests.unit.api.people import browser, person
from tests.unit.api.routes.world import OTHER_TENANT, World
from tests.unit.api.security.test_second_factor import MINE, code_of, set_up
from tests.unit.api.test_joining import invite, ticket_of
from tests.unit.api.test_login import WORDS, log_in

OTHER_WORDS = "another horse battery"
Act = Callable[[World], Any]
"""Answers as the route did, which stands in `OWN_ACTS`."""


def _somebody(world: World) -> tuple[NewUser, TestClient]:
    user = person(world.api, password_hash=HASHER.hash(WORDS))
    return user, browser(world.api, user)


def _rename(world: World) -> Any:
    return _somebody(world)[1].patch("/api/v1/me", json={"name": "Kim"})


def _other_password(world: World) -> Any:
    body = {"current": WORDS, "password": OTHER_WORDS}
    return _somebody(world)[1].post("/api/v1/me/password", json=body)


def _end_login(world: World) -> Any:
    user, here = _somebody(world)
    browser(world.api, user)
    items = here.get("/api/v1/me/sessions").json()["items"]
    (away,) = [item["session_id"] for item in items if not item["is_current"]]
    return here.delete(f"/api/v1/me/sessions/{away}")


def _log_in(world: World) -> Any:
    return log_in(browser(world.api), _somebody(world)[0])


def _log_out(world: World) -> Any:
    return _somebody(world)[1].delete("/api/v1/session")


def _confirm(world: World) -> Any:
    client = _somebody(world)[1]
    code = code_of(world.api, client.post(MINE).json()["secret"])
    return client.post(f"{MINE}/confirmation", json={"code": code})


def _with_code(name: str) -> Act:
    def act(world: World) -> Any:
        client = _somebody(world)[1]
        secret, _ = set_up(world.api, client)
        return client.post(f"{MINE}/{name}", json={"code": code_of(world.api, secret)})

    return act


def _sign_up(world: World) -> Any:
    url = f"/api/v1/tenants/{OTHER_TENANT}"
    machine = {"Authorization": "Bearer the machine's own"}
    link = browser(world.api).get(url, headers=machine).json()["setup_url"]
    body = {"ticket": ticket_of(link), "email": "a@b.example", "name": "Ada", "password": WORDS}
    return browser(world.api).post("/api/v1/setup", json=body)


def _accept(world: World) -> Any:
    link = invite(_somebody(world)[1]).json()["url"]
    body = {"ticket": ticket_of(link), "name": "Park", "password": WORDS}
    return browser(world.api).post("/api/v1/invitations/acceptance", json=body)


def _reset(world: World) -> Any:
    user, client = _somebody(world)
    link = client.post(f"/api/v1/users/{user.user_id}/password-reset").json()["url"]
    body = {"ticket": ticket_of(link), "password": OTHER_WORDS}
    return browser(world.api).post("/api/v1/password-resets/completion", json=body)


def _press_link(world: World) -> Any:
    batch = f"/api/v1/alerts/acknowledgements/{world.ids['batch_id']}"
    _somebody(world)[1].delete(batch)
    until = world.api.clock.now() + timedelta(hours=1)
    fields = {"alert_id": world.ids["alert_id"], "target_id": "t", "by": "Ada"}
    ticket = world.api.tools.tickets.issue("acknowledge", fields, until)
    return browser(world.api).post(f"/a/{ticket}")


def _register(world: World) -> Any:
    world.api.client.headers["Authorization"] = "Bearer the machine's own"
    try:
        return hand_in(world.api, zipped(files(seed=7)))
    finally:
        del world.api.client.headers["Authorization"]


OWN_ACTS: dict[tuple[str, str], tuple[Act, str]] = {
    ("PATCH", "/api/v1/me"): (_rename, "user.changed"),
    ("POST", "/api/v1/me/password"): (_other_password, "password.changed"),
    ("DELETE", "/api/v1/me/sessions/{session_id}"): (_end_login, "session.revoked"),
    ("POST", "/api/v1/session"): (_log_in, "session.opened"),
    ("DELETE", "/api/v1/session"): (_log_out, "session.closed"),
    ("POST", "/api/v1/me/second-factor/confirmation"): (_confirm, "second_factor.added"),
    ("POST", "/api/v1/me/second-factor/recovery-codes"): (
        _with_code("recovery-codes"),
        "recovery_codes.renewed",
    ),
    ("POST", "/api/v1/me/second-factor/removal"): (_with_code("removal"), "second_factor.removed"),
    ("POST", "/api/v1/setup"): (_sign_up, "user.signed_up"),
    ("POST", "/api/v1/invitations/acceptance"): (_accept, "user.joined"),
    ("POST", "/api/v1/password-resets/completion"): (_reset, "password.reset"),
    ("POST", "/a/{ticket}"): (_press_link, "alert.acknowledged"),
    ("POST", "/api/v1/models"): (_register, "model.registered"),
}
