"""Settings of the local runtime, from `NIGHTCLERK_*`."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICES = ("ingest", "features", "scoring", "alerts", "api")
LOOPBACK = "127.0.0.1"
BUCKET = "nightclerk"


class LocalSettings(BaseSettings):
    """Where the state lies and who listens where.

    `host` concerns the services' HTTP ports only, `api_host` that of the API alone: Kafka and the
    store stay on loopback.
    With `kafka_bootstrap`, `s3_endpoint` or `database_url` an existing server is used, and no
    local one is started.
    """

    model_config = SettingsConfigDict(env_prefix="NIGHTCLERK_", frozen=True, extra="ignore")

    home: Path = Path(".nightclerk")
    host: str = LOOPBACK
    api_host: str | None = None
    kafka_port: int = 9092
    s3_port: int = 8333
    api_port: int = 8080
    ingest_port: int = 8081
    features_port: int = 8082
    scoring_port: int = 8083
    alerts_port: int = 8084
    kafka_bootstrap: str | None = None
    s3_endpoint: str | None = None
    s3_access_key: str | None = None
    s3_secret_key: SecretStr | None = None
    database_url: str | None = None
    topic_prefix: str = ""

    def service_port(self, service: str) -> int:
        """The HTTP port (health, metrics, API) of one of SERVICES."""
        port: int = getattr(self, f"{service}_port")
        return port

    def service_host(self, service: str) -> str:
        """The address one of SERVICES listens on."""
        return self.api_host or self.host if service == "api" else self.host

    @property
    def state(self) -> Path:
        """The state folder, absolute, so that children may run anywhere."""
        return self.home.expanduser().absolute()
