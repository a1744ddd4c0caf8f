"""Files of weights: published sums hold, unpublished ones are remembered, errors say what to do."""

import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from services.features.weights import MODELS, FetchError, Model, Source
from services.features.weights.store import add, ensure, keep, missing, remembered, state, trusted

FILE = "vit_s_k710_dl_from_giant.pth"
MODEL = "videomae2_s_k710"


def test_a_missing_file_is_told_with_all_that_is_needed_to_have_it(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as caught:
        ensure(tmp_path, MODEL, FILE)
    text = str(caught.value)
    source = MODELS[MODEL].source(FILE)
    for fact in (FILE, f"{source.megabytes} MB", source.url, MODELS[MODEL].licence, str(tmp_path)):
        assert fact in text
    assert "no checksum" in text
    assert f"nightclerk weights pull {FILE}" in text
    assert f"nightclerk weights add {FILE}" in text


def test_a_published_checksum_is_told(tmp_path: Path) -> None:
    source = MODELS["i3d_k400"].sources[0]
    text = missing(tmp_path, MODELS["i3d_k400"], source)
    assert f"sha256 {source.sha256}" in text
    assert "package index" in text


def test_the_first_file_is_remembered_and_another_is_refused(tmp_path: Path) -> None:
    file = put(tmp_path / MODEL / FILE, b"weights")
    assert ensure(tmp_path, MODEL, FILE) == trusted(file)
    assert remembered(file.parent) == {FILE: sha256(b"weights").hexdigest()}
    file.write_bytes(b"other weights")
    with pytest.raises(FetchError, match="damaged or another file"):
        ensure(tmp_path, MODEL, FILE)


def test_a_published_checksum_outweighs_a_remembered_one(tmp_path: Path) -> None:
    file = put(tmp_path / "x.bin", b"weights")
    trusted(file)
    with pytest.raises(FetchError, match="damaged"):
        trusted(file, sha256(b"true weights").hexdigest())


def test_sha256sum_reads_what_is_remembered(tmp_path: Path) -> None:
    trusted(put(tmp_path / "a.bin", b"a"))
    trusted(put(tmp_path / "b c.bin", b"b"))
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0


def test_an_added_file_lies_where_its_model_looks(tmp_path: Path) -> None:
    stick = put(tmp_path / "stick" / FILE, b"weights")
    added = add(tmp_path / "cache", stick)
    assert added == ensure(tmp_path / "cache", MODEL, FILE)
    assert stick.exists()
    assert {path.name for path in added.path.parent.iterdir()} == {FILE, "SHA256SUMS"}


def test_adding_another_file_on_purpose_replaces_the_first(tmp_path: Path) -> None:
    add(tmp_path, put(tmp_path / "old" / FILE, b"old"))
    added = add(tmp_path, put(tmp_path / "new" / FILE, b"new"))
    assert ensure(tmp_path, MODEL, FILE).path.read_bytes() == b"new"
    assert added.sha256 == sha256(b"new").hexdigest()


def test_safetensors_stand_in_for_a_pickle_of_the_same_name(tmp_path: Path) -> None:
    add(tmp_path, put(tmp_path / "stick" / FILE, b"pickle"))
    safe = put((tmp_path / "stick" / FILE).with_suffix(".safetensors"), b"tensors")
    assert ensure(tmp_path, MODEL, FILE).path.read_bytes() == b"pickle"
    add(tmp_path, safe)
    assert ensure(tmp_path, MODEL, FILE).path.read_bytes() == b"tensors"
    add(tmp_path, put(tmp_path / "stick" / FILE, b"a later pickle"))
    assert ensure(tmp_path, MODEL, FILE).path.read_bytes() == b"a later pickle"


def test_a_file_that_no_model_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="no model uses a file called holiday"):
        add(tmp_path, put(tmp_path / "holiday.mp4", b""))


def test_a_file_with_another_sum_than_published_is_not_added(tmp_path: Path) -> None:
    name = MODELS["i3d_k400"].sources[0].name
    with pytest.raises(FetchError, match="published is"):
        add(tmp_path / "cache", put(tmp_path / name, b"something else"))
    assert list((tmp_path / "cache" / "i3d_k400").iterdir()) == []


def test_states(tmp_path: Path) -> None:
    source = Source("x.pt", 1)
    model = Model("x", "", "", "", (source,))
    assert state(tmp_path, model, source) == "missing"
    file = put(tmp_path / "x" / "x.pt", b"weights")
    assert state(tmp_path, model, source) == "here"
    trusted(file)
    file.write_bytes(b"weightz")
    assert state(tmp_path, model, source) == "changed"


def test_a_converted_file_is_kept_under_its_own_sum(tmp_path: Path) -> None:
    source = Source("x.tar.gz", 1, sha256="0" * 64, kept_as="x.safetensors")
    model = Model("x", "", "", "", (source,))
    trusted(put(tmp_path / "x" / "x.safetensors", b"converted"))
    assert state(tmp_path, model, source) == "here"


def test_a_file_keeps_its_place_until_the_new_one_is_known_to_be_right(tmp_path: Path) -> None:
    target = put(tmp_path / "x.pt", b"old")
    with pytest.raises(FetchError, match="published is"):
        keep(put(tmp_path / "x.pt.part", b"new"), target, Source("x.pt", 1, sha256="0" * 64))
    assert target.read_bytes() == b"old"


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
