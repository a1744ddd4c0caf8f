"""Evidence cut out of an uploaded video."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from sqlalchemy import Engine

from schemas.ids import evidence_key, snapshot_key
from services.alerts.core.spans import Evidence, Span
from services.alerts.footage import FootageUnusable, PaintedFootage, UploadedObject
from services.chassis.storage.objects import MemoryObjects
from tests.unit.alerts.evidence import EvidenceCase
from tests.unit.alerts.room import Station, alert, read_time, store_with, video


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return video(tmp_path_factory.mktemp("video") / "video.mp4")


@pytest.fixture
def case(engine: Engine) -> EvidenceCase:
    return EvidenceCase(Station(engine))


def uploaded(store: MemoryObjects) -> UploadedObject:
    return UploadedObject(store)


def test_an_uploaded_video_shows_the_moment_of_the_alert(content: bytes, engine: Engine) -> None:
    station = Station(engine)
    station.store = store_with(content)
    case = EvidenceCase(station, uploaded(station.store))
    about = alert(start_s=8.0, end_s=9.0, peak_s=8.5)
    case.wants(about)
    case.work_until_idle()
    assert case.present(about) == Evidence(8.5, Span(3.0, 14.0))
    picture: Any = simplejpeg.decode_jpeg(station.store.get(snapshot_key(about.alert_id)))
    assert read_time(picture) == pytest.approx(8.5, abs=0.3)
    cut = store_with(station.store.get(evidence_key(about.alert_id)))
    with uploaded(cut).open(about, Span(0, 1)) as stretch:
        assert read_time(stretch.picture(0.0)) == pytest.approx(3.0, abs=0.3)
        assert read_time(stretch.picture(999.0)) == pytest.approx(13.96, abs=0.3)


@pytest.mark.parametrize(
    ("store", "sentence"),
    [
        (MemoryObjects(), "the video is gone"),
        (store_with(b"not a video at all" * 50), "the video cannot be used"),
    ],
)
def test_an_upload_that_is_no_use_is_unusable(store: MemoryObjects, sentence: str) -> None:
    with (
        pytest.raises(FootageUnusable, match=sentence),
        uploaded(store).open(alert(), Span(0, 1)),
    ):
        pass


def test_nothing_is_left_on_the_disk(
    case: EvidenceCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    case.wants(alert())
    case.work_until_idle()
    assert list(folder.iterdir()) == []


def test_a_grey_picture_says_its_second() -> None:
    with PaintedFootage().open(alert(), Span(0, 1)) as stretch:
        assert np.unique(stretch.picture(7.0)).tolist() == [7]
