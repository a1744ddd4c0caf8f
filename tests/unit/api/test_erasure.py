"""Erasure: all of a stretch goes and nothing else, is shown no more, and the proof is signed."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from schemas.alerts import AlertClosed
from schemas.ids import evidence_key, segment_key
from services.api import audit
from services.api.erasure import proof
from services.chassis.errors import TransientError
from services.chassis.signing import public_text, signing_key
from services.chassis.storage.objects import MemoryObjects
from tests.unit.api.builders import CAMERA, CLIP_S, alert, at, configured, scored, segment
from tests.unit.api.conftest import Api
from tests.unit.api.test_uploads import MP4

SPAN = {"since": at(60).isoformat(), "until": at(120).isoformat()}
CLIPS = 300


def camera_with_a_past(api: Api) -> None:
    """Five minutes of scores, recordings of 50 seconds, an alert in the span and one after it."""
    api.project(configured(), *(scored(index, 0.5, source_id=CAMERA) for index in range(CLIPS)))
    for start_s in (0, 50, 100, 150):
        key = segment_key(CAMERA, at(start_s))
        api.put(key, f"segment {start_s}".encode())
        api.project(segment(start_s, 50, ended_at=at(start_s + 50), object_key=key))
    for opening in (70, 200):
        closed = raised(opening)
        api.project(closed)
        api.put(evidence_key(closed.alert_id), f"evidence {opening}".encode())


def raised(opening: int) -> AlertClosed:
    return alert(
        AlertClosed, opening=opening, source_id=CAMERA, source_kind="camera", reason="subsided"
    )


def asked(api: Api, **fields: Any) -> Any:
    entry = {"source_id": str(CAMERA), "reason": "Art. 17 GDPR"} | SPAN | fields
    return api.client.post("/api/v1/erasures", json=entry)


def carried_out(api: Api) -> None:
    while api.tools.erasing.turn() == 0.0:
        pass


def proven(api: Api, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    carried_out(api)
    view = api.client.get(answer.headers["location"]).json()
    assert view["state"] == "completed"
    key = public_text(signing_key(api.tools.settings.signing_key_file).public_key())
    return proof.checked(view["proof"].encode(), view["signature"], key)


@pytest.fixture
def shop(api: Api) -> Api:
    camera_with_a_past(api)
    return api


def test_all_of_the_stretch_goes_and_nothing_else(shop: Api) -> None:
    found = proven(shop, asked(shop))
    left = {info.key for info in shop.store.list("")}
    assert left == {
        segment_key(CAMERA, at(0)),
        segment_key(CAMERA, at(150)),
        evidence_key(raised(200).alert_id),
    }
    assert {each["object_key"]: each["sha256"] for each in found["objects"]} == {
        segment_key(CAMERA, at(start_s)): hashlib.sha256(b"segment %d" % start_s).hexdigest()
        for start_s in (50, 100)
    } | {evidence_key(raised(70).alert_id): hashlib.sha256(b"evidence 70").hexdigest()}
    assert found["rows"] == {"scores": 57, "alerts": 1, "segments": 2}
    assert found["alerts"] == [str(raised(70).alert_id)]


def test_scores_of_the_stretch_are_shown_no_more(shop: Api) -> None:
    asked(shop)
    address = f"/api/v1/sources/{CAMERA}/timeline"
    clips = shop.client.get(address, params={"resolution": "clip"}).json()["clips"]
    gone = [index for index in range(CLIPS) if (index + 1) * CLIP_S > 60 and index * CLIP_S < 120]
    assert [clip["index"] for clip in clips] == [n for n in range(CLIPS) if n not in gone]
    (head,) = shop.client.get(address, params={"resolution": "minute"}).json()["maxima"]["heads"]
    assert head["calibrated"][:4] == [0.5, None, 0.5, 0.5]
    assert shop.client.get(f"/api/v1/alerts/{raised(70).alert_id}").status_code == 404
    assert shop.client.get(f"/api/v1/alerts/{raised(200).alert_id}").status_code == 200


def test_a_replay_of_the_topics_brings_nothing_back(shop: Api) -> None:
    asked(shop)
    before = shop.client.get(f"/api/v1/sources/{CAMERA}/timeline").json()
    key = segment_key(CAMERA, at(100))
    shop.project(
        *(scored(index, 0.5, source_id=CAMERA) for index in range(CLIPS)),
        raised(70),
        segment(100, 60, ended_at=at(150), object_key=key),
    )
    assert shop.client.get(f"/api/v1/sources/{CAMERA}/timeline").json() == before
    recorded = shop.client.get(
        f"/api/v1/sources/{CAMERA}/recordings", params={"until": at(300).isoformat()}
    ).json()["items"]
    assert [stretch["since"] for stretch in recorded] == [
        f"{at(start_s):%Y-%m-%dT%H:%M:%SZ}" for start_s in (0, 150)
    ]


def test_what_comes_back_from_a_worker_is_swept_and_not_played(shop: Api) -> None:
    asked(shop)
    carried_out(shop)
    shop.put(segment_key(CAMERA, at(100)))
    stretch = {"from": at(90).isoformat(), "to": at(95).isoformat()}
    answer = shop.client.get(f"/api/v1/sources/{CAMERA}/media", params=stretch)
    assert (answer.status_code, "erased" in answer.json()["detail"]) == (404, True)
    shop.tools.erasing.sweep()
    assert segment_key(CAMERA, at(100)) not in {info.key for info in shop.store.list("")}


def test_all_of_a_camera_that_goes_on(shop: Api) -> None:
    proven(shop, asked(shop, since=None, until=None))
    assert list(shop.store.list("")) == []
    assert shop.client.get(f"/api/v1/cameras/{CAMERA}").status_code == 200
    assert shop.client.get(f"/api/v1/sources/{CAMERA}/timeline").json()["clips"] == []


def test_an_upload_goes_as_a_whole(api: Api) -> None:
    video = api.upload(MP4).json()["video_id"]
    found = proven(api, asked(api, source_id=video))
    assert [each["sha256"] for each in found["objects"]] == [hashlib.sha256(MP4).hexdigest()]
    assert api.client.get(f"/api/v1/videos/{video}").status_code == 404
    assert list(api.store.list("")) == []


def test_legal_hold_stops_it_and_is_named(shop: Api) -> None:
    name = raised(70).alert_id
    shop.client.patch(f"/api/v1/alerts/{name}", json={"held": True})
    answer = asked(shop)
    assert (answer.status_code, str(name) in answer.json()["detail"]) == (409, True)
    assert shop.client.get("/api/v1/erasures").json()["items"] == []
    assert shop.client.get(f"/api/v1/alerts/{name}").status_code == 200
    shop.client.patch(f"/api/v1/alerts/{name}", json={"held": False})
    assert asked(shop).status_code == 202


class Breaking(MemoryObjects):
    """Fails at every second deletion, before or after it."""

    count = 0

    def delete(self, key: str) -> None:
        self.count += 1
        if self.count % 3 == 1:
            raise TransientError("the store is away")
        super().delete(key)
        if self.count % 3 == 2:
            raise TransientError("the store went away")


def test_broken_off_anywhere_it_goes_on_and_keeps_the_digests(
    make_api: Callable[..., Api],
) -> None:
    api = make_api(store=Breaking())
    camera_with_a_past(api)
    answer = asked(api)
    for _ in range(50):
        try:
            if api.tools.erasing.turn() > 0:
                break
        except TransientError:
            continue
    found = proven(api, answer)
    assert len(found["objects"]) == 3
    assert all(each["sha256"] for each in found["objects"])


def test_the_proof_says_what_goes_when(shop: Api) -> None:
    found = proven(shop, asked(shop))
    places = {each["place"]: each["gone_by"] for each in found["remaining"]}
    assert places["poses.v1"] == (shop.clock.now() + timedelta(days=30)).isoformat()
    assert any("RECORDING_KEEP_H" in place for place in places)
    assert (found["asked_by"], found["reason"]) == ("machine", "Art. 17 GDPR")


def test_a_changed_proof_is_found_out(shop: Api) -> None:
    found = proven(shop, asked(shop))
    (view,) = shop.client.get("/api/v1/erasures").json()["items"]
    view = shop.client.get(f"/api/v1/erasures/{view['erasure_id']}").json()
    for forged in (json.dumps(found | {"reason": "x"}).encode(), b"{}", b"[1]"):
        with pytest.raises(proof.ForgedProof):
            proof.checked(forged, view["signature"])
    with pytest.raises(proof.ForgedProof, match="another key"):
        proof.checked(view["proof"].encode(), view["signature"], "AAAA")


def test_it_is_in_the_audit_log(shop: Api) -> None:
    proven(shop, asked(shop))
    with shop.engine.connect() as connection:
        rows = connection.execute(audit.audit_log.select()).mappings().all()
    assert [row["action"] for row in rows] == [
        "footage.erased",
        "erasure.completed",
        "erasure.viewed",
    ]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"source_id": str(uuid4())}, 404),
        ({"until": SPAN["since"]}, 422),
        ({"reason": ""}, 422),
        ({"since": 5}, 422),
    ],
)
def test_what_cannot_be_erased(shop: Api, fields: dict[str, Any], status: int) -> None:
    assert asked(shop, **fields).status_code == status


def test_the_duty_rests_when_nothing_is_to_be_done(api: Api) -> None:
    assert api.tools.erasing.turn() > 0
