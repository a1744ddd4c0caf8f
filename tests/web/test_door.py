"""How people come in: set-up with its self-check, sign-in with a second factor, invitation, reset;
and how they are sent out again.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pyotp
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from schemas import ids
from schemas.alerts import AlertOpened
from services.api.access import passwords, totp
from services.api.access.users import NewUser
from tests.unit.api.builders import alert, scored
from tests.unit.api.conftest import Api
from tests.unit.api.people import browser, person
from tests.unit.api.test_joining import TOKEN, setup_url
from tests.unit.api.test_login import WORDS
from tests.web.conftest import PATIENCE_MS, Site, require_accessible, require_fits, served
from tests.web.world import sign_in

SETTINGS = {"secret_key": "long and random", "api_token": TOKEN, "api_open_until_sign_up": True}


@pytest.fixture
def site(make_api: Callable[..., Api]) -> Iterator[Site]:
    """One to which somebody may sign up."""
    with served(make_api(**SETTINGS)) as site:
        yield site


@pytest.fixture(scope="session")
def stored() -> str:
    with ThreadPoolExecutor(1) as pool:  # the browser has a loop in this thread
        return pool.submit(lambda: asyncio.run(passwords.hashed(WORDS))).result()


def enter(page: Page, user: NewUser, password: str = WORDS) -> None:
    page.get_by_label("Mail address").fill(user.email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def link(site: Site, kind: str) -> str:
    """The path of a link of ours: setup or invitation."""
    if kind == "setup":
        url = setup_url(site.api) or ""
    else:
        owner = browser(site.api, person(site.api))
        body = {"email": "new@shop.example", "role": "viewer"}
        url = owner.post("/api/v1/invitations", json=body).json()["url"]
    return "/" + url.split("/", 3)[3]


def cameras(site: Site) -> list[UUID]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    found = site.api.client.get("/api/v1/cameras", headers=headers).json()["items"]
    return [UUID(camera["source_id"]) for camera in found]


def test_the_whole_set_up_from_the_link_to_the_self_check(page: Page, site: Site) -> None:
    page.goto(link(site, "setup"))
    page.get_by_label("Your name").fill("Kim Minji")
    page.get_by_label("Mail address").fill("minji@shop.example")
    page.get_by_label("Password").fill(WORDS)
    page.get_by_role("button", name="Create the owner").click()

    steps = page.get_by_role("navigation", name="Steps")
    page.get_by_label("Name of the store").fill("Station Road")
    page.get_by_label("Time zone").select_option("Asia/Seoul")
    page.get_by_label("Opening hours", exact=True).select_option("hours")
    page.get_by_label("Monday, from").fill("22:00")
    page.get_by_label("Monday, until").fill("06:00")
    expect(page.get_by_text("ends the next day")).to_be_visible()
    page.get_by_role("button", name="Save and go on").click()

    expect(page.get_by_label("Name of the camera")).to_be_visible()
    page.get_by_role("link", name="Skip this").click()
    expect(steps.get_by_role("listitem").nth(2)).to_contain_text("Skipped")
    steps.get_by_role("link", name="Camera").click()

    page.get_by_label("Name of the camera").fill("Till 1")
    page.get_by_label("Address").fill("rtsp://192.168.1.20/stream2")
    page.get_by_role("button", name="Add the camera").click()
    expect(page.get_by_text("Till 1")).to_be_visible()
    page.get_by_role("link", name="Go on").click()
    expect(steps.get_by_role("listitem")).to_have_text(
        ["✓Owner", "✓Store", "✓Camera", "4Self-check"]
    )

    till = cameras(site)
    with page.expect_websocket(lambda socket: "scores" in socket.url) as line:
        page.get_by_role("button", name="Begin the self-check").click()
    line.value.wait_for_event("framereceived")
    expect(page.get_by_role("listitem").filter(has_text="Pictures scored")).to_contain_text(
        "Waiting"
    )
    (simulated,) = set(cameras(site)) - set(till)
    opened = alert(AlertOpened, source_id=simulated)
    site.happens(scored(0, source_id=simulated), opened)
    site.api.put(ids.snapshot_key(opened.alert_id))
    expect(page.get_by_text("Everything works")).to_be_visible()
    assert cameras(site) == till

    page.get_by_role("link", name="To the overview").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    stores = browser(site.api, person(site.api)).get("/api/v1/stores").json()["items"]
    assert [(shop["name"], shop["hours"]["time_zone"]) for shop in stores] == [
        ("Station Road", "Asia/Seoul")
    ]
    assert stores[0]["hours"]["open"]["monday"] == [{"start": "22:00", "end": "06:00"}]


def test_a_second_factor_asks_for_its_code_and_leads_to_where_one_wanted(
    page: Page, site: Site, stored: str
) -> None:
    user = person(site.api, password_hash=stored)
    with site.api.engine.begin() as connection:
        secret = totp.begin(connection, site.api.tools.sealing, user.user_id)
        now = site.api.clock.now()
        code = pyotp.TOTP(secret).at(now)
        recovery = totp.confirm(connection, site.api.tools.sealing, user.user_id, code, now)
    page.goto("/no/such/page?of=mine")
    page.goto("/setup?step=check")
    enter(page, user, "not the password")
    expect(page.get_by_role("alert")).to_have_text("Mail address or password is wrong.")
    page.get_by_label("Password", exact=True).fill(WORDS)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Code of your authenticator")).to_be_focused()
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("was used already")
    page.get_by_label("Code of your authenticator").fill(recovery[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Self-check")).to_be_visible()


def test_whoever_is_signed_out_elsewhere_is_sent_to_the_door_and_comes_back(
    page: Page, site: Site, stored: str
) -> None:
    user = person(site.api, password_hash=stored)
    sign_in(page.context, site.api, user, site.url)
    page.goto("/setup?step=camera")
    expect(page.get_by_role("heading", name="Camera")).to_be_visible()
    elsewhere = browser(site.api, user)
    for login in elsewhere.get("/api/v1/me/sessions").json()["items"]:
        if not login["is_current"]:
            elsewhere.delete(f"/api/v1/me/sessions/{login['session_id']}")
    door = page.get_by_role("button", name="Sign in", exact=True)
    expect(door).to_be_visible(timeout=PATIENCE_MS)
    enter(page, user)
    expect(page.get_by_role("heading", name="Camera")).to_be_visible()


def test_an_invited_viewer_joins_by_keyboard_alone(page: Page, site: Site) -> None:
    page.goto(link(site, "invitation"))
    expect(page.get_by_text("invites you to Nightclerk. Your role: Viewer.")).to_be_visible()
    page.get_by_label("Your name").focus()
    page.keyboard.type("Lee Jun")
    page.keyboard.press("Tab")
    page.keyboard.type(WORDS)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_role("button", name="Your menu")).to_have_text("Lee Jun")


def test_a_link_that_is_worth_nothing_says_so_and_leads_on(page: Page, site: Site) -> None:
    person(site.api)
    page.goto("/invitation/gAAAA")
    expect(page.get_by_role("alert")).to_contain_text("This link is not valid.")
    page.get_by_role("link", name="I have a login already").click()
    page.get_by_role("link", name="Forgot your password?").click()
    expect(page.get_by_role("heading", name="Another password")).to_be_visible()
    page.get_by_label("Mail address").fill("nobody@shop.example")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("status")).to_contain_text("nobody@shop.example")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_the_door_is_accessible_and_fits(
    open_context: Callable[..., BrowserContext], site: Site, width: int, scheme: str
) -> None:
    setup, invited = link(site, "setup"), link(site, "invitation")
    size = {"width": width, "height": 800}
    context = open_context(color_scheme=scheme, viewport=size)
    page = context.new_page()
    for path in (setup, invited, "/sign-in", "/reset/forgotten", "/reset/gAAAA"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        require_fits(page)
        require_accessible(page)
    sign_in(context, site.api, person(site.api), site.url)
    for step in ("store", "camera", "check"):
        page.goto(f"/setup?step={step}")
        expect(page.get_by_role("heading", level=2)).to_be_visible()
        require_fits(page)
        require_accessible(page)
