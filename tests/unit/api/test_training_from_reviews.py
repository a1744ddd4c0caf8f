"""`nightclerk train --from-reviews` asks the API itself; what is taught stands in the tests of
training.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.__main__ import app
from services.cli.client import Client
from services.cli.from_reviews import Asked, carry_out, live_detector
from services.cli.models import scope
from services.rules.folders import DEFAULT
from services.scoring.cards import read_cards
from services.training.reviews.candidate import TooFewMarks
from tests.unit.api.builders import CAMERA, at, configured
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.test_command_line import TOKEN, Address


@pytest.fixture
def keyed(make_api: Callable[..., Api]) -> Api:
    api = make_api(api_token=TOKEN, secret_key="long and random")
    api.project(configured())
    return api


@pytest.fixture
def client(keyed: Api) -> Iterator[Client]:
    with Address(keyed) as address:
        found = Client(address, TOKEN)
        yield found
        found.close()


def test_an_empty_archive_is_refused_and_nothing_is_written(
    client: Client, keyed: Api, tmp_path: Path
) -> None:
    span = {"since": at(0).isoformat(), "until": at(5).isoformat()}
    client.post("/missed-events", {"source_id": str(CAMERA), "label": "theft", **span})
    asked = Asked("theft", None, tmp_path / "out")
    with pytest.raises(TooFewMarks, match="archive holds nothing"):
        carry_out(asked, client, keyed.store, NOW)
    assert not asked.out.exists()


def test_what_is_live_is_where_it_goes_on_from(client: Client, tmp_path: Path) -> None:
    found = live_detector(client, scope(client, None), "i3d_k400", tmp_path)
    assert read_cards(found) == read_cards(DEFAULT)


@pytest.mark.parametrize(
    "words", [["--from-reviews"], ["--from-reviews", "--label", "theft", "--head", "linear"], []]
)
def test_which_of_both_ways_is_meant_must_be_said(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["train", *words]).exit_code == 2
