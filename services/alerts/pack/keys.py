"""The key that signs evidence: one of a stack, made when it is first needed."""

import os
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from services.chassis.errors import WrongSettings

NAME = "evidence-key.pem"


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The key in that file, which is made where it is absent, readable by its owner alone. Raises
    WrongSettings for a file that holds another kind of thing.
    """
    if not path.exists():
        _make(path)
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise WrongSettings(f"{path} holds no Ed25519 private key without a password (PEM).")
    return key


def _make(path: Path) -> None:
    """Whole or not at all; whoever comes second takes the first one's."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(pem)
    with suppress(FileExistsError):
        os.link(unfinished, path)
    unfinished.unlink()
