"""The page behind the link in a mail, in a browser: a button that works without scripts."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.unit.api.builders import CAMERA, configured
from tests.unit.api.conftest import Api
from tests.unit.api.test_acknowledge import ALERT, link
from tests.web.conftest import Site, require_accessible, served


@pytest.fixture
def site(make_api: Callable[..., Api]) -> Iterator[Site]:
    """One that asks for a login, which the link does not need."""
    with served(make_api(api_token="the machine's own", secret_key="long and random")) as site:
        yield site


def test_the_button_acknowledges(open_context: Callable[..., BrowserContext], site: Site) -> None:
    site.api.project(configured("Till", source_id=CAMERA), ALERT)
    page = open_context(java_script_enabled=False).new_page()
    page.goto(link(site.api))
    page.get_by_role("button", name="I see to it").click()
    expect(page.get_by_text("Acknowledged by Ada")).to_be_visible()


def test_it_is_accessible(open_context: Callable[..., BrowserContext], site: Site) -> None:
    site.api.project(configured("Till", source_id=CAMERA), ALERT)
    page = open_context(locale="ko-KR").new_page()
    page.goto(link(site.api))
    expect(page.get_by_role("button", name="확인했습니다")).to_be_visible()
    require_accessible(page)
