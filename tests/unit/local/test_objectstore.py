"""The store's credentials and command line."""

from pathlib import Path

from services.local.objectstore import Credentials, ObjectStore, credentials, find_weed


def test_credentials_are_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "home" / "credentials.json"
    made = credentials(path)
    assert credentials(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert credentials(tmp_path / "other.json") != made


def test_keys_ride_in_the_environment_never_on_the_command_line(tmp_path: Path) -> None:
    keys = Credentials("the-access-key", "the-secret-key")
    store = ObjectStore(tmp_path, 8333, {"filer.port": 8888}, find_weed(), keys)
    command = " ".join(store.command())
    assert "the-secret-key" not in command
    assert "the-secret-key" in store.environment().values()
    assert "-ip.bind=127.0.0.1" in command
    assert "-filer.port=8888" in command
    assert "-master.telemetry=false" in command
