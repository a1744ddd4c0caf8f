"""The key that signs evidence and proofs of erasure: one a stack, made when it is needed."""

import base64
import hashlib
import os
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
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


def public_text(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def fingerprint(public_key: str) -> str:
    """Short enough to be read out on the telephone."""
    digest = hashlib.sha256(public_key.encode()).hexdigest()
    return "-".join(digest[start : start + 4] for start in range(0, 16, 4))


def signature(content: bytes, key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.sign(content)).decode()


def is_signed(content: bytes, signature: str, public_key: str) -> bool:
    """Whether that key (raw, base64) signed these very bytes."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
        key.verify(base64.b64decode(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


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
