"""What is taken for a detector, and in which sentence all else is refused."""

import hashlib
import io
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import pytest

from services.api.models.builtin import builtins
from services.api.models.packages import pack, repack
from services.api.models.zips import BadPackage
from services.rules.cards import detector_id
from services.rules.folders import DEFAULT
from services.scoring.cards import read_cards
from tests.unit.api.detectors import RULE, card, files, weights, zipped

FALL = RULE.model_copy(update={"name": "fall"})


def repacked(content: bytes, out: Path, most_bytes: int = 10**6) -> Any:
    return repack(io.BytesIO(content), out / "kept.zip", most_bytes)


def names(path: Path) -> list[str]:
    with ZipFile(path) as archive:
        return archive.namelist()


def test_one_head_lies_at_the_root_whatever_surrounds_it(tmp_path: Path) -> None:
    package = repacked(zipped(files(folder="home/me/night/") | {"notes.txt": b"x"}), tmp_path)
    assert package.detector == card().model_id
    assert names(tmp_path / "kept.zip") == ["model.json", "weights.safetensors"]


def test_several_heads_lie_side_by_side_in_the_order_of_their_names(tmp_path: Path) -> None:
    content = files(1, "x/fight/") | files(2, "x/fall/", rule=FALL)
    package = repacked(zipped(content), tmp_path)
    ids = card(2, rule=FALL).model_id, card(1).model_id
    assert package.detector == detector_id(ids)
    assert names(tmp_path / "kept.zip")[::2] == ["fall/model.json", "fight/model.json"]


def test_the_same_detector_is_the_same_bytes_whoever_packed_it(tmp_path: Path) -> None:
    given = files(1, "fight/") | files(2, "fall/", rule=FALL)
    other = {f"around/{name}": data for name, data in reversed(given.items())} | {"a": b"b"}
    digests = []
    for content in (given, other):
        repacked(zipped(content), tmp_path)
        digests.append(hashlib.sha256((tmp_path / "kept.zip").read_bytes()).hexdigest())
    assert digests[0] == digests[1]


def test_the_shipped_detector_is_packed_and_has_the_id_that_scoring_gives_it(
    tmp_path: Path,
) -> None:
    pack(DEFAULT, tmp_path / "default.zip")
    package = repacked((tmp_path / "default.zip").read_bytes(), tmp_path)
    assert (tmp_path / "kept.zip").read_bytes() == (tmp_path / "default.zip").read_bytes()
    cards = read_cards(DEFAULT)
    assert package.detector == detector_id(tuple(each.model_id for each in cards))
    assert [built.detector for built in builtins("")] == [package.detector]


def linked() -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        info = ZipInfo("model.json")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    return packed.getvalue()


def damaged() -> bytes:
    content = zipped({"model.json": files()["model.json"], "weights.safetensors": bytes(5000)})
    return content[:60] + b"\xff" * 40 + content[100:]


def carded(**fields: Any) -> dict[str, bytes]:
    plain = json.loads(card().model_dump_json()) | fields
    return files() | {"model.json": json.dumps(plain).encode()}


def of_weights(data: bytes) -> dict[str, bytes]:
    sha256 = hashlib.sha256(data).hexdigest()
    return carded(weights_sha256=sha256) | {"weights.safetensors": data}


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"no zip at all", "cannot be read"),
    "damaged": (damaged, "cannot be read"),
    "empty": (lambda: zipped({}), "holds no model.json"),
    "out of it": (lambda: zipped(files(folder="../")), "leads out"),
    "absolute": (lambda: zipped(files(folder="/tmp/")), "leads out"),
    "a link": (linked, "is a link"),
    "too large": (lambda: zipped(files() | {"big": bytes(2 * 10**6)}), "larger than 1000000"),
    "no weights": (lambda: zipped({"model.json": files()["model.json"]}), "is missing"),
    "other weights": (
        lambda: zipped(files() | {"weights.safetensors": weights(9)}),
        "another sha256",
    ),
    "no tensors": (lambda: zipped(of_weights(b"pickle" * 9)), "no file of safetensors"),
    "cut short": (lambda: zipped(of_weights(weights()[:-1])), "no file of safetensors"),
    "no card": (lambda: zipped(files() | {"model.json": b"{}"}), "no card of a head: head:"),
    "no JSON": (lambda: zipped(files() | {"model.json": b"\xff"}), "no card of a head"),
    "unknown head": (lambda: zipped(carded(head="oracle")), "unknown head 'oracle'"),
    "calibration": (
        lambda: zipped(carded(calibration={"raw": [1, 0], "calibrated": [0, 1]})),
        "increase strictly",
    ),
    "backbones": (
        lambda: zipped(files(1, "a/") | files(2, "b/", rule=FALL, backbone="other")),
        "different backbones",
    ),
    "rules": (lambda: zipped(files(1, "a/") | files(2, "b/")), "a rule called 'fight'"),
    "nested": (
        lambda: zipped(files(1, "a/") | files(2, "b/c/", rule=FALL)),
        "heads lie side by side",
    ),
    "many heads": (
        lambda: zipped(
            {
                name: data
                for n in range(17)
                for name, data in files(
                    n, f"h{n}/", rule=RULE.model_copy(update={"name": f"r{n}"})
                ).items()
            }
        ),
        "16 heads at most",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_all_else_is_refused_in_a_sentence(what: str, tmp_path: Path) -> None:
    make, sentence = REFUSED[what]
    with pytest.raises(BadPackage) as caught:
        repacked(make(), tmp_path)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")
