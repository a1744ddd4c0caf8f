"""`nightclerk replays`, against the API itself."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from schemas.replays import ReplayProgressed
from services.cli.__main__ import app
from tests.unit.api.builders import CAMERA, configured
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.detectors import files
from tests.unit.api.test_command_line import TOKEN, Address
from tests.unit.api.test_comparisons import clips, closed

DAY = "--since", "2026-05-01T22:00", "--until", "2026-05-02T22:00Z"


@pytest.fixture
def keyed(make_api: Callable[..., Api]) -> Api:
    api = make_api(api_token=TOKEN, secret_key="long and random")
    api.project(configured())
    return api


@pytest.fixture
def address(keyed: Api) -> Iterator[str]:
    with Address(keyed) as found:
        yield found


def run(address: str, *words: str) -> Result:
    arguments = ["replays", *words, "--api", address, "--token", TOKEN]
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def started(address: str, *words: str) -> dict[str, Any]:
    return told(run(address, "start", *DAY, "--json", *words))


def told(result: Result) -> dict[str, Any]:
    """What is printed as JSON, after what the API in this very process logs."""
    found: dict[str, Any] = json.loads(result.output[result.output.index("{") :])
    return found


def finish(api: Api, name: str, state: str = "done", **fields: Any) -> None:
    content = {"run": name, "state": state, "progressed_at": NOW + timedelta(seconds=5)} | fields
    api.project(ReplayProgressed.model_validate(content))


def test_one_is_started_listed_cancelled_resumed_and_removed(address: str) -> None:
    view = started(address, "--camera", "Till 1", "--name", "night")
    name = view["run"]
    assert name.startswith("night-")
    assert view["source_count"] == 1
    listed = json.loads(run(address, "list", "--json").output)
    assert [each["run"] for each in listed] == [name]
    assert name in run(address, "list").output
    assert run(address, "cancel", name).exit_code == 0
    assert told(run(address, "show", name))["state"] == "cancelled"
    assert run(address, "resume", name).exit_code == 0
    assert told(run(address, "show", name))["state"] == "queued"
    assert run(address, "remove", name).exit_code == 0
    assert run(address, "show", name).exit_code == 1


def test_a_folder_is_registered_first(address: str, tmp_path: Path) -> None:
    for name, content in files().items():
        (tmp_path / name).write_bytes(content)
    view = started(address, "--head", str(tmp_path))
    assert view["detector"].startswith("linear-")
    assert not view["is_built_in"]
    assert started(address, "--detector", tmp_path.name)["run"] == view["run"]


def test_an_estimate_starts_nothing(keyed: Api, address: str) -> None:
    keyed.project(*clips("live", {}, 100))
    said = run(address, "start", *DAY, "--estimate").output
    assert "50 windows of 1 sources: unknown" in said
    assert json.loads(run(address, "list", "--json").output) == []


def test_whoever_waits_sees_what_would_have_differed(keyed: Api, address: str) -> None:
    name = started(address)["run"]
    keyed.project(*clips("live", {10: 0.9}), *clips(name, {200: 0.9}))
    keyed.project(closed(10, "live"), closed(200, name))
    finish(keyed, name, windows=200, clips=400, alerts=1, elapsed_s=0.5)
    done = run(address, "start", *DAY, "--wait")
    assert done.exit_code == 0
    assert "1 would have come, 1 would have gone" in done.output
    assert "Till 1: Possible fight" in done.output
    assert f"{name}: 1 alerts in 7.1 min of cameras" in done.output
    against = run(address, "compare", "live", "--against", name)
    assert "1 would have come, 1 would have gone" in against.output


def test_a_run_that_scored_less_than_the_other_says_so(keyed: Api, address: str) -> None:
    name = started(address)["run"]
    keyed.project(*clips("live", {}), *clips(name, {}, 100))
    finish(keyed, name)
    found = run(address, "compare", name)
    assert f"{name} scored less than live: 1.8 min of 7.1 min" in found.output


def test_one_that_failed_ends_in_its_reason(keyed: Api, address: str) -> None:
    name = started(address, "--camera", str(CAMERA), "--name", "b")["run"]
    finish(keyed, name, "failed", error="No such package.")
    assert "No such package." in run(address, "show", name).output


@pytest.mark.parametrize(
    "words",
    [
        ("--since", "yesterday"),
        (*DAY, "--detector", "a", "--head", "."),
        (*DAY, "--store", "Nowhere"),
        (*DAY, "--camera", "Nowhere"),
    ],
)
def test_what_cannot_be_is_a_sentence(address: str, words: tuple[str, ...]) -> None:
    refused = run(address, "start", *words)
    assert refused.exit_code != 0
    assert "Traceback" not in refused.output
