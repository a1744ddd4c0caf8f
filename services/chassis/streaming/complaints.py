"""What librdkafka says of a broker that is away: once, not twenty times a second."""

from typing import Any

from confluent_kafka import KafkaError

from services.chassis.telemetry import logs

log = logs.get("kafka")


def quiet(client: str) -> dict[str, Any]:
    """Settings for a client that tells when all brokers are gone and is silent while they are."""

    def told(error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            log.warning("Kafka is away, trying again", client=client)

    return {"log_level": 2, "error_cb": told}
