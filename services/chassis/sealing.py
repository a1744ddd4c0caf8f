"""Secrets, sealed: whoever reads the log or the tables learns nothing of them.

The key is made of NIGHTCLERK_SECRET_KEY, which may be any text; scrypt makes a short one slow to
guess. Several texts, separated by commas, while one is replaced by another: the first seals, all of
them open.
"""

import base64
import hashlib
import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from services.chassis.addresses.camera import Credentials

SALT = b"nightclerk/cameras/credentials/1"
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 1
KEYLESS = (
    "Passwords, addresses of targets and the like are kept only sealed: set NIGHTCLERK_SECRET_KEY "
    "to a long random text."
)
FOREIGN = "That was sealed for another purpose, with another NIGHTCLERK_SECRET_KEY, or is damaged."
WRONG_KEY = (
    "The camera's user name and password were sealed with another NIGHTCLERK_SECRET_KEY: enter "
    "them again, or name the former key behind a comma."
)


class SealingFault(Exception):
    """A secret cannot be sealed, or not be opened. One sentence for the operator."""


class Sealing:
    """Seals and opens. Making one costs a twentieth of a second a key: make it once."""

    def __init__(self, secret_key: SecretStr) -> None:
        texts = [one.strip() for one in secret_key.get_secret_value().split(",") if one.strip()]
        keys = [Fernet(_key(text)) for text in texts]
        self._fernet = MultiFernet(keys) if keys else None
        self._first = keys[0] if keys else None

    @property
    def has_key(self) -> bool:
        return self._fernet is not None

    def seal(self, credentials: Credentials) -> bytes | None:
        """None for none. Equal credentials give different bytes. Raises SealingFault."""
        if not credentials:
            return None
        if self._fernet is None:
            raise SealingFault(KEYLESS)
        pair = [credentials.username, credentials.password]
        return self._fernet.encrypt(json.dumps(pair).encode())

    def open(self, sealed: bytes | None) -> Credentials:
        """Raises SealingFault for what was sealed with a key that is not here, or is damaged."""
        if sealed is None:
            return Credentials()
        if self._fernet is None:
            raise SealingFault(KEYLESS)
        try:
            username, password = json.loads(self._fernet.decrypt(sealed))
        except (InvalidToken, ValueError):
            raise SealingFault(WRONG_KEY) from None
        return Credentials(str(username), str(password))

    def seal_secret(self, purpose: str, content: bytes) -> bytes:
        """To be opened for the same purpose alone. ASCII that may stand in a URL, some 100 bytes
        and 4/3 of the content. Raises SealingFault.
        """
        if self._fernet is None:
            raise SealingFault(KEYLESS)
        return self._fernet.encrypt(purpose.encode() + b"\0" + content)

    def open_secret(self, purpose: str, sealed: bytes) -> bytes:
        """Raises SealingFault."""
        if self._fernet is None:
            raise SealingFault(KEYLESS)
        try:
            found, _, content = self._fernet.decrypt(sealed).partition(b"\0")
        except InvalidToken:
            raise SealingFault(FOREIGN) from None
        if found != purpose.encode():
            raise SealingFault(FOREIGN)
        return content

    def is_current(self, sealed: bytes) -> bool:
        """Whether the first key opens it, so that the others are not needed for it."""
        if self._first is None:
            return False
        try:
            self._first.decrypt(sealed)
        except InvalidToken:
            return False
        return True

    def renewed(self, sealed: bytes) -> bytes:
        """The same, sealed with the first key. Raises SealingFault."""
        if self._fernet is None:
            raise SealingFault(KEYLESS)
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken:
            raise SealingFault(WRONG_KEY) from None


def _key(text: str) -> bytes:
    derived = hashlib.scrypt(text.encode(), salt=SALT, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, dklen=32)
    return base64.urlsafe_b64encode(derived)
