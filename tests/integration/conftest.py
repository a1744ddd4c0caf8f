"""What tests of single services share: one Kafka, one store, and names of their own in them."""

import pytest
from pydantic import SecretStr

from services.chassis.settings import ServiceSettings
from tests.servers import S3Server


@pytest.fixture
def settings(kafka: str, topic_prefix: str, weed: S3Server, unique: str) -> ServiceSettings:
    return ServiceSettings(
        kafka_bootstrap=kafka,
        topic_prefix=topic_prefix,
        s3_endpoint=weed.endpoint,
        s3_access_key=weed.access_key,
        s3_secret_key=SecretStr(weed.secret_key),
        s3_bucket=unique,
    )
