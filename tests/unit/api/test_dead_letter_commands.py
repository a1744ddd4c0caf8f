"""`nightclerk deadletters`, against the API itself."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from schemas.topics import EMBEDDINGS
from services.cli.__main__ import app
from tests.unit.api.builders import at
from tests.unit.api.conftest import Api
from tests.unit.api.letters import collect, letter
from tests.unit.api.test_command_line import TOKEN, Address


@pytest.fixture
def keyed(make_api: Callable[..., Api]) -> Api:
    return make_api(api_token=TOKEN, secret_key="long and random")


@pytest.fixture
def address(keyed: Api) -> Iterator[str]:
    with Address(keyed) as found:
        yield found


def run(address: str, *words: str) -> Result:
    arguments = ["deadletters", *words, "--api", address, "--token", TOKEN]
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def listed(address: str, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(address, "list", "--json", *words).output)
    return found


def test_letters_are_listed_by_topic_and_reason(keyed: Api, address: str) -> None:
    collect(keyed, letter(), letter(EMBEDDINGS, reason="not finite"))
    assert len(listed(address)) == 2
    assert [each["topic"] for each in listed(address, "--reason", "FINITE")] == ["embeddings.v1"]
    assert listed(address, "--topic", "alerts.v1") == []
    assert "not msgpack" in run(address, "show", listed(address)[0]["letter_id"]).output


def test_all_that_fit_are_replayed_the_oldest_first(keyed: Api, address: str) -> None:
    letters = [letter(offset=n, record_value=b"%d" % n, failed_at=at(n)) for n in range(3)]
    collect(keyed, *letters, letter(EMBEDDINGS))
    done = run(address, "replay", "--all", "--topic", "scores.v1")
    assert "3 of 3" in done.output
    assert [each.value for each in keyed.publisher.verbatim] == [b"0", b"1", b"2"]
    assert [each["topic"] for each in listed(address)] == ["embeddings.v1"]
    assert len(listed(address, "--state", "all")) == 4


def test_what_is_done_already_is_said_and_the_rest_goes_on(keyed: Api, address: str) -> None:
    names = [str(each) for each in collect(keyed, letter(), letter(offset=42, failed_at=at(1)))]
    run(address, "drop", names[0])
    both = run(address, "replay", *names)
    assert both.exit_code == 2
    assert "1 of 2" in both.output
    assert "dropped by" in both.stderr


def test_without_a_name_all_has_to_be_said(address: str) -> None:
    assert run(address, "replay").exit_code == 1
