"""A camera's address without credentials, and the credentials beside it."""

import re
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address
from typing import Literal, get_args
from urllib.parse import quote

Scheme = Literal[
    "rtsp", "rtsps", "http", "https", "page+http", "page+https", "usb", "folder", "push", "sim"
]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
Kind = Literal["rtsp", "rtsps", "http", "https", "page", "usb", "folder", "push", "sim"]
KINDS: tuple[Kind, ...] = get_args(Kind)
USERNAME, PASSWORD = "{username}", "{password}"
"""What stands in a kept address where the camera wants its credentials in path or query."""
HIDDEN = "…"


class AddressFault(ValueError):
    """An address cannot be used. The text is one sentence for whoever typed it, and never holds a
    part of it that may be a password.
    """


@dataclass(frozen=True)
class Credentials:
    """Of a camera. Neither is shown when it is printed."""

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.username or self.password)

    def hidden_in(self, text: str) -> str:
        """The text of a library's error, with the password left out however it is spelled, and
        whatever else stands before an @ in an address.
        """
        for secret in filter(None, (self.password, quote(self.password, safe=""))):
            text = text.replace(secret, HIDDEN)
        return text


@dataclass(frozen=True)
class CameraAddress:
    """`text` is what may be kept, sent and shown: it holds no credentials.

    `host` is a name in ASCII, or an IP address in its usual form; empty for schemes without one.
    """

    scheme: Scheme
    text: str
    host: str = ""
    port: int | None = None

    @property
    def kind(self) -> Kind:
        """`page` is a web page that shows a video, which yt-dlp has to find."""
        if self.scheme == "page+http" or self.scheme == "page+https":
            return "page"
        return self.scheme

    @property
    def plain(self) -> str:
        """What is connected to, without credentials: of a page the address of the page itself."""
        return self.text.removeprefix("page+")

    @property
    def path(self) -> str:
        """Of a folder or a device where it lies on this machine, as it was typed."""
        return self.text.partition("://")[2]

    def url(self, credentials: Credentials = Credentials()) -> str:
        """The address to hand to a client, credentials in it, escaped as URLs have it. Secret."""
        filled = self.filled(credentials)
        if not credentials or not self.host or filled != self.plain:
            return filled
        scheme, _, rest = filled.partition("://")
        username, password = (
            quote(credentials.username, safe=""),
            quote(credentials.password, safe=""),
        )
        return f"{scheme}://{username}:{password}@{rest}"

    def at(self, address: IPv4Address | IPv6Address) -> "CameraAddress":
        """The same at the IP address that was checked, for a client that would look the name up
        once more. Not for TLS or virtual hosts, which need the name.
        """
        host = f"[{address}]" if address.version == 6 else str(address)
        port = f":{self.port}" if self.port else ""
        rest = re.sub(r"^[^/?#]*", "", self.text.partition("://")[2])
        return replace(self, text=f"{self.scheme}://{host}{port}{rest}", host=str(address))

    def filled(self, credentials: Credentials) -> str:
        """Credentials only where the camera wants them in path or query. Secret."""
        whole = self.plain.replace(USERNAME, quote(credentials.username, safe=""))
        return whole.replace(PASSWORD, quote(credentials.password, safe=""))
