"""What runs where, and what the services are told."""

import os
import stat
from pathlib import Path

import pytest

from services.local import LocalRuntimeError
from services.local.addresses import (
    addresses,
    database_url,
    from_here,
    s3_keys,
    shared_environment,
)
from services.local.config import LocalSettings
from services.local.plan import Parts, assemble, servers_elsewhere
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


def test_services_are_told_of_the_servers_and_the_state_folder(tmp_path: Path) -> None:
    told = shared_environment(settings(tmp_path, kafka_port=1, s3_port=2))
    keys = s3_keys(settings(tmp_path))
    assert told["NIGHTCLERK_KAFKA_BOOTSTRAP"] == "127.0.0.1:1"
    assert told["NIGHTCLERK_S3_ENDPOINT"] == "http://127.0.0.1:2"
    assert told["NIGHTCLERK_S3_ACCESS_KEY"] == keys.access_key
    assert told["NIGHTCLERK_S3_SECRET_KEY"] == keys.secret_key
    assert told["NIGHTCLERK_STATE_DIR"] == str(tmp_path)


def test_the_key_that_seals_credentials_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    told = [shared_environment(settings(tmp_path))["NIGHTCLERK_SECRET_KEY"] for _ in range(2)]
    assert told[0] == told[1]
    assert len(told[0]) > 40
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    ours = settings(tmp_path, secret_key="of the operator")
    assert shared_environment(ours)["NIGHTCLERK_SECRET_KEY"] == "of the operator"


def test_servers_that_exist_already_are_used_and_none_are_started(tmp_path: Path) -> None:
    outside = settings(
        tmp_path,
        kafka_bootstrap="kafka.example:9092",
        s3_endpoint="https://s3.example",
        s3_access_key="a",
        s3_secret_key="b",
        database_url="mysql+pymysql://user@db.example/nightclerk",
    )
    assert servers_elsewhere(outside) == ("kafka", "store", "database")
    assert assemble(outside, Parts(services=()), lambda _: None).servers == ()
    told = shared_environment(outside)
    assert told["NIGHTCLERK_KAFKA_BOOTSTRAP"] == "kafka.example:9092"
    assert told["NIGHTCLERK_S3_ENDPOINT"] == "https://s3.example"
    assert told["NIGHTCLERK_S3_SECRET_KEY"] == "b"
    assert told["NIGHTCLERK_DATABASE_URL"].startswith("mysql+pymysql://")


@pytest.mark.parametrize(
    ("listens", "reached"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("10.0.0.5",) * 2],
)
def test_a_server_is_reached_from_here(listens: str, reached: str) -> None:
    assert from_here(listens) == reached


def test_stacks_do_not_get_into_each_others_way(tmp_path: Path) -> None:
    one, other = (LocalStack(tmp_path / name) for name in ("one", "other"))
    assert one.settings.state == tmp_path / "one"
    ports = free_port_settings()
    assert len(set(ports.values())) == len(ports)
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
    with pytest.raises(LocalRuntimeError, match="scoring keeps ending; its log is"):
        require_hope(run, tmp_path)
