"""Before anything starts: every service's settings, each as its process will read them."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.local import LocalRuntimeError
from services.local.check import faults_of, heads_without_network, require, silence_of

HERE = {"NIGHTCLERK_DATABASE_URL": "sqlite://"}


@pytest.fixture(autouse=True)
def environment_stays() -> Iterator[None]:
    """The functions below set the environment, as a process of their own may."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize(
    ("service", "name", "value", "sentence"),
    [
        ("ingest", "MAX_PIXELS", "many", "NIGHTCLERK_MAX_PIXELS is 'many'"),
        ("ingest", "KAFKA_BOOTSTRAP", "kafka", "'kafka': it must be host:port, or several"),
        ("ingest", "S3_ENDPOINT", "minio:9000", "'minio:9000': it must be http(s)://host:port"),
        ("ingest", "LOG_LEVEL", "LOUD", "'LOUD': it must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("features", "ENGINE", "steam", "NIGHTCLERK_ENGINE is 'steam': it must be 'auto'"),
        ("features", "BACKBONE", "vgg", "NIGHTCLERK_BACKBONE is 'vgg': it must be one of i3d"),
        ("alerts", "SMTP_PORT", "99999", "NIGHTCLERK_SMTP_PORT is '99999'"),
        ("api", "API_HOST", "0.0.0.0", "set NIGHTCLERK_API_TOKEN"),
        ("api", "API_TOKN", "x", "did you mean NIGHTCLERK_API_TOKEN?"),
    ],
)
def test_a_service_that_would_end_with_its_settings_is_told_of(
    service: str, name: str, value: str, sentence: str
) -> None:
    (fault,) = faults_of([(service, {f"NIGHTCLERK_{name}": value})])
    assert sentence in fault


def test_what_several_services_complain_of_is_said_once() -> None:
    misspelled = {"NIGHTCLERK_BACKBON": "i3d_k400"}
    assert len(faults_of([("ingest", misspelled), ("api", misspelled)])) == 1


@pytest.mark.parametrize(
    ("backbone", "file"),
    [
        ("videomae2_b_k710", "vit_b_k710_dl_from_giant.pth"),
        ("yolov8_pose", "yolov8s-pose.pt"),
    ],
)
def test_missing_weights_are_told_before_anything_starts(
    tmp_path: Path, backbone: str, file: str
) -> None:
    chosen = {
        "NIGHTCLERK_BACKBONE": backbone,
        "NIGHTCLERK_POSE_MODEL": "s",
        "NIGHTCLERK_CACHE_DIR": str(tmp_path),
    }
    (fault,) = faults_of([("features", chosen)])
    assert f"nightclerk weights pull {file}" in fault
    (tmp_path / backbone).mkdir()
    (tmp_path / backbone / file).write_bytes(b"weights")
    assert faults_of([("features", chosen)]) == []


def test_weights_that_the_first_start_fetches_are_not_asked_for(tmp_path: Path) -> None:
    assert faults_of([("features", {"NIGHTCLERK_CACHE_DIR": str(tmp_path)})]) == []


def test_a_detector_whose_network_nobody_runs_is_told_of() -> None:
    poses = {**HERE, "NIGHTCLERK_BACKBONE": "videomae2_s_k710"}
    (fault,) = heads_without_network([("features", poses), ("judging", HERE)])
    assert "made for NIGHTCLERK_BACKBONE=i3d_k400" in fault
    assert heads_without_network([("features", HERE), ("features", poses), ("judging", HERE)]) == []


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port where nobody listens, and where nobody will while the test runs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.mark.parametrize(
    ("server", "setting", "address"),
    [
        ("kafka", "NIGHTCLERK_KAFKA_BOOTSTRAP", "127.0.0.1:{}"),
        ("store", "NIGHTCLERK_S3_ENDPOINT", "http://127.0.0.1:{}"),
        ("database", "NIGHTCLERK_DATABASE_URL", "mysql+pymysql://me:hidden@127.0.0.1:{}/night"),
    ],
)
def test_a_server_that_is_away_is_named_with_its_setting(
    server: str, setting: str, address: str, nobody: int
) -> None:
    os.environ[setting] = address.format(nobody)
    (sentence,) = silence_of([server])
    assert str(nobody) in sentence
    assert setting in sentence
    assert "hidden" not in sentence
    assert len(sentence.splitlines()) == 1


@pytest.mark.parametrize(
    ("server", "setting", "address"),
    [
        ("database", "NIGHTCLERK_DATABASE_URL", "night.db"),
        ("database", "NIGHTCLERK_DATABASE_URL", "oracle9://db/night"),
    ],
)
def test_an_address_that_is_none_is_named(server: str, setting: str, address: str) -> None:
    os.environ[setting] = address
    (sentence,) = silence_of([server])
    assert setting in sentence
    assert len(sentence.splitlines()) == 1


def test_the_supervisor_asks_a_process_of_its_own() -> None:
    environment = {**os.environ, **HERE}
    require([("ingest", environment)], ["database"])
    with pytest.raises(LocalRuntimeError, match=r"^NIGHTCLERK_CLIP_FRAMES is 'x'"):
        require([("ingest", {**environment, "NIGHTCLERK_CLIP_FRAMES": "x"})])
