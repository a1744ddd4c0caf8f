"""Models as an owner goes through them: registered, replayed, compared, put beside, live, and back;
and what stands beside: calibration, learning, dead letters.
"""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from schemas.alerts import AlertClosed
from schemas.calibrations import LearnedDay, ModelCalibration, SourceCalibrated
from schemas.replays import ReplayProgressed
from tests.unit.api import detectors, letters
from tests.unit.api.builders import CAMERA, alert, at, configured, scores
from tests.unit.api.conftest import NOW
from tests.waiting import wait_until
from tests.web.conftest import Site, require_accessible, require_fits

PAGES = ("models", "replays", "comparison", "calibration", "learning", "dead-letters")
OF_CAMERA = {"source_id": CAMERA, "source_kind": "camera"}


@pytest.fixture
def watching(site: Site) -> Site:
    """With a camera that was scored, and raised an alert, on the evening of 2026-05-01."""
    site.happens(configured("Till"), *scores(30, **OF_CAMERA))
    site.happens(alert(AlertClosed, 0.9, 10, **OF_CAMERA))
    return site


def a_replay(site: Site, detector: str) -> str:
    body = {"since": "2026-05-01T22:00:00Z", "until": "2026-05-01T23:00:00Z", "detector": detector}
    answer = site.api.client.post("/api/v1/replays", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["run"])


def finished(run: str) -> ReplayProgressed:
    content = {"run": run, "state": "done", "windows_planned": 15, "windows": 15, "clips": 30}
    content |= {"alerts": 1, "progressed_at": NOW + timedelta(seconds=9), "elapsed_s": 2}
    return ReplayProgressed.model_validate(content)


def test_a_detector_is_registered_by_its_zip(page: Page, site: Site) -> None:
    page.goto("/models")
    expect(page.get_by_role("link", name="default", exact=True)).to_be_visible()
    content = detectors.zipped(detectors.files())
    zipped = {"name": "night.zip", "mimeType": "application/zip", "buffer": content}
    page.get_by_label("Zips of detectors").set_input_files([zipped])
    expect(page.get_by_role("heading", name="night v1")).to_be_visible()
    page.get_by_label("Note").fill("taught in May")
    page.get_by_role("button", name="Save").click()
    wait_until(lambda: _model(site)["note"] == "taught in May")


def _model(site: Site) -> dict[str, object]:
    items = site.api.client.get("/api/v1/models").json()["items"]
    found: dict[str, object] = items[0]
    return found


def test_it_goes_from_replay_to_live_and_back(page: Page, watching: Site) -> None:
    detector = detectors.registered(watching.api, name="night")
    run = a_replay(watching, detector)
    page.goto(f"/replays/{run}")
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
    again = alert(AlertClosed, 0.95, 20, run=run, **OF_CAMERA)
    watching.happens(*scores(30, run=run, **OF_CAMERA), again, finished(run))
    expect(page.get_by_text("Done", exact=True)).to_be_visible()

    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page.get_by_role("heading", name="What differs")).to_be_visible()
    page.get_by_role("button", name="Lost 1").click()
    expect(page.get_by_role("link", name="The alert")).to_be_visible()

    page.get_by_label("From", exact=True).fill("2026-05-01T22:00")
    page.get_by_label("Until", exact=True).fill("2026-05-01T22:00")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The stretch ends before it begins.")).to_be_visible()
    page.get_by_label("Until", exact=True).fill("2026-05-01T22:30")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Lost 1")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Until", exact=True)).to_have_value("2026-05-01T22:30")

    page.goto(f"/models/{detector}")
    page.get_by_role("button", name="Let it look on").click()
    page.get_by_role("dialog").get_by_role("button", name="Let it look on").click()
    expect(page.get_by_text("Looking on").first).to_be_visible()

    page.goto(f"/models/{detector}?promote={run}")
    dialog = page.get_by_role("dialog", name="Make night v1 live")
    expect(dialog.get_by_text("Gained")).to_be_visible()
    dialog.get_by_role("button", name="Make it live").click()
    expect(dialog).to_be_hidden()

    page.goto("/models")
    page.get_by_role("button", name="Roll back").click()
    page.get_by_role("dialog", name="Roll night v1 back?").get_by_role(
        "button", name="Roll back"
    ).click()
    expect(page.get_by_text("Rolled back", exact=True)).to_be_visible()
    history = watching.api.client.get("/api/v1/deployments/history").json()["items"]
    acts = [each["action"] for each in history]
    assert acts[0] == "rolled_back"
    assert "promoted" in acts


