"""What lies behind an http(s) address: a stream, a playlist, a file, or a page that shows one."""

from collections.abc import Callable, Iterator

from services.chassis.addresses import AddressPolicy, CameraAddress, Credentials
from services.ingest.sources.fetching import STILL_S, Fetch
from services.ingest.sources.page import Link, PageResolver, PageSource, Resolve
from services.ingest.sources.port import LiveFrame, LiveSource, PacketTap, SourceLost, StreamFormat

MakeStream = Callable[[str, Fetch], LiveSource]
"""The source of a URL, which asks for nothing but through the fetch."""


class WebSource:
    """Looks, when it is opened, what lies there: a page is asked for its video, all else is a
    stream. `page+https://` is a page without a look.
    """

    def __init__(
        self,
        camera: CameraAddress,
        credentials: Credentials,
        policy: AddressPolicy,
        stream: MakeStream,
        resolve: Resolve | None = None,
        still_s: float = STILL_S,
    ) -> None:
        self._camera, self._credentials, self._policy = camera, credentials, policy
        self._make, self._resolve = stream, resolve or PageResolver(policy)
        self._still_s = still_s
        self._source: LiveSource | None = None
        self._fetches: list[Fetch] = []

    def open(self) -> StreamFormat:
        url = self._camera.filled(self._credentials)
        fetch = self._fetch(Fetch(self._policy, self._credentials, still_s=self._still_s))
        if self._camera.kind == "page" or fetch.is_page(url):
            self._source = PageSource(url, self._resolve, self._linked)
        else:
            self._source = self._make(url, fetch)
        return self._source.open()

    def frames(self, tap: PacketTap | None = None) -> Iterator[LiveFrame]:
        if self._source is None:
            raise SourceLost("It is not open.")
        return self._source.frames(tap)

    def close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()
        while self._fetches:
            self._fetches.pop().close()

    def _linked(self, link: Link) -> LiveSource:
        """A page's credentials are the page's alone."""
        while self._fetches:
            self._fetches.pop().close()
        return self._make(
            link.url, self._fetch(Fetch(self._policy, headers=link.headers, still_s=self._still_s))
        )

    def _fetch(self, fetch: Fetch) -> Fetch:
        self._fetches.append(fetch)
        return fetch
