"""Nobody overwrites a policy that they have not seen."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from uuid import UUID

import pytest

from schemas.ids import DEFAULT_TENANT
from services.api.access import stores as access
from services.api.policies import storing
from services.api.policies.entry import Policy
from services.api.policies.resolving import Scope
from services.api.principal import Principal
from services.chassis.storage.database import transaction
from services.chassis.streaming.publisher import MemoryPublisher
from tests.unit.api.builders import CAMERA
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.policies.entering import OF_CAMERA, OF_STORE, STORE, TENANTS, camera

MACHINE = Principal()


def test_a_stores_moment_of_change_always_grows(api: Api) -> None:
    """Announcing relies on it."""
    with api.engine.connect() as connection:
        before = access.store(connection, MACHINE, STORE)
    after = api.client.patch(f"/api/v1/stores/{STORE}", json={"name": "Main"}).json()
    assert before is not None
    assert after["changed_at"] != before.changed_at.isoformat().replace("+00:00", "Z")


def test_nobody_overwrites_what_they_have_not_seen(api: Api) -> None:
    camera(api)
    for path in (TENANTS, OF_STORE, OF_CAMERA):
        first = api.client.put(path, json={"muted": ["fight"]})
        assert first.status_code == 200, path
        unseen = api.client.put(path, json={"muted": ["fall"]})
        assert (unseen.status_code, unseen.headers["ETag"]) == (428, first.headers["ETag"])
        shown = {"If-Match": api.client.get(path).headers["ETag"]}
        assert api.client.put(path, json={"muted": ["fall"]}, headers=shown).status_code == 200
        stale = api.client.put(path, json={"muted": ["theft"]}, headers=shown)
        assert stale.status_code == 412
        assert api.client.get(path).json()["policy"]["muted"] == ["fall"]
        again = {"If-Match": f'"x", {stale.headers["ETag"]}'}
        assert api.client.put(path, json={}, headers=again).status_code == 200
        assert api.client.delete(path).status_code == 204


@pytest.mark.parametrize(
    ("scope", "scope_id"), [("tenant", DEFAULT_TENANT), ("store", STORE), ("source", CAMERA)]
)
def test_a_policy_that_is_not_there_yet_is_locked(api: Api, scope: Scope, scope_id: UUID) -> None:
    camera(api)
    where, mine = storing.Where(scope, scope_id, DEFAULT_TENANT), Policy(muted=("fight",))

    def seen() -> Policy:
        with transaction(api.engine) as connection:
            return storing.entered(connection, scope, scope_id, is_locked=True).policy

    with ThreadPoolExecutor(1) as pool:
        with transaction(api.engine) as connection:
            storing.entered(connection, scope, scope_id, is_locked=True)
            second = pool.submit(seen)
            wait([second], timeout=0.5)  # it waits for this transaction
            storing.enter(connection, MACHINE, where, mine, NOW)
        assert second.result() == mine


def test_of_two_first_policies_at_once_one_wins(api: Api) -> None:
    """Whichever comes second has not seen the other."""
    camera(api)
    path = OF_CAMERA
    wanted = [{"muted": [label]} for label in ("fight", "fall", "theft", "smoke")]
    with ThreadPoolExecutor(len(wanted)) as pool:
        answers = list(pool.map(lambda policy: api.client.put(path, json=policy), wanted))
    assert sorted(answer.status_code for answer in answers) == [200, 428, 428, 428]
    (won,) = [policy for policy, answer in zip(wanted, answers, strict=True) if answer.is_success]
    assert api.client.get(path).json()["policy"]["muted"] == won["muted"]


def test_a_tag_that_is_read_stays_right_while_services_hear_of_the_policy(
    make_api: Callable[..., Api],
) -> None:
    """What is pending is no change of the policy, but a client that polls must see it."""
    publisher = MemoryPublisher()
    api = make_api(publisher=publisher)
    camera(api)
    view = api.client.put(TENANTS, json={"muted": ["fight"]})
    older = view.headers["ETag"].replace("-0", "-7")
    unchanged = api.client.get(TENANTS, headers={"If-None-Match": view.headers["ETag"]})
    assert unchanged.status_code == 304
    assert api.client.get(TENANTS, headers={"If-None-Match": older}).status_code == 200
    answer = api.client.put(TENANTS, json={"muted": []}, headers={"If-Match": older})
    assert answer.status_code == 200