def test_a_dead_letter_is_shown_and_put_on_its_topic_again(page: Page, site: Site) -> None:
    (letter_id,) = letters.collect(site.api, letters.letter())
    page.goto("/dead-letters")
    page.get_by_role("button", name="Show scores.v1 3:41").click()
    expect(page.get_by_text("The record is no message at all.")).to_be_visible()
    page.get_by_label("Pick all that are shown").check()
    page.get_by_role("button", name="Replay").first.click()
    expect(page.get_by_text("No dead letters")).to_be_visible()
    assert letters.state_of(site.api, letter_id)[0] == "replayed"


def test_a_missed_event_is_reported_and_taken_back(page: Page, watching: Site) -> None:
    page.goto("/learning")
    page.get_by_role("button", name="Report a missed event").click()
    dialog = page.get_by_role("dialog", name="Report a missed event")
    dialog.get_by_label("What happened").fill("theft")
    dialog.get_by_label("From").fill("2026-05-01T22:00:10")
    dialog.get_by_role("button", name="Report", exact=True).click()
    expect(dialog).to_be_hidden()
    row = page.get_by_role("list", name="Reported and marked")
    expect(row.get_by_text("Theft")).to_be_visible()
    row.get_by_role("button", name="Take back").click()
    question = page.get_by_role("dialog", name="Take the mark back?")
    question.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Nothing was reported yet.")).to_be_visible()
    assert watching.api.client.get("/api/v1/missed-events").json()["items"] == []


def test_what_a_camera_learned_is_seen(page: Page, watching: Site) -> None:
    watching.happens(calibrated(CAMERA))
    page.goto("/calibration")
    expect(page.get_by_text("Above its budget")).to_be_visible()
    page.get_by_role("link", name="Till").click()
    expect(page.get_by_role("img", name="Marks over the days: Possible fight")).to_be_visible()
    expect(page.get_by_text("It raises more alarms than its budget")).to_be_visible()


def calibrated(source_id: UUID) -> SourceCalibrated:
    first = date(2026, 4, 20)
    days = [
        LearnedDay(day=first + timedelta(days=n), level=0.7, usual=0.3, alarms=n, mark=0.75)
        for n in range(10)
    ]
    content = {"run": "live", "model_id": "linear-fight", "rule": "fight", "since": first}
    content |= {"label": "Possible fight", "budget_per_day": 1.0, "entered": 0.75, "by_days": 0.78}
    content |= {"in_force": 0.8, "furthest": 0.875, "days": days}
    content |= {"drift": "alarms", "drift_since": first}
    models = (ModelCalibration.model_validate(content),)
    return SourceCalibrated(source_id=source_id, models=models, changed_at=at(0))


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_pages_fit_and_are_accessible(
    open_context: Callable[..., BrowserContext], watching: Site, width: int, scheme: str
) -> None:
    detector = detectors.registered(watching.api, name="night")
    run = a_replay(watching, detector)
    watching.happens(*scores(30, run=run, **OF_CAMERA), finished(run), calibrated(CAMERA))
    letters.collect(watching.api, letters.letter())
    page = open_context(color_scheme=scheme, viewport={"width": width, "height": 800}).new_page()
    more = (f"models/{detector}", f"replays/{run}", f"comparison?run={run}")
    for path in (*PAGES, *more, f"cameras/{CAMERA}?tab=calibration"):
        page.goto(f"/{path}", wait_until="networkidle")
        require_fits(page)
        require_accessible(page)
