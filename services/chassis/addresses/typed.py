"""A camera's address as a person types it -> the address, and the credentials that were in it.

Nothing is decoded: a password stands in an address as it is, whatever is in it. So where it ends
is found from behind, at an @ after which a host stands.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote

from services.chassis.addresses.camera import (
    PASSWORD,
    SCHEMES,
    USERNAME,
    AddressFault,
    CameraAddress,
    Credentials,
    Scheme,
)
from services.chassis.addresses.hosts import LOCAL_NAMES, canonical

MOST_CHARACTERS = 2048
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
WHITE = re.compile(r"\s")
HOST_PORT = re.compile(r"(\[[^\]@/?#]*\]|[^:@/?#\[\]\s\\]+)(?::(\d{1,5}))?(?=[/?#]|$)")
DEVICE = re.compile(r"/dev/(video\d{1,3}|v4l/by-(id|path)/[\w.:+-]+)")
QUERY_USER = re.compile(r"(?i)(?<=[?&/])(user|usr|username|loginuse)=([^&#/]+)")
QUERY_PASSWORD = re.compile(
    r"(?i)(?<=[?&/])(pwd|pass|passwd|password|psw|loginpas|token|auth|access_token)=([^&#]+)"
)
UNCLEAR = (
    "It is not clear where the password ends: give user name and password in their own fields."
)
TWICE = "A password stands in the address and in its own field: leave one of them out."
KINDS = "rtsp://, rtsps://, http://, https://, page+https://, usb://, folder://, push:// or sim://"
Typed = tuple[CameraAddress, Credentials]


class Reading(NamedTuple):
    """One way to read what stands behind the scheme."""

    userinfo: str | None
    typed_host: str
    host: str
    port: int | None
    rest: str

    @property
    def is_strong(self) -> bool:
        """An IP address, a name with a dot, or this machine: hardly a part of a password."""
        typed = self.typed_host.rstrip(".")
        return typed.startswith("[") or "." in typed or self.host in LOCAL_NAMES


def parse(text: str, username: str = "", password: str = "") -> Typed:
    """What a person typed into one field or three. Raises AddressFault.

    A user name may stand in the address and the password in its own field. Credentials in the
    query (`?user=…&pwd=…`) are taken out too, and stand there as {username} and {password}.
    """
    scheme, rest = _scheme(text.strip(" "))
    if CONTROL.search(text + username + password):
        raise AddressFault("Line breaks and other control characters are no part of an address.")
    if len(text) > MOST_CHARACTERS:
        raise AddressFault(f"An address has at most {MOST_CHARACTERS} characters.")
    if scheme in ("usb", "folder", "push", "sim"):
        return _of_this_machine(scheme, rest, Credentials(username, password))
    reading = _reading(scheme, rest)
    place, found = _without_secrets(reading)
    credentials = _merged(found, Credentials(username, password))
    if WHITE.search(place):
        raise AddressFault("There is a space in the address.")
    return CameraAddress(scheme, f"{scheme}://{place}", reading.host, reading.port), credentials


def parse_kept(text: str) -> CameraAddress:
    """An address that is kept without credentials, or that another side gave. Raises AddressFault.

    What stands before an @ is not looked for: such addresses have none.
    """
    scheme, rest = _scheme(text)
    if CONTROL.search(text):
        raise AddressFault("Line breaks and other control characters are no part of an address.")
    if scheme in ("usb", "folder", "push", "sim"):
        return _of_this_machine(scheme, rest, Credentials())[0]
    if WHITE.search(text):
        raise AddressFault("There is a space in the address.")
    found = HOST_PORT.match(rest)
    if found is None:
        raise AddressFault("The address names no host that there can be.")
    reading = _read(None, found, rest)
    if reading is None:
        raise AddressFault("The address names no host that there can be.")
    return CameraAddress(scheme, f"{scheme}://{_place(reading)}", reading.host, reading.port)


def _scheme(text: str) -> tuple[Scheme, str]:
    found = SCHEME.fullmatch(text)
    if found is None:
        raise AddressFault(f"An address begins with {KINDS}.")
    name = found[1].lower()
    if name == "file":
        raise AddressFault("Files are not watched: enter the folder they come to, folder:///path.")
    for scheme in SCHEMES:
        if scheme == name:
            return scheme, found[2]
    raise AddressFault(f"That kind of address is not watched: it begins with {KINDS}.")


def _of_this_machine(scheme: Scheme, rest: str, credentials: Credentials) -> Typed:
    if credentials:
        raise AddressFault(f"{scheme}:// has no user name and no password.")
    if scheme == "push" and rest.strip("/"):
        raise AddressFault("A webcam's address is push:// and nothing else.")
    if scheme == "usb" and not DEVICE.fullmatch(rest):
        raise AddressFault("A USB camera's address is usb:///dev/video0, or another device.")
    if scheme == "folder" and (not rest.startswith("/") or ".." in rest.split("/")):
        raise AddressFault("A folder's address is folder:///path, from the root and without `..`.")
    if scheme == "push":
        rest = ""
    return CameraAddress(scheme, f"{scheme}://{rest}"), Credentials()


def _reading(scheme: Scheme, rest: str) -> Reading:
    """The way to read it that makes sense. Raises AddressFault where two do, or none."""
    end = next((place for place, one in enumerate(rest) if one in "/?#"), len(rest))
    inner, outer = _with_credentials(scheme, rest, end)
    found = HOST_PORT.match(rest)
    plain = _read(None, found, rest) if found else None
    if plain is not None and outer is not None:
        # host:80/path@name, or user:80/word@host
        return plain if plain.port is None or plain.is_strong or not outer.is_strong else outer
    if inner is not None and outer is not None:
        if inner.is_strong and outer.is_strong:
            raise AddressFault(UNCLEAR)
        return inner if inner.is_strong else outer
    chosen = plain or inner or outer
    if chosen is None:
        raise AddressFault("The address names no host that there can be.")
    return chosen


def _with_credentials(scheme: Scheme, rest: str, end: int) -> tuple[Reading | None, Reading | None]:
    """Read with credentials that end before the path, as `end` has it, and with longer ones."""
    inner = outer = None
    for at in (found.start() for found in re.finditer("@", rest)):
        found = HOST_PORT.match(rest, at + 1)
        reading = _read(rest[:at], found, rest) if found else None
        if reading is None:
            continue
        if at < end:
            inner = reading
        elif ":" in rest[:at] and not reading.typed_host.isdigit() and _may_end(scheme, rest, at):
            outer = reading
    return inner, outer


def _may_end(scheme: Scheme, rest: str, at: int) -> bool:
    """Pages have names with an @ in their paths, cameras do not."""
    return scheme.startswith("rtsp") or rest[at - 1] != "/"


def _read(userinfo: str | None, found: re.Match[str], rest: str) -> Reading | None:
    port = int(found[2]) if found[2] else None
    if port is not None and not 0 < port < 65536:
        return None
    try:
        return Reading(userinfo, found[1], canonical(found[1]), port, rest[found.end() :])
    except AddressFault:
        return None


def _place(reading: Reading) -> str:
    host = f"[{reading.host}]" if ":" in reading.host else reading.host
    return f"{host}:{reading.port}{reading.rest}" if reading.port else f"{host}{reading.rest}"


def _without_secrets(reading: Reading) -> tuple[str, Credentials]:
    """Host, path and query, and the credentials that were before and within them."""
    username, _, password = (reading.userinfo or "").partition(":")
    place = _place(reading)
    if QUERY_PASSWORD.search(place):
        place, password = _taken_out(place, QUERY_PASSWORD, PASSWORD, password)
        place, username = _taken_out(place, QUERY_USER, USERNAME, username)
    return place, Credentials(username, password)


def _taken_out(place: str, pattern: re.Pattern[str], mark: str, before: str) -> tuple[str, str]:
    """The place with a mark where the secret stood, and the secret itself."""
    found = pattern.search(place)
    if found is None or found[2] == mark:
        return place, before
    secret = unquote(found[2])
    if before and before != secret:
        raise AddressFault("The address holds two different user names or passwords.")
    return place[: found.start(2)] + mark + place[found.end(2) :], secret


def _merged(found: Credentials, given: Credentials) -> Credentials:
    if found.password and given.password and found.password != given.password:
        raise AddressFault(TWICE)
    if found.username and given.username and found.username != given.username:
        raise AddressFault("The address and its own field give two different user names.")
    merged = Credentials(given.username or found.username, given.password or found.password)
    if ":" in merged.username:
        raise AddressFault("A user name cannot hold a colon.")
    return merged
