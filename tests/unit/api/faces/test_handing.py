"""Evidence with blurred faces over HTTP: who gets it, what is left of the original."""

import io
import json
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest

from schemas.alerts import AlertOpened
from schemas.ids import evidence_key, evidence_prefix, heads_key, snapshot_key
from services.alerts.pack.sealing import Sealing
from services.alerts.pack.verifying import verify
from services.api.auth import authenticated
from services.api.principal import RIGHTS, Actor, Principal, Role
from services.chassis.clock import ManualClock
from services.chassis.media.jpeg import Jpeg, of_rgb, to_rgb
from services.chassis.signing import public_text, signing_key
from tests.unit.alerts.room import KEY
from tests.unit.api.builders import alert, configured
from tests.unit.api.conftest import Api

ABOUT = alert(AlertOpened, source_kind="camera")
URL = f"/api/v1/alerts/{ABOUT.alert_id}"
HEAD = (0.25, 0.25, 0.5, 0.5)
SIZE = 320, 192
SECRET = "filmed by somebody"


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)


def video(path: Path) -> bytes:
    """Two seconds that tell who filmed them, with noise in which nothing moves."""
    with av.open(str(path), "w", format="mp4") as output:
        output.metadata["comment"] = SECRET
        stream = output.add_stream("libx264", rate=10, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for _ in range(20):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(noise(1), format="rgb24")))
        output.mux(stream.encode(None))
    return path.read_bytes()


@pytest.fixture
def shop(api: Api, tmp_path: Path) -> Api:
    """An alert with sealed evidence, and a head that was seen on it."""
    api.project(configured(source_id=ABOUT.source_id, tenant_id=Principal().home), ABOUT)
    api.put(evidence_key(ABOUT.alert_id), video(tmp_path / "original.mp4"))
    api.put(snapshot_key(ABOUT.alert_id), of_rgb(noise(1)).content)
    looks = [{"at_s": n / 5, "heads": [HEAD]} for n in range(12)]
    heads = {"format": "nightclerk-heads/1", "starts_at_s": ABOUT.peak_s - 1, "frames": looks}
    api.put(heads_key(ABOUT.alert_id), json.dumps(heads).encode())
    for name in ("montage.jpg", "enhanced.jpg"):
        api.put(evidence_prefix(ABOUT.alert_id) + name)
    Sealing(api.store, KEY, ManualClock()).seal(ABOUT, "Till 1")
    return api


def pictures(content: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(content)) as opened:
        assert [one.type for one in opened.streams] == ["video"]
        return [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]


def is_hidden(picture: np.ndarray) -> bool:
    """The head, and nothing beside it."""
    head, beside = picture[54:90, 88:152], picture[110:180, 170:300]
    assert beside.astype(float).std() > 30
    return bool(head.astype(float).std() < 20)


def asks_as(api: Api, role: Role) -> None:
    actor = Actor("user", None, f"{role}@example.org")
    who = Principal(tenant_id=Principal().home, rights=RIGHTS[role], actor=actor)
    api.client.app.dependency_overrides[authenticated] = lambda: who  # type: ignore[attr-defined]


def set_rule(api: Api, who: str) -> None:
    answer = api.client.put("/api/v1/face-rule", json={"blurred_for": who})
    assert (answer.status_code, answer.json()["blurred_for"]) == (200, who)


def test_the_snapshot(shop: Api) -> None:
    shown = shop.client.get(f"{URL}/snapshot").content
    hidden = shop.client.get(f"{URL}/snapshot", params={"faces": "blurred"}).content
    assert not is_hidden(to_rgb(Jpeg(shown, 0, 0)))
    assert is_hidden(to_rgb(Jpeg(hidden, 0, 0)))


