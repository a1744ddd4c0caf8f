"""People, stores, keys, one's own account and the audit log, as their owner sees them."""

import re
from collections.abc import Callable, Iterator

import pyotp
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.unit.api.conftest import Api
from tests.unit.api.people import browser, invitation, person, store
from tests.unit.api.test_login import WORDS
from tests.web.conftest import Site, require_accessible, require_fits, served, watched
from tests.web.world import sign_in


@pytest.fixture
def site(make_api: Callable[..., Api]) -> Iterator[Site]:
    with served(make_api(secret_key="long and random")) as site:
        yield site


@pytest.fixture
def owned(page: Page, site: Site) -> Page:
    """A page of a browser in which an owner is logged in."""
    sign_in(page.context, site.api, person(site.api), site.url)
    return page


def test_an_invited_viewer_of_one_store_sees_no_other(
    owned: Page, site: Site, open_context: Callable[..., BrowserContext]
) -> None:
    store(site.api, name="Station Road")
    store(site.api, name="Harbour")
    owned.goto("/people")
    owned.get_by_role("button", name="Invite somebody").click()
    owned.get_by_label("Mail address").fill("new@shop.example")
    owned.get_by_label("All stores, later ones too").uncheck()
    owned.get_by_label("Harbour").check()
    owned.get_by_role("button", name="Invite", exact=True).click()
    link = owned.get_by_label("Link").input_value()
    owned.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(owned.get_by_text("new@shop.example")).to_be_visible()

    with watched(open_context().new_page()) as page:
        page.goto("/" + link.split("/", 3)[3])
        page.get_by_label("Your name").fill("Lee Jun")
        page.get_by_label("Password").fill(WORDS)
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        page.goto("/stores")
        expect(page.get_by_text("Harbour")).to_be_visible()
        expect(page.get_by_text("Station Road")).to_have_count(0)
        expect(page.get_by_role("button", name="Add a store")).to_have_count(0)
        expect(page.get_by_role("link", name="Audit log")).to_have_count(0)
        for path in ("audit", "channels"):
            page.goto(f"/{path}")
            expect(page.get_by_text("Your role does not open this page")).to_be_visible()


def test_a_person_is_changed_deactivated_and_let_in_again(owned: Page, site: Site) -> None:
    minji = person(site.api, "viewer")
    owned.goto("/people")
    row = owned.get_by_role("listitem").filter(has_text=minji.email)
    actions = row.get_by_role("button", name="Actions for")
    actions.focus()
    owned.keyboard.press("Enter")
    owned.get_by_role("menuitem", name="Edit…").click()
    owned.get_by_role("dialog").get_by_label("Role").select_option("manager")
    owned.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Manager")
    actions.click()
    owned.get_by_role("menuitem", name="Deactivate").click()
    owned.get_by_role("button", name="Deactivate").click()
    expect(row).to_contain_text("Deactivated")
    actions.click()
    owned.get_by_role("menuitem", name="Let in again").click()
    expect(row.get_by_text("Deactivated")).to_have_count(0)


