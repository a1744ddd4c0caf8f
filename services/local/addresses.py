"""Where the servers of a stack are, and what every service is told of them."""

import os
import secrets
from pathlib import Path

from services.local.config import LOOPBACK, LocalSettings
from services.local.objectstore import Credentials, credentials

TOKEN_FILE = "api.token"


def addresses(settings: LocalSettings) -> dict[str, str]:
    """Where everything is, as seen from this machine; nothing secret."""
    host = from_here(settings.service_host("api"))
    return {
        "kafka": settings.kafka_bootstrap or f"{LOOPBACK}:{settings.kafka_port}",
        "s3": settings.s3_endpoint or f"http://{LOOPBACK}:{settings.s3_port}",
        "api": f"http://{host}:{settings.api_port}",
    }


def from_here(host: str) -> str:
    """The address to reach a server on this machine that listens on `host`."""
    return LOOPBACK if host in ("0.0.0.0", "::") else host


def s3_keys(settings: LocalSettings) -> Credentials:
    """The key pair of the settings, else the one kept in the state folder."""
    if settings.s3_access_key and settings.s3_secret_key:
        return Credentials(settings.s3_access_key, settings.s3_secret_key.get_secret_value())
    return credentials(settings.state / "credentials.json")


def secret_key(settings: LocalSettings) -> str:
    """The key of the settings, else one kept in the state folder. Who loses it enters the passwords
    of all cameras again.
    """
    if settings.secret_key and settings.secret_key.get_secret_value():
        return settings.secret_key.get_secret_value()
    return _kept_secret(settings.state / "secret.key")


def api_token(settings: LocalSettings) -> str:
    """The machine's own key for the API: of the settings, else kept as the secret key is."""
    if settings.api_token and settings.api_token.get_secret_value():
        return settings.api_token.get_secret_value()
    return _kept_secret(settings.state / TOKEN_FILE)


def kept_api_token(settings: LocalSettings) -> str:
    """The same, of a stack that has started once; else empty."""
    path = settings.state / TOKEN_FILE
    has_own = settings.api_token and settings.api_token.get_secret_value()
    return api_token(settings) if has_own or path.exists() else ""


def door(settings: LocalSettings) -> dict[str, str]:
    """What the API alone is told: the machine's key. Where nobody chose one, this machine needs
    none until the first owner has signed up.
    """
    token = {"NIGHTCLERK_API_TOKEN": api_token(settings)}
    if settings.api_token and settings.api_token.get_secret_value():
        return token
    wanted = os.environ.get("NIGHTCLERK_API_OPEN_UNTIL_SIGN_UP", "true")
    return token | {"NIGHTCLERK_API_OPEN_UNTIL_SIGN_UP": wanted}


def _kept_secret(path: Path) -> str:
    """Made up at the first call, and readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text().strip()


def database_url(settings: LocalSettings) -> str:
    """The database of the settings, else a SQLite file in the state folder."""
    if settings.database_url:
        return settings.database_url.get_secret_value()
    return f"sqlite:///{settings.state / 'nightclerk.db'}"


def shared_environment(settings: LocalSettings) -> dict[str, str]:
    """What every service is told: where the servers are and where state may lie."""
    where = addresses(settings)
    keys = s3_keys(settings)
    # What guards another Kafka is no matter of the one on loopback.
    own_kafka = {} if settings.kafka_bootstrap else {"NIGHTCLERK_KAFKA_SECURITY": "plaintext"}
    return own_kafka | {
        "NIGHTCLERK_KAFKA_BOOTSTRAP": where["kafka"],
        "NIGHTCLERK_S3_ENDPOINT": where["s3"],
        "NIGHTCLERK_S3_ACCESS_KEY": keys.access_key,
        "NIGHTCLERK_S3_SECRET_KEY": keys.secret_key,
        "NIGHTCLERK_DATABASE_URL": database_url(settings),
        "NIGHTCLERK_SECRET_KEY": secret_key(settings),
        "NIGHTCLERK_STATE_DIR": str(settings.state),
        "NIGHTCLERK_DASHBOARD_URL": os.environ.get("NIGHTCLERK_DASHBOARD_URL", where["api"]),
        "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), LOOPBACK, "localhost"])),
        "PYTHONUNBUFFERED": "1",
    }
