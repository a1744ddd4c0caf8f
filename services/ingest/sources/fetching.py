"""HTTP for FFmpeg: every request for a stream, a playlist or a segment goes through here.

FFmpeg itself follows a redirect anywhere, passes over the segments of a link that expired, and
waits for ever at a playlist that stands still.
"""

import io
import re
from collections.abc import Mapping
from time import monotonic
from typing import Final

import httpx

from services.chassis.addresses import AddressFault, AddressPolicy, Credentials
from services.chassis.addresses.policy import Resolve, resolve
from services.ingest.sources.checked_http import AnyAuth, Checked
from services.ingest.sources.port import SourceLost

CONNECT_S = 5.0
READ_S = 10.0
STILL_S = 12.0
"""A live playlist without anything new for so long, or for three of its segments, stands still."""
MOST_REDIRECTS = 5
MOST_PLAYLIST_BYTES = 4 * 2**20
MOST_MISSING = 3
"""So many segments in a row may be missing: they fell out of the playlist while it was read."""
OPTIONS: Final = {"http_persistent": "0", "http_multiple": "0"}
"""What FFmpeg must be told where it does not connect itself."""
TARGET = re.compile(rb"#EXT-X-TARGETDURATION:(\d{1,4})")
REFUSALS: Final = {
    401: "The camera refuses the user name or the password.",
    403: "The link has expired, or does not allow to watch.",
    404: "The camera has no stream under this address.",
    410: "The link has expired.",
    429: "The camera has too many clients.",
    503: "The camera has too many clients.",
}

FINAL = frozenset({401, 404, 410})
"""Refusals that come with a page for people. Others may be meant for programs alone, so that who
finds videos on pages is asked all the same."""


