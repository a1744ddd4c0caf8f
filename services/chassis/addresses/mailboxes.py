"""Mail addresses as people write them: `"Shop, Owner" <owner@store.example>, guard@b.example`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MAILBOX = re.compile(r"(?P<name>.*?)\s*<(?P<bracketed>[^<>]*)>|(?P<bare>\S+)", re.DOTALL)
_LOCAL = re.compile(r"[^\s@<>()\[\]\\,;:\"]+")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


@dataclass(frozen=True)
class Mailbox:
    """`name` is for the eye; `address` has a domain in ASCII (IDNA) and may have any local part."""

    name: str
    address: str

    @property
    def local(self) -> str:
        return self.address.rpartition("@")[0]

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server with SMTPUTF8 (RFC 6531) can take mail to or from it."""
        return not self.address.isascii()


def mailboxes(setting: str, listed: str) -> tuple[Mailbox, ...]:
    """The addresses in a list separated by commas, where a name in quotes may hold commas.

    Raises ValueError: one sentence that begins with the name of the setting.
    """
    return tuple(mailbox(setting, item) for item in _items(setting, listed) if item)


def mailbox(setting: str, text: str) -> Mailbox:
    """One address, with or without a name. Raises ValueError like `mailboxes`."""
    match = _MAILBOX.fullmatch(text)
    address = (match["bracketed"] or match["bare"] or "") if match else ""
    local, _, domain = address.strip().rpartition("@")
    domain = _ascii(domain)
    good = match and text.isprintable() and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not match or not good:
        raise ValueError(f"{setting}: {text!r} is not a mail address")
    name = (match["name"] or "").strip()
    return Mailbox(_unquoted(name), f"{local}@{domain}")


def _items(setting: str, listed: str) -> Iterator[str]:
    """Cut at the commas outside of quotes."""
    quoted, start = False, 0
    for place, letter in enumerate(listed):
        if letter == '"' and listed[place - 1 : place] != "\\":
            quoted = not quoted
        elif letter == ";" and not quoted:
            raise ValueError(f"{setting}: separate addresses by commas, not by semicolons")
        elif letter == "," and not quoted:
            yield listed[start:place].strip()
            start = place + 1
    yield listed[start:].strip()


def _unquoted(name: str) -> str:
    if len(name) > 1 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name


def _ascii(domain: str) -> str:
    """The domain as the DNS knows it; empty when it cannot be one."""
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return ""