def test_every_picture_of_the_video_and_nothing_of_the_original(shop: Api) -> None:
    answer = shop.client.get(f"{URL}/evidence", params={"faces": "blurred"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    assert SECRET.encode() not in answer.content
    shown = pictures(answer.content)
    assert len(shown) == 20
    assert all(map(is_hidden, shown))
    part = shop.client.get(
        f"{URL}/evidence", params={"faces": "blurred"}, headers={"Range": "bytes=0-9"}
    )
    assert (part.status_code, part.content) == (206, answer.content[:10])


def test_where_no_pose_network_looked_all_is_hidden(shop: Api) -> None:
    shop.store.delete(heads_key(ABOUT.alert_id))
    answer = shop.client.get(f"{URL}/evidence", params={"faces": "blurred"})
    assert all(one.astype(float).std() < 20 for one in pictures(answer.content))


def test_a_pack_is_signed_and_says_of_what_it_was_made(shop: Api, tmp_path: Path) -> None:
    answer = shop.client.get(f"{URL}/pack", params={"faces": "blurred"})
    path = tmp_path / "pack.zip"
    path.write_bytes(answer.content)
    key = public_text(signing_key(shop.tools.settings.signing_key_file).public_key())
    found = verify(path, key)
    assert sorted(found.manifest.files) == ["alert.json", "evidence.mp4", "snapshot.jpg"]
    with zipfile.ZipFile(path) as archive:
        words = json.loads(archive.read("alert.json"))
        assert all(map(is_hidden, pictures(archive.read("evidence.mp4"))))
        assert is_hidden(to_rgb(Jpeg(archive.read("snapshot.jpg"), 0, 0)))
    assert (words["faces"], len(words["manifest_of_original_sha256"])) == ("hidden", 64)


@pytest.mark.parametrize(
    ("who", "role", "hidden"),
    [
        ("nobody", "viewer", False),
        ("viewers", "viewer", True),
        ("viewers", "operator", False),
        ("everybody", "owner", True),
    ],
)
def test_by_the_rule_whatever_they_ask_for(shop: Api, who: str, role: Role, hidden: bool) -> None:
    shop.put(snapshot_key(ABOUT.alert_id), of_rgb(noise(1)).content)
    set_rule(shop, who)
    asks_as(shop, role)
    answer = shop.client.get(f"{URL}/snapshot", params={"faces": "shown"})
    assert is_hidden(to_rgb(Jpeg(answer.content, 0, 0))) is hidden
    expected = 404 if hidden else 200
    for name in ("montage", "enhanced"):
        assert shop.client.get(f"{URL}/{name}").status_code == expected
    assert (shop.client.get(URL).json()["evidence_url"] is None) is hidden
    files = zipfile.ZipFile(io.BytesIO(shop.client.get(f"{URL}/pack").content)).namelist()
    assert ("montage.jpg" in files) is not hidden


def test_a_video_that_cannot_be_read_is_said(shop: Api) -> None:
    shop.put(evidence_key(ABOUT.alert_id), b"no video")
    answer = shop.client.get(f"{URL}/evidence", params={"faces": "blurred"})
    assert (answer.status_code, "hidden" in answer.json()["detail"]) == (404, True)


def test_an_erasure_leaves_no_copy(shop: Api) -> None:
    shop.client.get(f"{URL}/evidence", params={"faces": "blurred"})
    entry = {"source_id": str(ABOUT.source_id), "reason": "Art. 17 GDPR"}
    assert shop.client.post("/api/v1/erasures", json=entry).status_code == 202
    assert shop.client.get(f"{URL}/evidence", params={"faces": "blurred"}).status_code == 404
    folder = shop.tools.hidden_copies.folder
    assert list(folder.glob("*")) == []


def test_a_removal_leaves_no_copy(shop: Api) -> None:
    shop.client.get(f"{URL}/evidence", params={"faces": "blurred"})
    folder = shop.tools.hidden_copies.folder
    assert len(list(folder.glob("*"))) == 1
    assert shop.client.delete(f"/api/v1/cameras/{ABOUT.source_id}").status_code == 204
    assert list(folder.glob("*")) == []


def test_a_copy_is_made_once(shop: Api) -> None:
    first = shop.client.get(f"{URL}/evidence", params={"faces": "blurred"})
    again = shop.client.get(f"{URL}/evidence", params={"faces": "blurred"})
    assert first.headers["etag"] == again.headers["etag"]
