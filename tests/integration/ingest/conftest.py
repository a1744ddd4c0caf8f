"""Ingest on real Kafka and a real store."""

import pytest
from pydantic import SecretStr

from services.chassis.settings import ServiceSettings
from services.chassis.storage.objects import ObjectStore
from services.chassis.storage.s3 import S3Objects
from tests.servers import S3Server


@pytest.fixture
def settings(kafka: str, s3: S3Server, topic_prefix: str, unique: str) -> ServiceSettings:
    return ServiceSettings(
        kafka_bootstrap=kafka,
        topic_prefix=topic_prefix,
        s3_endpoint=s3.endpoint,
        s3_access_key=s3.access_key,
        s3_secret_key=SecretStr(s3.secret_key),
        s3_bucket=unique,
    )


@pytest.fixture
def store(settings: ServiceSettings) -> ObjectStore:
    return S3Objects.connect(settings)
