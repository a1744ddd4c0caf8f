"""Downloads go on where they were cut off, and never join two versions of a file."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from services.features.weights import FetchError, Model, Source
from services.features.weights.download import fetch, pull, wanted
from services.features.weights.store import remembered
from tests.unit.features.weights.hub import Hub, serving

CONTENT = bytes(range(256)) * 400


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving(Hub(CONTENT)) as one:
        yield one


def get(hub: Hub, part: Path) -> list[float]:
    """The pauses that were made."""
    pauses: list[float] = []
    fetch(hub.url, part, pause=pauses.append)
    return pauses


def test_a_file_comes_whole(hub: Hub, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    fetch(hub.url, tmp_path / "x.part", lambda here, whole: seen.append((here, whole)))
    assert (tmp_path / "x.part").read_bytes() == CONTENT
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [path.name for path in tmp_path.iterdir()] == ["x.part"]


def test_a_broken_connection_costs_only_what_had_not_come(hub: Hub, tmp_path: Path) -> None:
    hub.cuts = [1000, 50_000]
    get(hub, tmp_path / "x.part")
    assert (tmp_path / "x.part").read_bytes() == CONTENT
    assert hub.ranges == ["", "bytes=1000-", "bytes=51000-"]


def test_a_later_run_goes_on_where_an_earlier_one_gave_up(hub: Hub, tmp_path: Path) -> None:
    hub.cuts = [1000, 0, 0, 0, 0]
    with pytest.raises(FetchError, match="pull again to go on"):
        get(hub, tmp_path / "x.part")
    get(hub, tmp_path / "x.part")
    assert (tmp_path / "x.part").read_bytes() == CONTENT
    assert hub.ranges[-1] == "bytes=1000-"


def test_a_file_that_changed_meanwhile_comes_anew(hub: Hub, tmp_path: Path) -> None:
    hub.cuts = [1000, 0, 0, 0, 0]
    with pytest.raises(FetchError):
        get(hub, tmp_path / "x.part")
    hub.content = CONTENT[::-1]
    get(hub, tmp_path / "x.part")
    assert (tmp_path / "x.part").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_strong_etag_nothing_is_gone_on_with(etag: str, tmp_path: Path) -> None:
    with serving(Hub(CONTENT, etag, cuts=[1000])) as hub:
        get(hub, tmp_path / "x.part")
        assert hub.ranges == ["", ""]
    assert (tmp_path / "x.part").read_bytes() == CONTENT


def test_a_server_in_trouble_is_asked_again_ever_more_slowly(hub: Hub, tmp_path: Path) -> None:
    hub.refusals = [503, 500]
    assert get(hub, tmp_path / "x.part") == [0, 2, 4]
    assert (tmp_path / "x.part").read_bytes() == CONTENT


def test_a_server_that_brings_nothing_is_given_up(hub: Hub, tmp_path: Path) -> None:
    hub.refusals = [503] * 9
    with pytest.raises(FetchError, match="503"):
        get(hub, tmp_path / "x.part")
    assert len(hub.ranges) == 4


def test_what_is_not_there_is_not_asked_for_twice(hub: Hub, tmp_path: Path) -> None:
    hub.refusals = [404]
    with pytest.raises(FetchError, match="404"):
        get(hub, tmp_path / "x.part")
    assert len(hub.ranges) == 1


def test_a_part_longer_than_the_file_is_begun_anew(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "x.part").write_bytes(CONTENT + b"more")
    (tmp_path / "x.part.etag").write_text(hub.tag)
    get(hub, tmp_path / "x.part")
    assert (tmp_path / "x.part").read_bytes() == CONTENT


def offered(hub: Hub, sum_of: bytes | None = None) -> tuple[Model, Source]:
    source = Source("x.pt", 1, hub.url, sha256(sum_of).hexdigest() if sum_of else "")
    return Model("x", "", "", "", (source,)), source


def test_a_pulled_file_lies_in_its_place_and_is_not_fetched_twice(hub: Hub, tmp_path: Path) -> None:
    model, source = offered(hub)
    first = pull(tmp_path, model, source)
    assert first.path == tmp_path / "x" / "x.pt"
    assert remembered(tmp_path / "x") == {"x.pt": sha256(CONTENT).hexdigest()}
    assert pull(tmp_path, model, source) == first
    assert len(hub.ranges) == 1


def test_a_pulled_file_with_another_sum_than_published_is_refused(hub: Hub, tmp_path: Path) -> None:
    model, source = offered(hub, sum_of=b"what was published")
    with pytest.raises(FetchError, match="published is"):
        pull(tmp_path, model, source)
    assert not (tmp_path / "x" / "x.pt").exists()
    good = replace(source, sha256=sha256(CONTENT).hexdigest())
    assert pull(tmp_path, model, good).path.read_bytes() == CONTENT


def test_a_name_means_a_model_or_one_of_its_files() -> None:
    assert [source.name for source in wanted("yolov8_pose")[1]] == [
        "yolov8n-pose.pt",
        "yolov8s-pose.pt",
        "yolov8m-pose.pt",
    ]
    assert [source.name for source in wanted("yolov8s-pose.pt")[1]] == ["yolov8s-pose.pt"]
    with pytest.raises(FetchError, match="resnet"):
        wanted("resnet")
