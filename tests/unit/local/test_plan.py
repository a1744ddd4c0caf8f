"""What runs where, and what the services are told."""

import os
from pathlib import Path

import pytest

from services.local.config import SERVICES, LocalSettings
from services.local.errors import LocalRuntimeError
from services.local.plan import (
    Parts,
    addresses,
    assemble,
    database_url,
    from_here,
    require_heads,
    require_weights,
    s3_keys,
    service_plan,
    shared_environment,
)
from services.local.ports import free_ports
from services.local.stack import LocalStack, free_port_settings, require_hope
from services.local.state import ProcessRecord, RunRecord


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("NIGHTCLERK_")]:
        monkeypatch.delenv(name)


def settings(home: Path, **given: object) -> LocalSettings:
    return LocalSettings(home=home, **given)


def test_by_default_all_is_on_loopback_on_the_documented_ports(tmp_path: Path) -> None:
    assert addresses(settings(tmp_path)) == {
        "kafka": "127.0.0.1:9092",
        "s3": "http://127.0.0.1:8333",
        "api": "http://127.0.0.1:8080",
    }
    assert database_url(settings(tmp_path)) == f"sqlite:///{tmp_path}/nightclerk.db"


@pytest.mark.parametrize(
    ("given", "api_host", "ingest_host"),
    [
        ({}, "127.0.0.1", "127.0.0.1"),
        ({"host": "0.0.0.0"}, "0.0.0.0", "0.0.0.0"),
        ({"api_host": "0.0.0.0"}, "0.0.0.0", "127.0.0.1"),
    ],
)
def test_a_service_listens_where_it_is_told(
    tmp_path: Path, given: dict[str, str], api_host: str, ingest_host: str
) -> None:
    told = settings(tmp_path, **given)
    assert service_plan(told, "api", {}).environment["NIGHTCLERK_API_HOST"] == api_host
    assert service_plan(told, "ingest", {}).environment["NIGHTCLERK_HEALTH_HOST"] == ingest_host
    assert service_plan(told, "api", {}).address == "http://127.0.0.1:8080"


def test_services_are_told_of_the_servers_and_the_state_folder(tmp_path: Path) -> None:
    told = shared_environment(settings(tmp_path, kafka_port=1, s3_port=2))
    keys = s3_keys(settings(tmp_path))
    assert told["NIGHTCLERK_KAFKA_BOOTSTRAP"] == "127.0.0.1:1"
    assert told["NIGHTCLERK_S3_ENDPOINT"] == "http://127.0.0.1:2"
    assert told["NIGHTCLERK_S3_ACCESS_KEY"] == keys.access_key
    assert told["NIGHTCLERK_S3_SECRET_KEY"] == keys.secret_key
    assert told["NIGHTCLERK_STATE_DIR"] == str(tmp_path)


def test_servers_that_exist_already_are_used_and_none_are_started(tmp_path: Path) -> None:
    outside = settings(
        tmp_path,
        kafka_bootstrap="kafka.example:9092",
        s3_endpoint="https://s3.example",
        s3_access_key="a",
        s3_secret_key="b",
        database_url="mysql+pymysql://user@db.example/nightclerk",
        **{f"{name}_port": port for name, port in zip(SERVICES, free_ports(5), strict=True)},
    )
    plan = assemble(outside, Parts(), lambda _: None)
    assert plan.servers == ()
    assert [service.name for service in plan.services] == list(SERVICES)
    told = plan.services[0].environment
    assert told["NIGHTCLERK_KAFKA_BOOTSTRAP"] == "kafka.example:9092"
    assert told["NIGHTCLERK_S3_ENDPOINT"] == "https://s3.example"
    assert told["NIGHTCLERK_S3_SECRET_KEY"] == "b"
    assert told["NIGHTCLERK_DATABASE_URL"].startswith("mysql+pymysql://")


def test_an_api_for_others_without_a_token_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {f"{name}_port": port for name, port in zip(SERVICES, free_ports(5), strict=True)}
    servers = {"kafka_bootstrap": "kafka.example:9092", "s3_endpoint": "https://s3.example"}
    everywhere = settings(tmp_path, host="0.0.0.0", **given, **servers)
    with pytest.raises(LocalRuntimeError, match="set NIGHTCLERK_API_TOKEN"):
        assemble(everywhere, Parts(), lambda _: None)
    monkeypatch.setenv("NIGHTCLERK_API_TOKEN", "a-long-enough-token-for-this")
    assert assemble(everywhere, Parts(), lambda _: None).addresses["api"].startswith("http://127.")


@pytest.mark.parametrize(
    ("listens", "reached"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("10.0.0.5",) * 2],
)
def test_a_server_is_reached_from_here(listens: str, reached: str) -> None:
    assert from_here(listens) == reached


def test_stacks_do_not_get_into_each_others_way(tmp_path: Path) -> None:
    one, other = (LocalStack(tmp_path / name) for name in ("one", "other"))
    assert one.settings.state == tmp_path / "one"
    assert len({*free_port_settings().values()}) == 7
    assert one.bootstrap != other.bootstrap
    assert one.s3_secret_key != other.s3_secret_key


@pytest.mark.parametrize(("restarts", "hopeless"), [(0, False), (4, False), (5, True)])
def test_a_process_that_keeps_ending_is_named(
    tmp_path: Path, restarts: int, hopeless: bool
) -> None:
    record = ProcessRecord("scoring", None, None, "down", restarts, "")
    run = RunRecord(1, 1.0, "starting", "", (record,), {})
    if not hopeless:
        require_hope(run, tmp_path)
        return
    with pytest.raises(LocalRuntimeError, match="scoring keeps ending; its last words are in"):
        require_hope(run, tmp_path)


@pytest.mark.parametrize(
    ("backbone", "file"),
    [
        ("videomae2_b_k710", "vit_b_k710_dl_from_giant.pth"),
        ("yolov8_pose", "yolov8s-pose.pt"),
    ],
)
def test_missing_weights_are_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backbone: str, file: str
) -> None:
    monkeypatch.setenv("NIGHTCLERK_BACKBONE", backbone)
    monkeypatch.setenv("NIGHTCLERK_POSE_MODEL", "s")
    monkeypatch.setenv("NIGHTCLERK_CACHE_DIR", str(tmp_path))
    with pytest.raises(LocalRuntimeError, match=f"nightclerk models pull {file}"):
        require_weights()
    (tmp_path / backbone).mkdir()
    (tmp_path / backbone / file).write_bytes(b"weights")
    require_weights()


def test_weights_that_the_first_start_fetches_are_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTCLERK_CACHE_DIR", str(tmp_path))
    require_weights()


def test_heads_for_another_backbone_are_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_heads()
    monkeypatch.setenv("NIGHTCLERK_BACKBONE", "yolov8_pose")
    with pytest.raises(LocalRuntimeError, match="made for NIGHTCLERK_BACKBONE=i3d_k400"):
        require_heads()
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "model.json").write_text('{"backbone": "yolov8_pose"}')
    monkeypatch.setenv("NIGHTCLERK_HEAD", str(tmp_path))
    require_heads()


@pytest.mark.parametrize("card", ["", "{}", "[1]"])
def test_a_head_that_cannot_be_read_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, card: str
) -> None:
    (tmp_path / "model.json").write_text(card)
    monkeypatch.setenv("NIGHTCLERK_HEAD", str(tmp_path))
    with pytest.raises(LocalRuntimeError, match="no readable card"):
        require_heads()
