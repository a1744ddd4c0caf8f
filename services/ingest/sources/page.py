"""Videos on web pages: the page is asked again whenever the link to its video gives out."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from services.chassis.addresses import AddressPolicy
from services.chassis.telemetry import logs
from services.ingest.sources.port import LiveFrame, LiveSource, PacketTap, SourceLost, StreamFormat

log = logs.get("page")

RESOLVE_S = 45.0
WORTH_S = 3.0
"""A link that gave out sooner is not asked for again at once: whoever reads waits first."""
BEFORE_EXPIRY_S = 45.0
EXPIRY = re.compile(r"(?i)[?&/](?:expires?|exp|e)[=/](\d{10})(?=\D|$)")
SILENT = "The page does not answer, or its video is not found in time."
KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Link:
    """Where a page's video is, for a while."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_live: bool = False
    found_at_s: float = field(default_factory=time.time)

    def expires_soon(self, now_s: float) -> bool:
        """By what the link itself says: in less than BEFORE_EXPIRY_S, or half of its life. Both
        times are seconds since 1970.
        """
        found = EXPIRY.search(self.url)
        if found is None:
            return False
        left_s = float(found[1]) - self.found_at_s
        return now_s > float(found[1]) - min(BEFORE_EXPIRY_S, left_s / 2)


class Resolve(Protocol):
    def __call__(self, url: str) -> Link:
        """The link that a page has now. Raises SourceLost."""


@dataclass(frozen=True)
class PageResolver:
    """Asks yt-dlp, in a process of its own that ends in time and may do nothing but connect."""

    policy: AddressPolicy
    within_s: float = RESOLVE_S

    def __call__(self, url: str) -> Link:
        question = json.dumps({"url": url, "networks": ",".join(sorted(self.policy.networks))})
        environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        try:
            done = subprocess.run(
                (sys.executable, "-B", "-m", "services.ingest.sources.resolving"),
                input=question,
                capture_output=True,
                text=True,
                timeout=self.within_s,
                env=environment | {"YTDLP_NO_PLUGINS": "1", "HOME": os.devnull},
            )
            found = json.loads(done.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            raise SourceLost(SILENT) from None
        if "error" in found:
            raise SourceLost(str(found["error"]))
        return Link(found["url"], found["headers"], found["is_live"])


class PageSource:
    """The video of one page, live or recorded; a recorded one begins anew at its end.

    A link that expires is replaced a little before, the page being asked while the old one still
    plays; where it gives out earlier, the page is asked at once.
    """

    def __init__(
        self,
        url: str,
        resolve: Resolve,
        stream: Callable[[Link], LiveSource],
        worth_s: float = WORTH_S,
    ) -> None:
        """`stream` makes the source of a link; it is opened and closed here."""
        self._url, self._resolve, self._make = url, resolve, stream
        self._worth_s = worth_s
        self._stream: LiveSource | None = None
        self._link = Link("")
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="page")

    def open(self) -> StreamFormat:
        return self._connect(self._resolve(self._url))

    def frames(self, tap: PacketTap | None = None) -> Iterator[LiveFrame]:
        while True:
            began_s = monotonic()
            try:
                following = yield from self._until_expiry(tap)
            except SourceLost as loss:
                if monotonic() - began_s < self._worth_s:
                    raise
                log.info("the link gave out, asking the page again", reason=str(loss))
                following = self._resolve(self._url)
            self._connect(following)

    def close(self) -> None:
        self._asking.shutdown(wait=False, cancel_futures=True)
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _connect(self, link: Link) -> StreamFormat:
        if self._stream is not None:
            self._stream.close()
        self._link, self._stream = link, self._make(link)
        return self._stream.open()

    def _until_expiry(self, tap: PacketTap | None) -> Generator[LiveFrame, None, Link]:
        """Frames of the present link; returns the one to go on with before it expires. A page that
        does not answer then is asked again once the link gave out.
        """
        assert self._stream is not None, "open it first"
        frames = self._stream.frames(tap)
        following: Future[Link] | None = None
        try:
            for frame in frames:
                yield frame
                if following is None:
                    if self._link.expires_soon(time.time()):
                        following = self._asking.submit(self._resolve, self._url)
                elif following.done() and following.exception() is None:
                    return following.result()
        finally:
            if isinstance(frames, Generator):
                frames.close()
        raise SourceLost("The page's video ended.")
