"""Settings of the local runtime, from `NIGHTCLERK_*`."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.local.roster import ROSTER

SERVICES = tuple(ROSTER)
LOOPBACK = "127.0.0.1"
BUCKET = "nightclerk"

Port = Annotated[int, Field(ge=1, le=65535)]


class LocalSettings(BaseSettings):
    """Where the state lies and who listens where.

    `host` concerns the services' HTTP ports only, `api_host` that of the API alone: Kafka and the
    store stay on loopback.
    With `kafka_bootstrap`, `s3_endpoint` or `database_url` an existing server is used, and no
    local one is started.
    """

    model_config = SettingsConfigDict(
        env_prefix="NIGHTCLERK_",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    home: Path = Path(".nightclerk")
    """Folder of everything that is kept. `--home` of a command goes before it."""
    host: str = LOOPBACK
    api_host: str | None = None
    kafka_port: Port = 9092
    s3_port: Port = 8333
    api_port: Port = 8080
    ingest_port: Port = 8081
    features_port: Port = 8082
    judging_port: Port = 8083
    alerts_port: Port = 8084
    episodes_port: Port = 8085
    archive_port: Port = 8086
    replay_port: Port = 8087
    reextraction_port: Port = 8088
    backbone: str = ""
    backbones: str = ""
    """Networks that run side by side, separated by commas; each gets a features process of its own,
    told of it by NIGHTCLERK_BACKBONE. The ports above are those of the first.
    """
    archive: bool = True
    """Whether the archive runs: what networks saw, as Parquet in the object store."""
    reextraction: bool = True
    """Whether replays from recordings are carried out. Small until the first is asked for; then it
    holds a network of its own."""
    kafka_bootstrap: str | None = None
    s3_endpoint: str | None = None
    s3_access_key: str | None = None
    s3_secret_key: SecretStr | None = None
    database_url: SecretStr | None = None
    secret_key: SecretStr | None = None
    """Seals the credentials of cameras; without it one is made, and kept in the state folder."""
    api_token: SecretStr | None = None
    """The machine's own key for the API; without it one is made, and kept likewise."""
    topic_prefix: str = ""

    @model_validator(mode="after")
    def _one_way_to_name_networks(self) -> Self:
        if self.backbone and self.backbones:
            raise ValueError("NIGHTCLERK_BACKBONES names all networks: unset NIGHTCLERK_BACKBONE")
        names = self.networks
        if len(set(names)) < len(names):
            raise ValueError("NIGHTCLERK_BACKBONES names one network twice")
        return self

    @property
    def networks(self) -> tuple[str, ...]:
        """The backbones of the stack; one empty name where the features service's default runs."""
        named = (name.strip() for name in (self.backbones or self.backbone).split(","))
        return tuple(name for name in named if name) or ("",)

    def runs(self, service: str) -> bool:
        """Whether one of SERVICES is wanted at all."""
        optional = {"archive": self.archive, "reextraction": self.reextraction}
        return optional.get(service, True)

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
