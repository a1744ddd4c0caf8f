"""Settings that all services share. Each service adds its own in its `config.py`.

Every field is an environment variable with the prefix NIGHTCLERK_, e.g. NIGHTCLERK_KAFKA_BOOTSTRAP.
"""

from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Read once, in `__main__`; frozen from then on. Printing it never shows a secret."""

    model_config = SettingsConfigDict(
        env_prefix="NIGHTCLERK_",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        hide_input_in_errors=True,  # the input holds secrets
    )

    kafka_bootstrap: str = "127.0.0.1:9092"
    topic_prefix: str = ""
    """Put before every topic and group name; lets several stacks share one broker."""

    s3_endpoint: str = "http://127.0.0.1:8333"
    s3_access_key: str = ""
    s3_secret_key: SecretStr = SecretStr("")
    s3_region: str = "us-east-1"
    s3_bucket: str = "nightclerk"

    database_url: SecretStr = SecretStr("sqlite:///.nightclerk/nightclerk.db")

    state_dir: Path = Path(".nightclerk")
    health_host: str = "127.0.0.1"
    health_port: int = 0
    """Port of /healthz and /metrics; 0 switches them off."""
    log_level: str = "INFO"

    def public(self) -> dict[str, Any]:
        """What may be logged at start."""
        return {name: str(value) for name, value in self.model_dump().items()}
