"""Settings of the API. `NIGHTCLERK_API_TOKEN` is what lets it serve beyond this machine."""

import ipaddress

from pydantic import Field, SecretStr

from services.chassis.errors import WrongSettings
from services.chassis.settings import ServiceSettings

GIB = 1024**3


class ApiSettings(ServiceSettings):
    """Adds to the shared settings what only the API needs."""

    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8080, ge=0, le=65535)
    api_token: SecretStr = SecretStr("")
    """Whoever shows it may do everything; empty: no login, and loopback only."""
    api_max_upload_bytes: int = Field(default=8 * GIB, ge=1)
    api_uploads_at_once: int = Field(default=8, ge=1)
    api_cors_origins: tuple[str, ...] = ()
    """Web pages of other origins that may use the API, e.g. ["https://shop.example"]."""
    api_presign_s: int = Field(default=3600, ge=1, le=7 * 24 * 3600)
    """How long a link to evidence in the object store works."""

    def require_usable(self) -> None:
        """Raises WrongSettings for an open API on an address others can reach."""
        if not self.api_token.get_secret_value() and not is_loopback(self.api_host):
            raise WrongSettings(
                f"The API has no token, so it serves on loopback only, not on {self.api_host}:"
                " set NIGHTCLERK_API_TOKEN, or leave NIGHTCLERK_API_HOST at 127.0.0.1."
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that host name or address."""
    bare = host.strip("[]").lower()
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False
