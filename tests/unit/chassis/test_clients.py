"""One configuration for every client of Kafka."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiokafka.partitioner
import pytest
import trustme
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas import groups
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.clients import (
    MAX_MESSAGE_BYTES,
    Complaints,
    client_config,
    consumer_config,
    producer_config,
    reader_config,
    tls_context,
    unreachable,
)
from services.chassis.streaming.partitioning import partition_of
from services.chassis.streaming.topics import registry

CONFIGS: list[Callable[[KafkaSettings], dict[str, Any]]] = [
    lambda settings: client_config(settings, "admin"),
    lambda settings: consumer_config(settings, "g"),
    reader_config,
    producer_config,
]
SASL = {"kafka_username": "night", "kafka_password": "secret"}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """An authority, and a client's certificate with its key."""
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1")
    names = {name: tmp_path / f"{name}.pem" for name in ("ca", "certificate", "key")}
    authority.cert_pem.write_to_path(str(names["ca"]))
    leaf.cert_chain_pems[0].write_to_path(str(names["certificate"]))
    leaf.private_key_pem.write_to_path(str(names["key"]))
    return {f"kafka_{name}_file": path for name, path in names.items()}


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize(
    ("security", "mechanism"),
    [
        ("plaintext", "PLAIN"),
        ("ssl", "PLAIN"),
        ("sasl_plaintext", "SCRAM-SHA-256"),
        ("sasl_ssl", "PLAIN"),
        ("sasl_ssl", "SCRAM-SHA-512"),
    ],
)
def test_every_client_gets_the_same_security(
    config: Callable[[KafkaSettings], dict[str, Any]],
    security: Any,
    mechanism: Any,
    files: dict[str, Path],
) -> None:
    settings = KafkaSettings(
        kafka_security=security, kafka_sasl_mechanism=mechanism, **SASL, **files
    )
    found = config(settings)
    assert found["security.protocol"] == security
    assert ("ssl.ca.location" in found) == ("ssl" in security.split("_"))
    assert ("ssl.key.location" in found) == ("ssl" in security.split("_"))
    assert found.get("sasl.mechanism") == (mechanism if "sasl" in security else None)
    assert found.get("sasl.password") == ("secret" if "sasl" in security else None)


@pytest.mark.parametrize(
    ("make", "config"), list(zip([AdminClient, Consumer, Consumer, Producer], CONFIGS, strict=True))
)
def test_librdkafka_takes_every_configuration(
    make: Callable[[dict[str, Any]], Any],
    config: Callable[[KafkaSettings], dict[str, Any]],
    files: dict[str, Path],
) -> None:
    make(config(KafkaSettings(kafka_security="sasl_ssl", **SASL, **files)))


def test_clients_are_told_apart_by_their_ids() -> None:
    settings = KafkaSettings(kafka_client_id="store-7")
    ids = [config(settings)["client.id"] for config in CONFIGS]
    assert ids == ["store-7-admin", "store-7-consumer", "store-7-reader", "store-7-producer"]


def test_the_largest_message_of_the_registry_fits_through_every_client() -> None:
    largest = max(topic.max_message_bytes for topic in registry())
    assert largest <= MAX_MESSAGE_BYTES
    settings = KafkaSettings()
    assert producer_config(settings)["message.max.bytes"] >= largest
    assert consumer_config(settings, "g")["fetch.message.max.bytes"] >= largest


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"kafka_security": "sasl_ssl"}, "NIGHTCLERK_KAFKA_USERNAME"),
        ({"kafka_security": "sasl_plaintext", "kafka_username": "x"}, "NIGHTCLERK_KAFKA_PASSWORD"),
        ({"kafka_ca_file": Path("/nowhere/ca.pem")}, "NIGHTCLERK_KAFKA_CA_FILE"),
        ({"kafka_certificate_file": Path(__file__)}, "NIGHTCLERK_KAFKA_KEY_FILE"),
        ({"kafka_security": "tls"}, "kafka_security"),
        ({"kafka_partitions": 0}, "kafka_partitions"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        KafkaSettings(**wrong)


def test_no_secret_is_shown() -> None:
    settings = KafkaSettings(kafka_security="sasl_ssl", **SASL, kafka_key_password="open")
    assert "secret" not in repr(settings)
    assert "open" not in repr(settings)


def test_faust_trusts_the_same_authority_and_shows_the_same_certificate(
    files: dict[str, Path],
) -> None:
    context = tls_context(KafkaSettings(kafka_security="ssl", **files))
    assert context is not None
    assert [one["subject"] for one in context.get_ca_certs()]
    assert context.check_hostname
    assert tls_context(KafkaSettings(kafka_security="plaintext", **files)) is None


def test_who_does_not_answer_is_named_with_the_setting_and_the_reason() -> None:
    settings = KafkaSettings(kafka_bootstrap="broker-1:9093")
    complaints = Complaints("consumer")
    error = KafkaException(KafkaError(KafkaError._TRANSPORT))
    assert "broker-1:9093 (NIGHTCLERK_KAFKA_BOOTSTRAP" in str(unreachable(settings, error))
    complaints(KafkaError(KafkaError._SSL, "certificate verify failed"))
    complaints(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    text = str(unreachable(settings, error, complaints))
    assert "certificate verify failed" in text
    assert "\n" not in text


@given(key=st.binary(max_size=64))
def test_a_key_lies_where_java_and_aiokafka_look_for_it(key: bytes) -> None:
    assert partition_of(key, 12) == (aiokafka.partitioner.murmur2(key) & 0x7FFFFFFF) % 12


def test_dead_workers_of_cameras_are_noticed_sooner() -> None:
    """With the start of a process and the camera's answer it must stay under fifteen seconds."""
    cameras = consumer_config(KafkaSettings(), groups.INGEST_CAMERAS)
    assert (
        cameras["session.timeout.ms"] < consumer_config(KafkaSettings(), "g")["session.timeout.ms"]
    )
    assert cameras["session.timeout.ms"] >= 3 * cameras["heartbeat.interval.ms"]