def test_a_store_gets_hours_and_a_day_that_differs(owned: Page) -> None:
    owned.goto("/stores")
    owned.get_by_role("button", name="Add a store").click()
    owned.get_by_label("Name of the store").fill("Harbour")
    owned.get_by_label("Time zone").select_option("Asia/Seoul")
    owned.get_by_label("Opening hours", exact=True).select_option("hours")
    owned.get_by_role("button", name="Sunday: remove these hours").click()
    owned.get_by_text("Holidays and other days that differ").click()
    owned.get_by_label("Another day").fill("2026-12-25")
    owned.get_by_role("button", name="Add the day").click()
    owned.get_by_role("button", name=re.compile("25.*, staff there: add hours")).click()
    owned.get_by_label(re.compile("25.*, staff there, until")).fill("12:00")
    owned.get_by_role("button", name="Save").click()
    row = owned.get_by_role("listitem").filter(has_text="Harbour")
    expect(row).to_contain_text(re.compile("Mon.Sat 09:00.18:00"))
    expect(row).to_contain_text("Sun closed")
    owner = owned.context.request
    items = owner.get("/api/v1/stores").json()["items"]
    (hours,) = [each["hours"] for each in items if each["name"] == "Harbour"]
    assert hours["holidays"] == [
        {"day": "2026-12-25", "open": [], "staffed": [{"start": "09:00", "end": "12:00"}]}
    ]
    row.get_by_role("button", name="Remove").click()
    owned.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def test_a_store_keeps_things_for_less_long_than_the_chain(owned: Page, site: Site) -> None:
    store(site.api, name="Harbour")
    owned.goto("/settings")
    recordings = owned.get_by_role("group", name="Recordings")
    recordings.get_by_label("Days").fill("20")
    panel = owned.get_by_role("heading", name="How long things are kept").locator("..")
    save = panel.get_by_role("button", name="Save")
    save.click()
    expect(recordings).to_contain_text("In force: 20 days (the chain)")
    panel.get_by_label("For").select_option("Harbour")
    expect(owned).to_have_url(re.compile(r"\?store="))
    expect(recordings.get_by_label("Days")).to_have_value("")
    recordings.get_by_label("Days").fill("5")
    recordings.get_by_label("GB").fill("500")
    save.click()
    expect(recordings).to_contain_text("In force: 5 days (this store); 500 GB (this store)")
    expect(owned.get_by_role("group", name="Scores").get_by_label("GB")).to_have_count(0)
    owned.reload()
    expect(recordings.get_by_label("GB")).to_have_value("500")
    panel.get_by_label("For").select_option("The whole chain")
    expect(recordings.get_by_label("Days")).to_have_value("20")


def test_faces_are_hidden_from_whom_an_owner_says(owned: Page) -> None:
    owned.goto("/settings")
    hidden = owned.get_by_label("Hidden from")
    expect(hidden).to_have_value("nobody")
    hidden.select_option("Those who may only view")
    expect(owned.get_by_text("Saved.")).to_be_visible()
    owned.reload()
    expect(hidden).to_have_value("viewers")


def test_a_key_is_shown_once_and_revoked(owned: Page) -> None:
    owned.goto("/keys")
    expect(owned.get_by_text("No keys yet")).to_be_visible()
    owned.get_by_role("button", name="Make a key").click()
    owned.get_by_label("Name").fill("till screen")
    owned.get_by_role("button", name="Make the key").click()
    assert owned.get_by_label("Key", exact=True).input_value().startswith("nk_")
    owned.get_by_role("dialog").get_by_role("button", name="Close").click()
    row = owned.get_by_role("listitem").filter(has_text="till screen")
    row.get_by_role("button", name="Revoke").click()
    owned.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("Revoked")


def test_a_second_factor_is_set_up_and_the_log_tells_of_it(owned: Page, site: Site) -> None:
    owned.goto("/account")
    owned.get_by_role("button", name="Set up a second factor").click()
    secret = owned.get_by_label("Or enter the secret by hand").input_value()
    code = pyotp.TOTP(secret).at(site.api.clock.now())
    owned.get_by_label("Code of your authenticator").fill(code)
    owned.get_by_role("button", name="Confirm").click()
    expect(owned.get_by_text("Keep these recovery codes")).to_be_visible()
    owned.get_by_role("button", name="I have kept them").click()
    expect(owned.get_by_text("Recovery codes left: 10")).to_be_visible()

    owned.goto("/audit?action=second_factor.")
    expect(owned.get_by_text("Second factor set up")).to_be_visible()
    owned.get_by_role("button", name="Check that it is whole").click()
    expect(owned.get_by_role("status").filter(has_text="Whole")).to_be_visible()


def test_owners_without_a_second_factor_get_no_further_than_their_account(owned: Page) -> None:
    owned.goto("/settings")
    owned.get_by_label("Owners need a second factor").check()
    expect(owned.get_by_role("button", name="Set up a second factor")).to_be_visible()
    assert owned.url.endswith("/account")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_the_pages_are_accessible_and_fit(
    open_context: Callable[..., BrowserContext], site: Site, width: int, scheme: str
) -> None:
    invitation(site.api)
    owner = person(site.api)
    body = {"name": "till screen", "rights": ["view"]}
    browser(site.api, owner).post("/api/v1/keys", json=body)
    context = open_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    sign_in(context, site.api, owner, site.url)
    page = context.new_page()
    for path in ("people", "stores", "keys", "account", "audit", "settings"):
        page.goto(f"/{path}")
        expect(page.get_by_role("heading", level=2).first).to_be_visible()
        require_fits(page)
        require_accessible(page)
