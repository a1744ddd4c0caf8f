"""Policies as they are entered, and what is announced of them."""

from typing import Any
from uuid import UUID

from schemas.ids import DEFAULT_TENANT, default_store
from schemas.policies import PolicySet
from schemas.topics import POLICIES
from tests.unit.api.builders import CAMERA, configured
from tests.unit.api.conftest import Api

STORE = default_store(DEFAULT_TENANT)
TENANTS, OF_STORE = "/api/v1/policies/tenant", f"/api/v1/policies/stores/{STORE}"
OF_CAMERA = f"/api/v1/policies/sources/{CAMERA}"
POLICY, SNOOZE = f"/api/v1/sources/{CAMERA}/policy", f"/api/v1/sources/{CAMERA}/snooze"


def camera(api: Api, **fields: Any) -> None:
    api.project(configured(tenant_id=DEFAULT_TENANT, store_id=STORE, **fields))
    api.tools.announce_policies()


def put(api: Api, path: str, policy: dict[str, Any]) -> dict[str, Any]:
    answer = api.client.put(path, json=policy, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def last(api: Api, source_id: UUID = CAMERA) -> PolicySet | None:
    """What lies last on the topic of a source; None for a tombstone. Raises where nothing does."""
    found = [
        item
        for item in api.publisher.published
        if item.topic == POLICIES and item.record_key == str(source_id).encode()
    ]
    message = found[-1].message
    assert message is None or isinstance(message, PolicySet)
    return message
