"""An API whose default tenant signs on by a real provider on this machine."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from tests.unit.api.conftest import Api
from tests.unit.api.people import browser, person
from tests.unit.api.signon.provider import MAIL, Provider, set_up

KEY = "a secret key of the tests"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def provider(running: Provider) -> Provider:
    """As it should be, with one person."""
    running.document, running.answer = {}, lambda answer: answer
    running.add("minji", email=MAIL, email_verified=True, name="Kim Minji", locale="ko-KR")
    return running


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    """Its clock is right: the provider's tokens are of now."""
    made = make_api(secret_key=KEY, sign_on_networks="loopback")
    made.clock.step((datetime.now(UTC) - made.clock.now()).total_seconds())
    return made


@pytest.fixture
def owner(api: Api, provider: Provider) -> TestClient:
    """Single sign-on is set up."""
    client = browser(api, person(api, "owner"))
    answer = set_up(client, provider)
    assert answer.status_code == 200, answer.text
    return client
