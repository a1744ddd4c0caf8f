"""Packs and stills of an alert over HTTP."""

import io
from pathlib import Path

import pytest

from schemas.alerts import AlertOpened
from schemas.ids import evidence_key, evidence_prefix, montage_key
from services.alerts.pack.sealing import Sealing
from services.alerts.pack.verifying import verify
from services.chassis.clock import ManualClock
from services.chassis.signing import public_text
from tests.unit.alerts.room import KEY
from tests.unit.api.builders import alert, configured
from tests.unit.api.conftest import Api

ABOUT = alert(AlertOpened)
URL = f"/api/v1/alerts/{ABOUT.alert_id}"


@pytest.fixture
def sealed(api: Api) -> Api:
    """An alert with its evidence, as the alerts service leaves it."""
    api.project(configured(source_kind="upload", source_id=ABOUT.source_id), ABOUT)
    prefix = evidence_prefix(ABOUT.alert_id)
    for name in ("snapshot.jpg", "evidence.mp4", "montage.jpg", "enhanced.jpg"):
        api.put(prefix + name, name.encode() * 1000)
    Sealing(api.store, KEY, ManualClock()).seal(ABOUT, "Till 1")
    return api


def test_a_pack_is_what_was_signed(sealed: Api, tmp_path: Path) -> None:
    answer = sealed.client.get(f"{URL}/pack")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    path = tmp_path / "pack.zip"
    path.write_bytes(answer.content)
    found = verify(path, public_text(KEY.public_key()))
    assert sorted(found.manifest.files) == [
        "alert.json",
        "enhanced.jpg",
        "evidence.mp4",
        "montage.jpg",
        "snapshot.jpg",
    ]
    assert sealed.client.get(f"{URL}/pack").content == answer.content


def test_nothing_is_left_on_the_disk(
    sealed: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    assert sealed.client.get(f"{URL}/pack").status_code == 200
    sealed.store.delete(montage_key(ABOUT.alert_id))
    assert sealed.client.get(f"{URL}/pack").status_code == 404
    assert list(folder.iterdir()) == []


def test_evidence_that_is_made_anew_is_waited_for(sealed: Api) -> None:
    sealed.store.put(evidence_key(ABOUT.alert_id), io.BytesIO(b"newer"), "video/mp4")
    answer = sealed.client.get(f"{URL}/pack")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


def test_an_alert_without_evidence_has_no_pack(api: Api) -> None:
    api.project(configured(source_kind="upload", source_id=ABOUT.source_id), ABOUT)
    answer = api.client.get(f"{URL}/pack")
    assert answer.status_code == 404
    assert "no signed evidence" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["montage", "enhanced"])
def test_stills_are_pictures(sealed: Api, name: str) -> None:
    answer = sealed.client.get(f"{URL}/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.content == f"{name}.jpg".encode() * 1000


@pytest.mark.parametrize("name", ["pack", "montage", "enhanced"])
def test_an_alert_nobody_knows_has_nothing(api: Api, name: str) -> None:
    assert api.client.get(f"{URL}/{name}").status_code == 404
