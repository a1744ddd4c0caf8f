"""Which addresses may be watched: checked when one is entered, and again at every connect."""

import socket
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar

from services.chassis.addresses.camera import KINDS, AddressFault, CameraAddress, Kind
from services.chassis.addresses.hosts import (
    LOCAL_NAMES,
    METADATA_NAMES,
    NETWORKS,
    Address,
    Network,
    literal,
    network_of,
)
from services.chassis.addresses.typed import parse_kept

C = TypeVar("C")
Resolve = Callable[[str], Sequence[str]]
WORDS = {
    "loopback": "on this machine itself",
    "private": "in a private network",
    "public": "on the internet",
}
NOWHERE = "The address leads to where no camera is: link-local, multicast or a metadata service."


def resolve(host: str) -> Sequence[str]:
    """All IP addresses of a name. Raises AddressFault when there are none."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressFault(f"There is no host {host} that can be found.") from None
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True)
class AddressPolicy:
    """What an operator allows. Where no camera can be is refused whatever is set."""

    networks: Collection[Network] = NETWORKS
    kinds: Collection[Kind] = KINDS
    folders: Sequence[Path] = ()
    """Drop folders lie below one of these."""

    @classmethod
    def of(cls, networks: str, kinds: str, folders: str) -> "AddressPolicy":
        """From settings: names separated by commas. Raises ValueError with a sentence."""
        below = tuple(Path(one) for one in _names(folders))
        if not all(one.is_absolute() for one in below):
            raise ValueError("folders must be absolute paths, separated by commas")
        return cls(among(networks, NETWORKS), among(kinds, KINDS), below)

    def check_entered(self, camera: CameraAddress) -> None:
        """What can be said without asking anybody. Raises AddressFault."""
        if camera.kind not in self.kinds:
            raise AddressFault(
                f"Cameras of the kind {camera.kind} may not be entered here "
                "(NIGHTCLERK_CAMERA_KINDS)."
            )
        if camera.scheme == "folder":
            self._check_folder(camera)
        if camera.host:
            self._check_host(camera.host)

    def check_connect(
        self, camera: CameraAddress, resolve: Resolve = resolve
    ) -> tuple[Address, ...]:
        """Look the host up and check each of its addresses; they are returned, in order: connect
        to no other. Empty for schemes without a host. Raises AddressFault.
        """
        self.check_entered(camera)
        if not camera.host:
            return ()
        found = tuple(address_of(one) for one in resolve(camera.host))
        for address in found:
            self.check_address(address)
        return found

    def check_url(self, url: str, resolve: Resolve = resolve) -> tuple[Address, ...]:
        """The same for an address that a page or a playlist gave."""
        return self.check_connect(parse_kept(url), resolve)

    def check_address(self, address: Address) -> None:
        """One IP address, that a name led to. Raises AddressFault."""
        network = network_of(address)
        if network is None:
            raise AddressFault(NOWHERE)
        if network not in self.networks:
            raise AddressFault(_refused(network))

    def seen_from(self, addresses: Sequence[Address]) -> "AddressPolicy":
        """What a page or playlist at these addresses may lead to: nothing that lies further inside
        than itself, so that no page of the internet reaches a server of the house.
        """
        outermost = max(NETWORKS.index(network_of(one) or "public") for one in addresses)
        inner = NETWORKS[outermost:]
        return replace(self, networks=frozenset(self.networks) & frozenset(inner))

    def _check_host(self, host: str) -> None:
        address = literal(host)
        if address is not None:
            self.check_address(address)
        elif host in METADATA_NAMES:
            raise AddressFault(NOWHERE)
        elif (host in LOCAL_NAMES or host.endswith(".localhost")) and (
            "loopback" not in self.networks
        ):
            raise AddressFault(_refused("loopback"))

    def _check_folder(self, camera: CameraAddress) -> None:
        if not self.folders:
            raise AddressFault(
                "No folder may be watched here: name those in NIGHTCLERK_CAMERA_FOLDERS."
            )
        real = Path(camera.path).resolve()
        if not any(real.is_relative_to(one.resolve()) for one in self.folders):
            raise AddressFault("The folder is not below one of NIGHTCLERK_CAMERA_FOLDERS.")


def _refused(network: Network) -> str:
    return f"Cameras {WORDS[network]} may not be entered here (NIGHTCLERK_CAMERA_NETWORKS)."


def address_of(text: str) -> Address:
    """An address as the resolver writes it, less the interface."""
    return ip_address(text.partition("%")[0])


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def among(text: str, allowed: Sequence[C]) -> tuple[C, ...]:
    """Those of the allowed words that a setting names. Raises ValueError for others, or none."""
    chosen = tuple(one for one in allowed if str(one) in _names(text))
    if not chosen or len(chosen) < len(set(_names(text))):
        raise ValueError(f"it must be of {', '.join(map(str, allowed))}, separated by commas")
    return chosen
