"""Cameras that are snoozed."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.api.conftest import NOW, Api
from tests.unit.api.policies.entering import POLICY, SNOOZE, TENANTS, camera, last, put


def test_a_snooze_is_announced_and_ends(api: Api) -> None:
    camera(api)
    until = NOW + timedelta(hours=8)
    answer = api.client.put(SNOOZE, json={"until": until.isoformat()})
    assert answer.json()["snoozed_until"] == "2026-06-01T08:00:00Z"
    found = last(api)
    assert found is not None
    assert found.snoozed_until == until
    assert api.client.get(POLICY).json()["snoozed_until"] == "2026-06-01T08:00:00Z"
    assert api.client.delete(SNOOZE).json()["snoozed_until"] is None
    assert last(api) is None


@pytest.mark.parametrize("until", [NOW, NOW - timedelta(days=1), NOW + timedelta(days=31)])
def test_a_snooze_lies_ahead_and_not_far(api: Api, until: Any) -> None:
    camera(api)
    assert api.client.put(SNOOZE, json={"until": until.isoformat()}).status_code == 422


def test_a_snooze_outlives_a_change_of_policies(api: Api) -> None:
    camera(api)
    until = NOW + timedelta(hours=8)
    api.client.put(SNOOZE, json={"until": until.isoformat()})
    put(api, TENANTS, {"muted": ["fight"]})
    found = last(api)
    assert found is not None
    assert (found.muted, found.snoozed_until) == (("fight",), until)
