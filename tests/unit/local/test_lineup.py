"""A process for each service, and one for each network where it looks through one at a time."""

from pathlib import Path

import pytest

from services.chassis.environment import read
from services.chassis.errors import WrongSettings
from services.local import LocalRuntimeError
from services.local.config import SERVICES, LocalSettings
from services.local.lineup import Member, environments, members, require_ports
from tests.checkpoints import cosine_head


def lineup(home: Path, *names: str, **given: object) -> dict[str, Member]:
    found = members(LocalSettings(home=home, **given), names or SERVICES)
    return {member.name: member for member in found}


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
    found = lineup(tmp_path, "api", "ingest", **given)
    api, ingest = (found[name].plan({"A": "b"}) for name in ("api", "ingest"))
    assert api.environment["NIGHTCLERK_API_HOST"] == api_host
    assert ingest.environment["NIGHTCLERK_HEALTH_HOST"] == ingest_host
    assert (api.address, api.environment["A"]) == ("http://127.0.0.1:8080", "b")


def test_with_one_network_every_process_is_called_after_its_service(tmp_path: Path) -> None:
    found = lineup(tmp_path, backbone="videomae2_s_k710")
    assert found["features"].own_environment["NIGHTCLERK_BACKBONE"] == "videomae2_s_k710"
    assert found["features"].port == 8082
    assert set(found) == set(SERVICES)


def test_several_networks_have_processes_of_their_own_on_ports_that_are_remembered(
    tmp_path: Path,
) -> None:
    both = {"backbones": "i3d_k400, yolov8_pose"}
    found = lineup(tmp_path, "ingest", "features", **both)
    assert list(found) == ["ingest", "features.i3d_k400", "features.yolov8_pose"]
    first, second = (found[f"features.{name}"] for name in ("i3d_k400", "yolov8_pose"))
    assert first.port == 8082
    assert second.port == lineup(tmp_path, "features", **both)["features.yolov8_pose"].port != 8082
    told = environments((first, second), {"NIGHTCLERK_TOPIC_PREFIX": "x."})
    assert [(name, told["NIGHTCLERK_BACKBONE"]) for name, told in told] == [
        ("features", "i3d_k400"),
        ("features", "yolov8_pose"),
    ]


def test_each_backbone_is_judged_by_a_process_of_its_own_and_all_share_their_episodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("i3d_k400", "videomae2_s_k710"):
        cosine_head(tmp_path / name, backbone=name)
    heads = ",".join(str(tmp_path / name) for name in ("i3d_k400", "videomae2_s_k710"))
    monkeypatch.setenv("NIGHTCLERK_HEAD", heads)
    found = lineup(tmp_path, "judging", "episodes")
    assert {name: dict(member.task) for name, member in found.items()} == {
        "judging.i3d_k400": {"NIGHTCLERK_BACKBONE": "i3d_k400"},
        "judging.videomae2_s_k710": {"NIGHTCLERK_BACKBONE": "videomae2_s_k710"},
        "episodes": {},
    }
    assert len({member.port for member in found.values()}) == 3


def test_a_folder_without_a_detector_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTCLERK_HEAD", str(tmp_path))
    with pytest.raises(LocalRuntimeError, match=f"NIGHTCLERK_HEAD.*{tmp_path} holds no checkpoint"):
        lineup(tmp_path, "judging")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"BACKBONES": "a,b", "BACKBONE": "a"}, "unset NIGHTCLERK_BACKBONE"),
        ({"BACKBONES": "a,b,a"}, "NIGHTCLERK_BACKBONES names one network twice"),
        ({"KAFKA_PORT": "70000"}, "NIGHTCLERK_KAFKA_PORT is '70000'"),
    ],
)
def test_networks_and_ports_that_cannot_be_are_refused(
    given: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"NIGHTCLERK_{name}", value)
    with pytest.raises(WrongSettings, match=sentence):
        read(LocalSettings)


def test_a_taken_port_is_named_with_its_setting(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = LocalSettings(home=tmp_path, api_port=taken.getsockname()[1])
        with pytest.raises(LocalRuntimeError, match=r"the api service.*NIGHTCLERK_API_PORT=<port>"):
            require_ports(settings, ("api",))


def test_the_api_alone_holds_the_machines_key_and_is_open_until_sign_up(tmp_path: Path) -> None:
    found = lineup(tmp_path, "api", "ingest")
    told = found["api"].own_environment
    token = told["NIGHTCLERK_API_TOKEN"]
    assert len(token) > 40
    assert told["NIGHTCLERK_API_OPEN_UNTIL_SIGN_UP"] == "true"
    assert lineup(tmp_path, "api")["api"].own_environment["NIGHTCLERK_API_TOKEN"] == token
    assert (tmp_path / "api.token").stat().st_mode & 0o777 == 0o600
    assert "NIGHTCLERK_API_TOKEN" not in found["ingest"].own_environment
    chosen = lineup(tmp_path, "api", api_token="of the operator")["api"].own_environment
    assert chosen["NIGHTCLERK_API_TOKEN"] == "of the operator"
    assert "NIGHTCLERK_API_OPEN_UNTIL_SIGN_UP" not in chosen


def test_who_wants_no_archive_has_none(tmp_path: Path) -> None:
    assert "archive" in lineup(tmp_path)
    assert "archive" not in lineup(tmp_path, archive=False)
