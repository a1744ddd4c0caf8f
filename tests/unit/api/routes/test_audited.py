"""Whatever somebody changes stands in the audit log."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from services.api.audit import audit_log
from tests.unit.api.matrix import MATRIX, REPLAY
from tests.unit.api.routes.own_acts import OWN_ACTS
from tests.unit.api.routes.world import ASKING, MACHINE, World, expected

Place = tuple[str, str]

PROVIDER = "signon/ has a provider of logins: it looks for the rows there"
UNAUDITED: dict[Place, str] = {
    ("POST", "/api/v1/uploads"): "bytes under way: the video that they become is there",
    ("PATCH", "/api/v1/uploads/{upload_id}"): "likewise",
    ("DELETE", "/api/v1/uploads/{upload_id}"): "likewise",
    ("POST", "/api/v1/review-queue/claims"): "ends by itself within minutes; the verdict is there",
    ("PUT", "/api/v1/review-queue/{incident_id}/claim"): "likewise",
    ("DELETE", "/api/v1/review-queue/{incident_id}/claim"): "likewise",
    ("POST", "/api/v1/invitations/opening"): "changes nothing",
    ("POST", "/api/v1/policies/preview"): "changes nothing",
    ("POST", "/api/v1/replays/estimate"): "changes nothing",
    ("POST", "/api/v1/password-resets"): "nobody knows who asks; the reset itself is there",
    ("POST", "/api/v1/me/second-factor"): "counts only once it is confirmed",
    ("PUT", "/api/v1/single-sign-on"): PROVIDER,
    ("DELETE", "/api/v1/single-sign-on"): PROVIDER,
    ("POST", "/sign-on/code"): PROVIDER,
}
WRITING = [place for place in MATRIX if place[0] in ("POST", "PUT", "PATCH", "DELETE")]
LAW = [place for place in WRITING if place not in UNAUDITED and place not in OWN_ACTS]


@dataclass(frozen=True)
class Doing:
    """What makes a request of the matrix change something; `{user_id}` is an id of the world."""

    first: tuple[tuple[str, str, Any], ...] = ()
    body: Any = None
    ids: tuple[tuple[str, str], ...] = ()


ALERT = "/api/v1/alerts/{alert_id}"
MODEL = "/api/v1/models/{detector}"
TAKEN_BACK = ("DELETE", "/api/v1/alerts/acknowledgements/{batch_id}", None)
LET_GO = ("DELETE", "/api/v1/holds/{hold_id}", None)
TO_USER = {"assigned_to": "{user_id}"}
UNSEEN = ("DELETE", f"{MODEL}/shadow", None)
PROMOTED = (
    "POST",
    f"{MODEL}/promote",
    {"without_comparison": True, "reason": "a test"},
)
DOING: dict[Place, Doing] = {
    ("DELETE", "/api/v1/cameras/{source_id}"): Doing((LET_GO,)),
    ("PUT", f"{ALERT}/acknowledgement"): Doing((TAKEN_BACK,)),
    ("PUT", f"{ALERT}/assignment"): Doing(body=TO_USER),
    ("DELETE", f"{ALERT}/assignment"): Doing((("PUT", f"{ALERT}/assignment", TO_USER),)),
    ("DELETE", f"{ALERT}/verdict"): Doing((("PUT", f"{ALERT}/verdict", {"verdict": "true"}),)),
    ("POST", f"{ALERT}/deliveries"): Doing(body={"target_id": "{target_id}"}),
    ("DELETE", "/api/v1/stores/{store_id}"): Doing(ids=(("store_id", "{empty_store_id}"),)),
    ("POST", "/api/v1/erasures"): Doing((LET_GO,)),
    ("DELETE", MODEL): Doing((UNSEEN,)),
    ("POST", f"{MODEL}/shadow"): Doing((UNSEEN,)),
    ("POST", "/api/v1/deployments/rollback"): Doing((PROMOTED,)),
    ("POST", "/api/v1/replays"): Doing(body=REPLAY | {"until": "2026-05-01T12:00:00Z"}),
    ("POST", "/api/v1/replays/{run}/resume"): Doing(
        (("POST", "/api/v1/replays/{run}/cancel", None),)
    ),
    ("POST", "/api/v1/targets/{target_id}/secrets"): Doing(ids=(("target_id", "{hook_id}"),)),
    ("DELETE", "/api/v1/targets/{target_id}/secrets/former"): Doing(
        (("POST", "/api/v1/targets/{hook_id}/secrets", None),),
        ids=(("target_id", "{hook_id}"),),
    ),
    ("PATCH", "/api/v1/access-rules"): Doing(body={"owners_need_second_factor": False}),
}


def log(world: World) -> list[str]:
    """Actions, in any order."""
    with world.api.engine.connect() as connection:
        return list(connection.scalars(select(audit_log.c.action)))


def filled(world: World, body: Any) -> Any:
    return json.loads(world.url(json.dumps(body)))


def done(world: World, place: Place) -> None:
    """By whoever may."""
    method, path = place
    entry, doing, statuses = MATRIX[place], DOING.get(place, Doing()), []
    if doing.body is not None:
        entry = replace(entry, body=filled(world, doing.body))
    ids = {name: world.url(value) for name, value in doing.ids}
    for name, who in ASKING.items():
        if expected(entry, path, name, who) is None:
            status = World(world.api, world.ids | ids).ask(method, path, entry, who)
            if status < 300:
                return
            statuses.append((name, status))
    raise AssertionError(statuses)


def test_every_route_that_writes_is_looked_at() -> None:
    named = {*UNAUDITED, *OWN_ACTS, *DOING}
    assert named <= set(WRITING)
    assert not set(UNAUDITED) & {*OWN_ACTS, *DOING}


@pytest.mark.parametrize("place", LAW, ids=" ".join)
def test_what_somebody_changes_stands_in_the_log(world: World, place: Place) -> None:
    for method, path, body in DOING.get(place, Doing()).first:
        entry = replace(MATRIX.get((method, path), MATRIX[place]), body=filled(world, body))
        assert world.ask(method, path, entry, MACHINE) < 300
    before = len(log(world))
    done(world, place)
    assert len(log(world)) > before


@pytest.mark.parametrize("place", OWN_ACTS, ids=" ".join)
def test_so_does_what_people_do_by_themselves(world: World, place: Place) -> None:
    web = world.api.client.app
    assert isinstance(web, FastAPI)
    web.dependency_overrides.clear()
    act, action = OWN_ACTS[place]
    before = log(world).count(action)
    assert act(world).status_code < 300
    assert log(world).count(action) == before + 1
