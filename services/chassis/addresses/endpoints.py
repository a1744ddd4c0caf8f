"""Endpoints of notification: which hosts may be reached, checked when one is saved and at every
connect. Names are looked up and checked in one step with the connection, so that a name which
leads elsewhere a moment later leads nowhere.
"""

import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from services.chassis.addresses.camera import AddressFault
from services.chassis.addresses.hosts import (
    METADATA_NAMES,
    NETWORKS,
    Address,
    Network,
    canonical,
    literal,
    network_of,
)
from services.chassis.addresses.policy import WORDS, Resolve, address_of, among, resolve

NOWHERE = "The address leads to where no endpoint is: link-local, multicast or a metadata service."
PORTS = {"http": 80, "https": 443, "mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class Endpoint:
    """What a URL names. `host` is canonical: a name in ASCII, or an IP address as it is written
    usually, however the URL has it.
    """

    scheme: str
    host: str
    port: int


def endpoint(url: str, schemes: Collection[str]) -> Endpoint:
    """Raises AddressFault, in a sentence that shows nothing of the URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port == 0 or parts.scheme not in schemes or not _is_plain(url):
        listed = " or ".join(f"{scheme}://" for scheme in schemes)
        raise AddressFault(f"The address must be {listed} with a host, in printable ASCII.")
    name = f"[{host}]" if ":" in host else host
    return Endpoint(parts.scheme, canonical(name), port or PORTS[parts.scheme])


@dataclass(frozen=True)
class EndpointPolicy:
    """What the operator allows. Where no endpoint can be is refused whatever is set."""

    networks: Collection[Network] = frozenset[Network](("public",))
    refusal: str = "Nobody {where} may be notified (NIGHTCLERK_TARGET_NETWORKS)."
    """A sentence for people, with where the host lies."""

    @classmethod
    def of(cls, networks: str) -> "EndpointPolicy":
        """From a setting: names separated by commas. Raises ValueError with a sentence."""
        return cls(among(networks, NETWORKS))

    def check(self, host: str, resolve: Resolve = resolve) -> tuple[Address, ...]:
        """All addresses of a canonical host, in order: connect to no other. A single one that is
        refused refuses the host. Raises AddressFault.
        """
        if host in METADATA_NAMES:
            raise AddressFault(NOWHERE)
        given = literal(host)
        found = (given,) if given else tuple(address_of(text) for text in resolve(host))
        for address in found:
            self._check(address)
        return found

    def _check(self, address: Address) -> None:
        network = network_of(address)
        if network is None:
            raise AddressFault(NOWHERE)
        if network not in self.networks:
            raise AddressFault(self.refusal.format(where=WORDS[network]))


@dataclass(frozen=True)
class Connecting:
    """Opens connections to what the policy allows. `opened` hears of each at once."""

    policy: EndpointPolicy | None
    """None: the address is the operator's own word, and may lead anywhere."""
    resolve: Resolve = resolve

    def connect(
        self,
        host: str,
        port: int,
        timeout_s: float | None,
        opened: Callable[[socket.socket], None],
    ) -> socket.socket:
        """To the first of the host's addresses that answers. Raises AddressFault, OSError."""
        if self.policy is None:
            connection = socket.create_connection((host, port), timeout_s)
            opened(connection)
            return connection
        failure: OSError = OSError("the name has no address")
        for address in self.policy.check(canonical(_bracketed(host)), self.resolve):
            try:
                connection = socket.create_connection((str(address), port), timeout_s)
            except OSError as error:
                failure = error
                continue
            opened(connection)
            return connection
        raise failure


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _is_plain(url: str) -> bool:
    """Neither spaces, control characters nor letters that a header cannot hold."""
    return url.isascii() and url.isprintable() and " " not in url
