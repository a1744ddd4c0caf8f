"""The files of the dashboard: served whole, compressed, not twice, and to nobody's harm."""

import gzip
import re

import pytest

from services.api.routes.dashboard import DIST
from tests.unit.api.conftest import Api

pytestmark = pytest.mark.skipif(not DIST.is_dir(), reason="the dashboard is not built (make web)")
PLAIN = {"Accept-Encoding": "identity"}


@pytest.mark.parametrize("path", ["/", "/cameras", "/alerts/some-id", "/setup/gAAAA-_x"])
def test_each_of_its_paths_is_the_same_page(api: Api, path: str) -> None:
    answer = api.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.content == (DIST / "index.html").read_bytes()


def test_what_the_page_names_is_there_and_nothing_is_inline(api: Api) -> None:
    text = api.client.get("/").text
    names = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert any(name.endswith(".js") for name in names)
    for name in names:
        assert api.client.get(name).status_code == 200, name
    assert not re.search(r"<script(?![^>]*src=)|<style|style=|\bon\w+=", text)


def test_every_file_is_served_as_what_it_is(api: Api) -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    for entry in (DIST / "assets").iterdir():
        suffix = entry.name[entry.name.rindex(".") :]
        answer = api.client.get(f"/assets/{entry.name}", headers=PLAIN)
        assert answer.content == entry.read_bytes()
        assert answer.headers["content-type"].startswith(kinds.get(suffix, ""))


def test_texts_are_compressed_and_asked_for_once(api: Api) -> None:
    plain = api.client.get("/plain.css", headers=PLAIN)
    assert "content-encoding" not in plain.headers
    with api.client.stream("GET", "/plain.css", headers={"Accept-Encoding": "gzip"}) as answer:
        assert gzip.decompress(b"".join(answer.iter_raw())) == plain.content
    etag = plain.headers["etag"]
    again = api.client.get("/plain.css", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["/nowhere.php", "/.env", "/assets/none.js", "/assets/%2e%2e/index.html", "/api/v1/none"],
)
def test_what_is_no_page_is_a_problem(api: Api, path: str) -> None:
    answer = api.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
