"""The video of a web page, found by yt-dlp: a process of its own, which can do nothing else.

`python -m services.ingest.sources.resolving` reads a question in JSON from its input and writes the
answer in JSON. It connects only where the policy allows, starts no program (but Deno, which
YouTube's pages need) and writes no file, whatever a page makes yt-dlp want.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from services.chassis.addresses import AddressFault, AddressPolicy
from services.chassis.addresses.policy import resolve

SOCKET_S = 10
MOST_HEIGHT = 720
PROTOCOLS: Final = ("http", "https", "m3u8", "m3u8_native")
FORMAT: Final = "/".join(
    f"{kind}[protocol~='^({'|'.join(PROTOCOLS)})$'][height{sign}{MOST_HEIGHT}]"
    for kind, sign in (("b", "<=?"), ("bv", "<=?"), ("b", ">"), ("bv", ">"))
)
"""A picture of at most 720 lines where there is one: more is not looked at anyway."""
NO_VIDEO = "No video is found on the page."
PROGRAMS = frozenset({"deno"})
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND


class Denied(PermissionError):
    """yt-dlp wanted what it may not. Libraries take it for a program or file that is not there."""


def confine(policy: AddressPolicy) -> None:
    """From now on this process connects, writes and starts nothing else. It cannot be undone."""

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            _check_connect(policy, arguments[1])
        elif event == "open":
            _check_open(arguments[0], arguments[2])
        elif event == "subprocess.Popen":
            if Path(os.fsdecode(arguments[0] or arguments[1][0])).name not in PROGRAMS:
                raise Denied("no program is started")
        elif event in ("os.system", "os.exec", "os.spawn", "os.remove", "os.rename", "os.mkdir"):
            raise Denied(event)

    sys.addaudithook(check)


def _check_connect(policy: AddressPolicy, address: object) -> None:
    if not isinstance(address, tuple):
        raise Denied("no sockets of this machine")
    policy.check_address(ip_address(str(address[0]).partition("%")[0]))


def _check_open(path: object, flags: object) -> None:
    is_written = isinstance(flags, int) and flags & WRITES
    if is_written and path != os.devnull and not isinstance(path, int):
        raise Denied("no file is written")


def find(url: str) -> dict[str, Any]:
    """What the page shows: `url`, `headers`, `is_live`; or `error`, a sentence."""
    from yt_dlp import YoutubeDL
    from yt_dlp.utils import YoutubeDLError

    options = {
        "format": FORMAT,
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "logger": Silent(),
        "noplaylist": True,
        "playlist_items": "1",
        "cachedir": False,
        "cookiefile": None,
        "proxy": "",
        "socket_timeout": SOCKET_S,
        "retries": 1,
        "extractor_retries": 1,
        "skip_download": True,
        "enable_file_urls": False,
        "nocheckcertificate": False,
        "allowed_extractors": ["default"],
    }
    try:
        with YoutubeDL(options) as page:
            found = page.extract_info(url, download=False)
    except AddressFault as fault:
        return {"error": str(fault)}
    except YoutubeDLError as error:
        return {"error": _sentence(error)}
    return answer(found)


def answer(found: Mapping[str, Any] | None) -> dict[str, Any]:
    """Of what yt-dlp found, the one video that is to be watched."""
    entries: Sequence[Mapping[str, Any]] = [
        one for one in (found or {}).get("entries") or [] if one
    ]
    video = entries[0] if entries else found
    if not video or not str(video.get("url", "")).startswith(("http://", "https://")):
        return {"error": NO_VIDEO}
    headers = {str(name): str(value) for name, value in (video.get("http_headers") or {}).items()}
    return {"url": video["url"], "headers": headers, "is_live": bool(video.get("is_live"))}


def _sentence(error: BaseException) -> str:
    """Without yt-dlp's words, which hold addresses."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AddressFault):
            return str(cause)
        status = getattr(cause, "status", None)
        if isinstance(status, int):
            return f"The page answers with error {status}."
        info = getattr(cause, "exc_info", None)
        cause = (info[1] if info else None) or cause.__cause__ or cause.__context__
    return NO_VIDEO


class Silent:
    """A logger for yt-dlp: its words hold addresses."""

    def debug(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...


def main() -> None:
    question = json.load(sys.stdin)
    policy = AddressPolicy.of(question["networks"], "page,http,https", "")
    try:
        seen = policy.seen_from(policy.check_url(question["url"], resolve))
        confine(seen)
        found = find(question["url"])
        if "url" in found:
            seen.check_url(found["url"], resolve)
    except AddressFault as fault:
        found = {"error": str(fault)}
    except Exception as error:  # noqa: BLE001 - whatever a page does to yt-dlp
        found = {"error": _sentence(error)}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
