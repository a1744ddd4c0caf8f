"""Settings that all services share. Each service adds its own in its `config.py`.

Every field is an environment variable with the prefix NIGHTCLERK_, e.g. NIGHTCLERK_KAFKA_BOOTSTRAP.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.addresses.camera import KINDS
from services.chassis.addresses.endpoints import EndpointPolicy
from services.chassis.addresses.hosts import NETWORKS
from services.chassis.addresses.policy import AddressPolicy

FROM_ENVIRONMENT = SettingsConfigDict(
    env_prefix="NIGHTCLERK_",
    frozen=True,
    extra="ignore",
    env_ignore_empty=True,
    hide_input_in_errors=True,  # the input holds secrets
)

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
KafkaSecurity = Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class KafkaSettings(BaseSettings):
    """How every client of Kafka finds it, shows who it is, and knows whom it talks to."""

    model_config = FROM_ENVIRONMENT

    kafka_bootstrap: str = "127.0.0.1:9092"
    """`host:port` of one broker or several, separated by commas."""
    topic_prefix: str = ""
    """Put before every topic and group name; lets several stacks share one broker."""
    kafka_partitions: Annotated[int, Field(ge=1)] = 4
    """Partitions of topics that are created. Chosen before there are data, and never changed."""
    kafka_security: KafkaSecurity = "plaintext"
    kafka_sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_ca_file: Path | None = None
    """PEM. Whom to trust instead of the system's authorities."""
    kafka_certificate_file: Path | None = None
    kafka_key_file: Path | None = None
    """PEM. What this client shows where the brokers ask for certificates."""
    kafka_key_password: SecretStr = SecretStr("")
    kafka_client_id: str = "nightclerk"
    """Brokers see it in their logs, metrics and quotas; the kind of client is appended."""
    kafka_timeout_s: Annotated[float, Field(gt=0)] = 20.0
    """How long a single question to Kafka may take."""

    @property
    def uses_tls(self) -> bool:
        return self.kafka_security in ("ssl", "sasl_ssl")

    @property
    def uses_sasl(self) -> bool:
        return self.kafka_security in ("sasl_plaintext", "sasl_ssl")

    @field_validator("kafka_bootstrap")
    @classmethod
    def _is_addresses(cls, text: str) -> str:
        for address in text.split(","):
            host, _, port = address.strip().rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65536:
                raise ValueError("it must be host:port, or several of them separated by commas")
        return text

    @model_validator(mode="after")
    def _credentials_are_whole(self) -> Self:
        if self.uses_sasl and not (self.kafka_username and self.kafka_password.get_secret_value()):
            raise ValueError(
                f"NIGHTCLERK_KAFKA_SECURITY={self.kafka_security} needs NIGHTCLERK_KAFKA_USERNAME "
                "and NIGHTCLERK_KAFKA_PASSWORD"
            )
        if bool(self.kafka_certificate_file) != bool(self.kafka_key_file):
            raise ValueError(
                "NIGHTCLERK_KAFKA_CERTIFICATE_FILE and NIGHTCLERK_KAFKA_KEY_FILE go together"
            )
        return self

    @model_validator(mode="after")
    def _files_are_there(self) -> Self:
        for name in ("kafka_ca_file", "kafka_certificate_file", "kafka_key_file"):
            path: Path | None = getattr(self, name)
            if path is not None and not path.is_file():
                raise ValueError(f"NIGHTCLERK_{name.upper()}: there is no file {path}")
        return self


class ServiceSettings(KafkaSettings):
    """Read once, in `__main__`; frozen from then on. Printing it never shows a secret."""

    s3_endpoint: str = "http://127.0.0.1:8333"
    s3_access_key: str = ""
    s3_secret_key: SecretStr = SecretStr("")
    s3_region: str = "us-east-1"
    s3_bucket: str = "nightclerk"

    database_url: SecretStr = SecretStr("sqlite:///.nightclerk/nightclerk.db")

    secret_key: SecretStr = SecretStr("")
    """Any text, long and random; seals the credentials of cameras. Several, separated by commas,
    while one is replaced: the first seals, all open."""
    camera_networks: str = ",".join(NETWORKS)
    """Where cameras may be: any of these, separated by commas. Link-local addresses, multicast and
    metadata services are refused always."""
    camera_kinds: str = ",".join(KINDS)
    """How they may be watched: any of these, separated by commas."""
    camera_folders: str = ""
    """Below which folders drop folders may lie: absolute paths, separated by commas."""

    target_networks: str = "public"
    """Where targets of notification may be that people add: any of public, private, loopback,
    separated by commas. What the environment names may be anywhere."""

    state_dir: Path = Path(".nightclerk")
    health_host: str = "127.0.0.1"
    health_port: int = 0
    """Port of /healthz and /metrics; 0 switches them off."""
    log_level: Annotated[LogLevel, BeforeValidator(str.upper)] = "INFO"

    @field_validator("s3_endpoint")
    @classmethod
    def _is_url(cls, text: str) -> str:
        address = urlsplit(text)
        if address.scheme not in ("http", "https") or not address.netloc or address.path.strip("/"):
            raise ValueError("it must be http(s)://host:port, without a path")
        return text

    @model_validator(mode="after")
    def _addresses_are_a_choice(self) -> Self:
        try:
            _ = self.addresses
        except ValueError as error:
            raise ValueError(f"camera_networks, camera_kinds or camera_folders: {error}") from None
        return self

    @model_validator(mode="after")
    def _networks_of_targets_are_a_choice(self) -> Self:
        try:
            _ = self.endpoints
        except ValueError as error:
            raise ValueError(f"target_networks: {error}") from None
        return self

    @property
    def endpoints(self) -> EndpointPolicy:
        """Which hosts may be notified."""
        return EndpointPolicy.of(self.target_networks)

    @property
    def addresses(self) -> AddressPolicy:
        """Which addresses of cameras may be watched."""
        return AddressPolicy.of(self.camera_networks, self.camera_kinds, self.camera_folders)

    def public(self) -> dict[str, Any]:
        """What may be logged at start."""
        return {name: str(value) for name, value in self.model_dump().items()}
