"""A web server, and a video in pieces."""

from collections.abc import Iterator

import pytest

from tests.web_server import WebServer, segments, web_server


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return segments(tmp_path_factory.mktemp("hls"), 20)
