"""Where a camera may be: checked when entered, and after resolving at every connect."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from services.chassis.addresses import AddressFault, AddressPolicy, parse
from services.chassis.addresses.hosts import network_of
from services.chassis.settings import ServiceSettings

NEVER = [
    "169.254.169.254",
    "169.254.1.1",
    "0.0.0.0",
    "0",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376",
    "169.254.43518",
    "169。254。169。254",
    "100.100.100.200",
    "[::]",
    "[fe80::1]",
    "[ff02::1]",
    "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[::169.254.169.254]",
    "[64:ff9b::169.254.169.254]",
    "[64:ff9b:1::169.254.169.254]",
    "[::ffff:0:169.254.169.254]",
    "[2002:a9fe:a9fe::1]",
    "metadata.google.internal",
    "METADATA",
]


@pytest.mark.parametrize("host", NEVER)
@pytest.mark.parametrize("scheme", ["rtsp", "https", "page+http"])
def test_no_camera_is_there_whatever_is_set(scheme: str, host: str) -> None:
    camera, _ = parse(f"{scheme}://{host}/latest")
    with pytest.raises(AddressFault, match="where no camera is"):
        AddressPolicy().check_entered(camera)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254"])
def test_a_name_that_leads_there_is_refused_at_the_connect(address: str) -> None:
    camera, _ = parse("rtsp://cam.example.com/s")
    AddressPolicy().check_entered(camera)
    with pytest.raises(AddressFault, match="where no camera is"):
        AddressPolicy().check_connect(camera, lambda _: ["10.0.0.7", address])


def test_a_connect_is_told_which_addresses_were_checked() -> None:
    camera, _ = parse("rtsp://cam.example.com/s")
    found = AddressPolicy().check_connect(camera, lambda _: ["10.0.0.7", "fd00::7"])
    assert found == (ip_address("10.0.0.7"), ip_address("fd00::7"))


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("127.0.0.1", "loopback"),
        ("[::1]", "loopback"),
        ("localhost", "loopback"),
        ("10.0.0.7", "private"),
        ("192.168.1.5", "private"),
        ("100.64.0.1", "private"),
        ("[fd00::1]", "private"),
        ("[::ffff:10.0.0.1]", "private"),
        ("[64:ff9b:1:7f00:0:100:808:808]", "private"),
        ("8.8.8.8", "public"),
        ("[2606:4700::1111]", "public"),
    ],
)
def test_networks_are_a_choice(host: str, network: str) -> None:
    camera, _ = parse(f"rtsp://{host}/s")
    AddressPolicy.of(network, "rtsp", "").check_entered(camera)
    others = ",".join({"loopback", "private", "public"} - {network})
    with pytest.raises(AddressFault, match="NIGHTCLERK_CAMERA_NETWORKS"):
        AddressPolicy.of(others, "rtsp", "").check_entered(camera)


def test_kinds_are_a_choice() -> None:
    camera, _ = parse("page+https://example.com/")
    with pytest.raises(AddressFault, match="kind page"):
        AddressPolicy.of("public", "rtsp,https", "").check_entered(camera)


def test_folders_lie_where_the_operator_says(tmp_path: Path) -> None:
    inside = tmp_path / "exports"
    (inside / "door").mkdir(parents=True)
    policy = AddressPolicy.of("public", "folder", str(inside))
    policy.check_entered(parse(f"folder://{inside}/door")[0])
    with pytest.raises(AddressFault, match="not below"):
        policy.check_entered(parse(f"folder://{tmp_path}")[0])
    (inside / "link").symlink_to("/etc")
    with pytest.raises(AddressFault, match="not below"):
        policy.check_entered(parse(f"folder://{inside}/link")[0])


def test_without_the_setting_no_folder_is_watched() -> None:
    with pytest.raises(AddressFault, match="NIGHTCLERK_CAMERA_FOLDERS"):
        AddressPolicy().check_entered(parse("folder:///srv")[0])


def test_a_playlists_address_is_checked_as_any() -> None:
    with pytest.raises(AddressFault, match="where no camera is"):
        AddressPolicy().check_url("http://169.254.169.254/latest/meta-data")
    with pytest.raises(AddressFault):
        AddressPolicy().check_url("file:///etc/passwd")


def test_the_settings_give_the_policy() -> None:
    settings = ServiceSettings(camera_networks="private", camera_folders="/srv/exports")
    assert settings.addresses == AddressPolicy.of("private", settings.camera_kinds, "/srv/exports")
    with pytest.raises(ValueError, match="loopback, private, public"):
        ServiceSettings(camera_networks="nearby")


def test_an_address_of_the_internet_that_carries_another_is_that_other() -> None:
    assert network_of(ip_address("2002:0a00:0001::")) == "private"
    assert network_of(ip_address("::1")) == "loopback"
