"""Addresses of cameras: as a person types them, as they are kept, and which of them may be used."""

from services.chassis.addresses.camera import AddressFault, CameraAddress, Credentials
from services.chassis.addresses.policy import AddressPolicy
from services.chassis.addresses.typed import parse, parse_kept

__all__ = [
    "AddressFault",
    "AddressPolicy",
    "CameraAddress",
    "Credentials",
    "parse",
    "parse_kept",
]
