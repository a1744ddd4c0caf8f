"""Hosts: in one spelling, and which network each of them lies in."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal

from services.chassis.addresses.camera import AddressFault

Address = IPv4Address | IPv6Address
Network = Literal["loopback", "private", "public"]
NETWORKS: tuple[Network, ...] = ("loopback", "private", "public")

NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_-]{1,63})*\.?")
NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
NEVER = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
"""Unspecified, link-local (where clouds keep their metadata), multicast, reserved."""
METADATA = frozenset(
    ip_address(one)
    for one in ("100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254")
)
"""Metadata services of clouds that lie elsewhere."""
METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "instance-data"})
LOCAL_NAT64 = ip_network("64:ff9b:1::/48")
"""Of translators of one's own (RFC 8215): where in it the IPv4 address stands is theirs to say."""
CARRIERS = (
    ip_network("64:ff9b::/96"),
    ip_network("::ffff:0:0:0/96"),
    ip_network("::/96"),
    LOCAL_NAT64,
)
"""IPv6 networks whose last four bytes are an IPv4 address."""
LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost")


def canonical(host: str) -> str:
    """The host as it is kept: a name in lower case and ASCII, an IP address in its usual form,
    however it was written. Raises AddressFault.
    """
    if host.startswith("[") and host.endswith("]"):
        return _ipv6(host[1:-1])
    name = _ascii(host).lower()
    if _is_number(name.rstrip(".").rpartition(".")[2]):
        return str(_ipv4(name.rstrip(".")))
    if not NAME.fullmatch(name):
        raise AddressFault("The address names no host that there can be.")
    return name.rstrip(".")


def network_of(address: Address) -> Network | None:
    """Where an IP address lies; None where no camera may be."""
    inner = embedded(address)
    if inner is not None:
        within = network_of(inner)
        return "private" if within == "public" and _is_local_nat64(address) else within
    if address in METADATA or any(address in one for one in NEVER if _same(one, address)):
        return None
    if address.is_loopback:
        return "loopback"
    return "public" if address.is_global else "private"


def embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address) or int(address) <= 1:
        return None
    if address.teredo is not None:
        return address.teredo[1]
    wrapped = address.ipv4_mapped or address.sixtofour
    if wrapped is None and any(address in one for one in CARRIERS):
        wrapped = IPv4Address(int(address) & 0xFFFFFFFF)
    return wrapped


def literal(host: str) -> Address | None:
    """The IP address that a canonical host is; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_local_nat64(address: Address) -> bool:
    return isinstance(address, IPv6Address) and address in LOCAL_NAT64


def _same(network: object, address: Address) -> bool:
    return getattr(network, "version", None) == address.version


def _ascii(host: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise AddressFault("The address names no host that there can be.") from None


def _ipv6(text: str) -> str:
    address: IPv6Address | None
    try:
        address = IPv6Address(text)
    except ValueError:
        address = None
    if address is None or address.scope_id is not None:
        raise AddressFault("What stands in brackets is no IPv6 address without an interface.")
    return str(address)


def _is_number(label: str) -> bool:
    return NUMBER.fullmatch(label) is not None


def _ipv4(host: str) -> IPv4Address:
    """As browsers and inet_aton read it: decimal, octal or hexadecimal, one part to four."""
    labels = host.split(".")
    try:
        parts = [_part(label) for label in labels]
        if len(parts) > 4 or any(part > 255 for part in parts[:-1]):
            raise ValueError
        value = sum(part << (24 - 8 * place) for place, part in enumerate(parts[:-1]))
        if parts[-1] >= 256 ** (5 - len(parts)):
            raise ValueError
        return IPv4Address(value + parts[-1])
    except ValueError:
        raise AddressFault("The address names no host that there can be.") from None


def _part(label: str) -> int:
    if label.lower().startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8) if label.startswith("0") and len(label) > 1 else int(label)
