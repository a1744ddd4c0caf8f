"""`nightclerk tenants`, `users`, `stores`, against the API itself."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from schemas.ids import DEFAULT_TENANT
from services.cli.__main__ import app
from services.cli.client import setup_url
from tests.unit.api.conftest import Api
from tests.unit.api.people import person
from tests.waiting import wait_until

TOKEN = "the machine's own"


class Address:
    """An API that listens on loopback."""

    def __init__(self, api: Api) -> None:
        config = uvicorn.Config(api.client.app, port=0, log_config=None, ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> str:
        self._thread.start()
        wait_until(lambda: self._server.started)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture
def keyed(make_api: Callable[..., Api]) -> Api:
    return make_api(api_token=TOKEN, secret_key="long and random")


@pytest.fixture
def address(keyed: Api) -> Iterator[str]:
    with Address(keyed) as found:
        yield found


def run(address: str, *arguments: str) -> Result:
    words = [*arguments, "--api", address, "--token", TOKEN]
    return CliRunner().invoke(app, words, catch_exceptions=False)


def listed(address: str, what: str, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        run(address, what, "list", "--json", *arguments).output
    )
    return found


def test_a_tenant_is_added_and_its_owner_told_where(address: str) -> None:
    output = run(address, "tenants", "add", "Corner shops").output
    assert "Corner shops" in output
    assert "/setup/" in output
    names = [one["name"] for one in listed(address, "tenants")]
    assert sorted(names) == ["Corner shops", "Default"]


def test_people_are_invited_listed_and_sent_another_password(keyed: Api, address: str) -> None:
    user = person(keyed)
    output = run(address, "users", "invite", "new@shop.example", "--role", "manager").output
    assert "/invitation/" in output
    assert user.email in run(address, "users", "list").output
    assert "/reset/" in run(address, "users", "reset", user.email.upper()).output
    missing = run(address, "users", "reset", "nobody@shop.example")
    assert missing.exit_code == 1


def test_stores_are_added_and_their_hours_changed(address: str) -> None:
    run(address, "stores", "add", "Seoul", "--time-zone", "Asia/Seoul")
    run(address, "stores", "hours", "Seoul", "--open", "mon-fri 06:00-23:00")
    run(address, "stores", "hours", "Seoul", "--holiday", "2026-12-25 closed staffed 08:00-12:00")
    (seoul,) = [one for one in listed(address, "stores") if one["name"] == "Seoul"]
    assert seoul["hours"]["time_zone"] == "Asia/Seoul"
    assert seoul["hours"]["open"]["friday"] == [{"start": "06:00", "end": "23:00"}]
    assert seoul["hours"]["holidays"] == [
        {"day": "2026-12-25", "open": [], "staffed": [{"start": "08:00", "end": "12:00"}]}
    ]
    shown = run(address, "stores", "hours", "Seoul").output
    assert "mon-fri 06:00-23:00" in shown
    assert "2026-12-25 closed, staffed 08:00-12:00" in shown
    run(address, "stores", "hours", "Seoul", "--always-open")
    (seoul,) = [one for one in listed(address, "stores") if one["name"] == "Seoul"]
    assert seoul["hours"]["open"] is None


def test_a_target_is_added_with_its_filter(address: str) -> None:
    chosen = (
        "--severity",
        "critical",
        "--label",
        "Possible fight",
        "--hours",
        "fri-sun 22:00-6:00",
    )
    run(address, "targets", "add", "email", "guard@store.example", *chosen)
    (target,) = listed(address, "targets")
    wants = target["wants"]
    assert (wants["severities"], wants["labels"]) == (["critical"], ["Possible fight"])
    assert wants["hours"]["sunday"] == [{"start": "22:00", "end": "06:00"}]
    assert (wants["hours"]["monday"], wants["time_zone"]) == ([], None)


def test_a_target_is_changed_by_its_name_and_keeps_what_is_not_named(address: str) -> None:
    run(address, "stores", "add", "[red] Seoul")
    filters = ("--severity", "critical", "--label", "Fight", "--hours", "fri 22:00-6:00")
    run(address, "targets", "add", "email", "guard@store.example", "--name", "guard", *filters)
    (before,) = listed(address, "targets")

    changed = run(address, "targets", "set", "guard", "--store", "[red] Seoul", "--label", "")
    assert changed.exit_code == 0, changed.output
    (after,) = listed(address, "targets")
    assert len(after["wants"]["store_ids"]) == 1
    assert after["wants"]["labels"] == []
    for kept in ("severities", "hours", "time_zone"):
        assert after["wants"][kept] == before["wants"][kept]

    switched = run(address, "targets", "set", "guard", "--off", "--name", "night", "--after", "300")
    assert "off, hears of critical, 1 store" in switched.output
    run(address, "targets", "set", "night", "--hours", "", "--store", "", "--most-per-hour", "5")
    (last,) = listed(address, "targets")
    assert (last["is_enabled"], last["name"], last["after_s"]) == (False, "night", 300)
    assert (last["wants"]["hours"], last["wants"]["store_ids"]) == (None, [])
    assert last["pacing"] == before["pacing"] | {"most_per_hour": 5}
    assert (last["address"], last["language"]) == (before["address"], before["language"])


def test_names_are_shown_as_they_are(address: str) -> None:
    name = '[red]Süd "straße" 🎥[/]'
    assert name in run(address, "stores", "add", name).output
    assert name in run(address, "stores", "hours", name).output


def test_stores_are_named_wherever_one_is_asked_for(address: str) -> None:
    run(address, "stores", "add", "Seoul")
    (seoul,) = [one for one in listed(address, "stores") if one["name"] == "Seoul"]
    for arguments in (
        ("keys", "add", "door", "--store", "Seoul"),
        ("users", "invite", "a@shop.example", "--store", "Seoul"),
        ("retention", "set", "recordings=3d", "--store", "Seoul"),
        ("retention", "show", "--store", "Seoul"),
        ("rules", "show", "--store", "Seoul"),
    ):
        result = run(address, *arguments)
        assert result.exit_code == 0, result.output
    (key,) = listed(address, "keys")
    assert key["store_ids"] == [seoul["store_id"]]


def test_nothing_is_erased_whose_proof_has_no_place(address: str, tmp_path: Path) -> None:
    taken = tmp_path / "proof.json"
    taken.write_text("of another erasure")
    words = ("erase", "source", str(UUID(int=1)), "--reason", "asked", "--proof")
    result = run(address, *words, str(taken))
    assert result.exit_code == 1
    assert "File exists" in result.stderr
    assert taken.read_text() == "of another erasure"

    free = tmp_path / "free.json"
    assert "There is no" in run(address, *words, str(free)).stderr
    assert not free.exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("targets", "set", "nobody", "--off"), 1),
        (("targets", "set", str(UUID(int=1)), "--off"), 1),
        (("targets", "set", str(UUID(int=1)), "--hours", "at night"), 2),
        (("holds", "add", "no camera", "--reason", "x"), 1),
        (("retention", "show", "--store", "Nowhere"), 1),
        (("audit", "list", "--since", "yesterday"), 2),
        (("targets", "add", "email", "a@shop.example", "--hours", "at night"), 2),
        (("stores", "hours", "Nowhere"), 1),
        (("stores", "add", "a", "--open", "never"), 2),
        (("stores", "add", "a", "--time-zone", "Mars"), 1),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    address: str, arguments: tuple[str, ...], code: int
) -> None:
    assert run(address, *arguments).exit_code == code


def test_the_set_up_link_is_there_until_somebody_signed_up(keyed: Api, address: str) -> None:
    assert "/setup/" in str(setup_url(address, TOKEN))
    assert setup_url(address, "another token") is None
    person(keyed, tenant_id=DEFAULT_TENANT)
    assert setup_url(address, TOKEN) is None
