"""The one configuration of every client of Kafka: librdkafka's and Faust's."""

import ssl
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from schemas import groups
from schemas.topics import MIB
from services.chassis.errors import TransientError
from services.chassis.settings import KafkaSettings
from services.chassis.telemetry import logs

log = logs.get("kafka")
MAX_MESSAGE_BYTES = 17 * MIB
"""More than the largest topic of the registry and its dead-letter twin take."""
FETCH_AGAIN_MS = 20
"""Where a partition has as much waiting as it may, librdkafka looks again after so long. By itself
it would be a second, and whoever reads faster waits for the rest of it with nothing to do.
"""


class Complaints:
    """What librdkafka reports of brokers: logged once, not twenty times a second."""

    def __init__(self, client: str) -> None:
        self._client = client
        self.latest: str | None = None

    def __call__(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            log.warning("Kafka is away, trying again", client=self._client, reason=self.latest)
        self.listen(error)

    def listen(self, error: KafkaError) -> None:
        """Keep the reason, and log nothing."""
        if error.code() != KafkaError._ALL_BROKERS_DOWN:
            self.latest = error.str()


def client_config(
    settings: KafkaSettings, kind: str, complaints: Complaints | None = None
) -> dict[str, Any]:
    """What all clients of librdkafka share. `kind` tells them apart on the brokers."""
    return {
        "bootstrap.servers": settings.kafka_bootstrap,
        "client.id": f"{settings.kafka_client_id}-{kind}",
        "reconnect.backoff.max.ms": 2_000,
        "log_level": 0,  # what is worth a line comes by `error_cb`
        "error_cb": complaints or Complaints(kind),
        **_security(settings),
    }


def _security(settings: KafkaSettings) -> dict[str, str]:
    config: dict[str, str] = {"security.protocol": settings.kafka_security}
    if settings.uses_sasl:
        config["sasl.mechanism"] = settings.kafka_sasl_mechanism
        config["sasl.username"] = settings.kafka_username
        config["sasl.password"] = settings.kafka_password.get_secret_value()
    if settings.uses_tls and settings.kafka_ca_file:
        config["ssl.ca.location"] = str(settings.kafka_ca_file)
    if settings.uses_tls and settings.kafka_certificate_file:
        config["ssl.certificate.location"] = str(settings.kafka_certificate_file)
        config["ssl.key.location"] = str(settings.kafka_key_file)
        config["ssl.key.password"] = settings.kafka_key_password.get_secret_value()
    return config


def consumer_config(settings: KafkaSettings, group: str) -> dict[str, Any]:
    """A member of a consumer group whose rebalances touch only the partitions that move."""
    return {
        **client_config(settings, "consumer"),
        "group.id": settings.topic_prefix + group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": session_ms(group),
        "heartbeat.interval.ms": 2_000,
        "max.poll.interval.ms": 300_000,
        "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
        "queued.max.messages.kbytes": 32 * 1024,
        "fetch.queue.backoff.ms": FETCH_AGAIN_MS,
    }


def session_ms(group: str) -> int:
    """After so long without a heartbeat a member counts as dead. Cameras that nobody watches cost
    more than a rebalance too many: theirs is the least that brokers take.
    """
    return 6_000 if group == groups.INGEST_CAMERAS else 10_000


def reader_config(settings: KafkaSettings) -> dict[str, Any]:
    """A client that reads a log outside any group; it commits nothing."""
    return {
        **client_config(settings, "reader"),
        "group.id": f"{settings.topic_prefix}reader",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",  # of what is deleted before it is read
        "enable.partition.eof": True,
        "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
        "fetch.queue.backoff.ms": FETCH_AGAIN_MS,
        "queued.max.messages.kbytes": 16 * 1024,
    }


def producer_config(settings: KafkaSettings, within_s: float = 130.0) -> dict[str, Any]:
    """librdkafka's default partitioner is not the one of Java and aiokafka. It gives a message up
    a little before `within_s`, so that whoever waits so long hears of it.
    """
    return {
        **client_config(settings, "producer"),
        "partitioner": "murmur2_random",
        "enable.idempotence": True,
        "message.max.bytes": MAX_MESSAGE_BYTES,
        "queue.buffering.max.kbytes": 64 * 1024,
        "delivery.timeout.ms": round(within_s * 1000 * 12 / 13),
        "linger.ms": 5,
    }


def tls_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """The same trust and certificate for clients that are not librdkafka's."""
    if not settings.uses_tls:
        return None
    context = ssl.create_default_context(cafile=settings.kafka_ca_file)
    if settings.kafka_certificate_file:
        context.load_cert_chain(
            settings.kafka_certificate_file,
            settings.kafka_key_file,
            settings.kafka_key_password.get_secret_value() or None,
        )
    return context


def unreachable(
    settings: KafkaSettings, error: Exception, complaints: Complaints | None = None
) -> TransientError:
    """One sentence that names the address, the setting it comes from, and why."""
    reason = (complaints and complaints.latest) or _text(error)
    return TransientError(
        f"Kafka does not answer at {settings.kafka_bootstrap} "
        f"(NIGHTCLERK_KAFKA_BOOTSTRAP, security {settings.kafka_security}): {reason}"
    )


def _text(error: Exception) -> str:
    if isinstance(error, KafkaException) and error.args and isinstance(error.args[0], KafkaError):
        return error.args[0].str()
    return str(error) or type(error).__name__