class Fetch:
    """Opens what FFmpeg asks for. Of one connection to one source; close it with that.

    Raises SourceLost, which FFmpeg's caller gets as it is: for a host that may not be, a refusal,
    an expired link, silence, a live playlist that stands still.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        credentials: Credentials = Credentials(),
        headers: Mapping[str, str] | None = None,
        still_s: float = STILL_S,
        resolve: Resolve = resolve,
    ) -> None:
        self._client = httpx.Client(
            transport=Checked(policy, resolve),
            auth=AnyAuth(credentials) if credentials else None,
            headers=dict(headers or {}),
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
            follow_redirects=True,
            max_redirects=MOST_REDIRECTS,
            trust_env=False,
        )
        self._playlists: dict[str, Playlist] = {}
        self._still_s = still_s
        self._requests = self._missing = 0
        self._looked_at: dict[str, httpx.Response] = {}
        self.is_lost = False
        """FFmpeg was told: it gets nothing more. Of two exceptions PyAV would print one."""

    def __call__(self, url: str, flags: int, options: Mapping[str, str]) -> io.IOBase:
        if self.is_lost:
            return Nothing()
        try:
            return self._opened(url, options)
        except SourceLost:
            self.is_lost = True
            raise

    def _opened(self, url: str, options: Mapping[str, str]) -> io.IOBase:
        if not url.startswith(("http://", "https://")):
            raise SourceLost("The stream leads to something that is not read: it may be encrypted.")
        offset = options.get("offset", "0")
        response = self._looked_at.pop(url, None) or self.get(
            url, int(offset) if offset.isdigit() else 0
        )
        self._requests += 1
        if response.status_code >= 400:
            return self._refused(response)
        self._missing = 0
        if is_playlist(response):
            return self._playlist(url, response)
        return Body(self, url, response)

    def get(self, url: str, start: int = 0) -> httpx.Response:
        """The answer, its body not read. Raises SourceLost."""
        headers = {"Range": f"bytes={start}-"} if start else {}
        try:
            request = self._client.build_request("GET", url, headers=headers)
            return self._client.send(request, stream=True)
        except AddressFault as fault:
            raise SourceLost(str(fault)) from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise SourceLost(_sentence(error)) from None

    def is_page(self, url: str) -> bool:
        """Whether something for a browser lies there. A video's answer is kept for whoever opens
        it next. Raises SourceLost.
        """
        response = self.get(url)
        if response.status_code in FINAL:
            response.close()
            raise SourceLost(REFUSALS[response.status_code])
        if is_page(response):
            response.close()
            return True
        self._looked_at[url] = response
        return False

    def close(self) -> None:
        for response in self._looked_at.values():
            response.close()
        self._client.close()

    def _refused(self, response: httpx.Response) -> io.IOBase:
        code = response.status_code
        response.close()
        is_gap = self._requests > 1 and (code == 404 or code >= 500)
        self._missing += 1
        if is_gap and self._missing <= MOST_MISSING:
            return Nothing()
        raise SourceLost(REFUSALS.get(code, f"The camera answers with error {code}."))

    def _playlist(self, url: str, response: httpx.Response) -> io.IOBase:
        content = _bounded(response)
        playlist = self._playlists.setdefault(url, Playlist(self._still_s))
        playlist.read(content, monotonic())
        return io.BytesIO(content)


class Playlist:
    """What is known of a playlist: when it last had something new."""

    def __init__(self, still_s: float = STILL_S) -> None:
        self._still_s = still_s
        self._content = b""
        self._changed_s = 0.0

    def read(self, content: bytes, now_s: float) -> None:
        """Raises SourceLost for a live one that stands still."""
        if content != self._content:
            self._content, self._changed_s = content, now_s
            return
        target = TARGET.search(content)
        still_s = max(self._still_s, 3 * float(target[1]) if target else 0)
        if b"#EXT-X-ENDLIST" not in content and now_s - self._changed_s > still_s:
            raise SourceLost("The link's playlist stands still: nothing new comes.")


class Nothing(io.RawIOBase):
    """A segment that is missing: FFmpeg goes on with the next one."""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return b""


class Body(io.RawIOBase):
    """The body of an answer as it comes. It can be sought where the server serves ranges."""

    def __init__(self, fetch: Fetch, url: str, response: httpx.Response) -> None:
        self._fetch, self._url = fetch, url
        length = response.headers.get("content-length", "")
        serves_ranges = response.headers.get("accept-ranges", "").lower() == "bytes"
        self._length = int(length) if serves_ranges and length.isdigit() else None
        self._position = self._read_to = 0
        self._begin(response)

    def _begin(self, response: httpx.Response) -> None:
        self._response: httpx.Response | None = response
        self._chunks = response.iter_bytes()
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """What is there, at most so much. Raises SourceLost, once."""
        if self._fetch.is_lost:
            return b""
        try:
            return self._read(size)
        except SourceLost:
            self._fetch.is_lost = True
            raise

    def _read(self, size: int) -> bytes:
        if self._position == self._length:
            return b""
        if self._position != self._read_to:
            self._reopen()
        try:
            while not self._left:
                self._left = next(self._chunks)
        except StopIteration:
            return b""
        except httpx.HTTPError as error:
            raise SourceLost(_sentence(error)) from None
        size = len(self._left) if size < 0 else size
        given, self._left = self._left[:size], self._left[size:]
        self._position = self._read_to = self._position + len(given)
        return given

    def seekable(self) -> bool:
        return self._length is not None

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The next read asks for it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length or 0}
        self._position = max(0, min(base[whence] + offset, self._length or 0))
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        response, self._response = self._response, None
        if response is not None:
            response.close()
        super().close()

    def _reopen(self) -> None:
        if self._response is not None:
            self._response.close()
        response = self._fetch.get(self._url, self._position)
        if response.status_code != (206 if self._position else 200):
            response.close()
            raise SourceLost("The link cannot be read from the middle.")
        self._read_to = self._position
        self._begin(response)


def is_playlist(response: httpx.Response) -> bool:
    kind: str = response.headers.get("content-type", "").lower()
    path = str(response.url.path).lower()
    return "mpegurl" in kind or path.endswith((".m3u8", ".m3u"))


def is_page(response: httpx.Response) -> bool:
    kind: str = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("text/html", "application/xhtml+xml")


def _bounded(response: httpx.Response) -> bytes:
    content = bytearray()
    try:
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > MOST_PLAYLIST_BYTES:
                raise SourceLost("The link's playlist has no end.")
    except httpx.HTTPError as error:
        raise SourceLost(_sentence(error)) from None
    finally:
        response.close()
    return bytes(content)


def _sentence(error: Exception) -> str:
    """Without anything that a library wrote: it may hold the address."""
    if isinstance(error, httpx.ConnectTimeout):
        return "The camera does not answer."
    if isinstance(error, httpx.TimeoutException):
        return "The camera sends nothing."
    if isinstance(error, httpx.ConnectError):
        return "The camera refuses the connection, or cannot be reached."
    if isinstance(error, httpx.TooManyRedirects):
        return "The link leads from one address to another and never to a video."
    return "The camera closed the connection, or answers with something that is no HTTP."
