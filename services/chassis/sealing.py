"""Credentials of cameras, sealed: whoever reads the log or the tables learns nothing of them.

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
    "User names and passwords of cameras are kept only sealed: set NIGHTCLERK_SECRET_KEY to a long "
    "random text."
)
WRONG_KEY = (
    "The camera's user name and password were sealed with another NIGHTCLERK_SECRET_KEY: enter "
    "them again, or name the former key behind a comma."
)


class SealingFault(Exception):
    """Credentials cannot be sealed, or not be opened. One sentence for the operator."""


class Sealing:
    """Seals and opens. Making one costs a twentieth of a second a key: make it once."""

    def __init__(self, secret_key: SecretStr) -> None:
        texts = [one.strip() for one in secret_key.get_secret_value().split(",") if one.strip()]
        self._fernet = MultiFernet([Fernet(_key(text)) for text in texts]) if texts else None

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
