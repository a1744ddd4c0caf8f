"""Topics on a real broker follow the registry."""

from typing import Any

import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from schemas.topics import ALERTS, CLIPS_BULK, SOURCES, VIDEOS, dead_letters
from services.chassis.errors import TransientError
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.topics import TopicAdmin, registry
from services.local.ports import free_ports
from tests.waiting import wait_until

pytestmark = pytest.mark.integration


def admin_of(bootstrap: str, prefix: str = "", **settings: Any) -> TopicAdmin:
    return TopicAdmin(KafkaSettings(kafka_bootstrap=bootstrap, topic_prefix=prefix, **settings))


def deeds(admin: TopicAdmin) -> dict[str, str]:
    return {one.topic.split(".", 1)[1]: one.deed for one in admin.apply(registry())}


def test_missing_topics_are_created_and_then_left_in_peace(kafka: str, unique: str) -> None:
    admin = admin_of(kafka, f"{unique}.")
    assert set(deeds(admin).values()) == {"created"}
    assert set(deeds(admin).values()) == {"as it should be"}
    assert admin.partitions()[f"{unique}.{CLIPS_BULK.name}"] == 4


def test_the_number_of_partitions_is_a_setting_and_dead_letters_have_one(
    kafka: str, unique: str
) -> None:
    admin = admin_of(kafka, f"{unique}.", kafka_partitions=7)
    admin.apply([VIDEOS, dead_letters(VIDEOS)])
    partitions = admin.partitions()
    assert partitions[f"{unique}.{VIDEOS.name}"] == 7
    assert partitions[f"{unique}.{VIDEOS.dead_letter_name}"] == 1


def test_a_compacted_topic_keeps_the_latest_of_each_key(kafka: str, unique: str) -> None:
    admin = admin_of(kafka, f"{unique}.")
    admin.apply([SOURCES])
    name = f"{unique}.{SOURCES.name}"
    assert admin.configs([name])[name]["cleanup.policy"] == "compact"


def test_a_drifted_setting_is_mended_and_others_are_left_alone(kafka: str, unique: str) -> None:
    admin = admin_of(kafka, f"{unique}.")
    admin.apply(registry())
    client = AdminClient({"bootstrap.servers": kafka})
    changes = [
        ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
        for key, value in {"retention.ms": "1000", "compression.type": "gzip"}.items()
    ]
    resource = ConfigResource(
        ResourceType.TOPIC, f"{unique}.{ALERTS.name}", incremental_configs=changes
    )
    client.incremental_alter_configs([resource])[resource].result(30)
    wait_until(lambda: "mended" in {one.deed for one in admin.survey(registry())})

    mended = [one for one in admin.apply(registry()) if one.deed != "as it should be"]

    assert [(one.topic, one.deed) for one in mended] == [(f"{unique}.{ALERTS.name}", "mended")]
    assert mended[0].detail == f"retention.ms=1000 -> {ALERTS.retention_ms}"
    wait_until(lambda: {one.deed for one in admin.survey(registry())} == {"as it should be"})
    config = client.describe_configs([resource])[resource].result(30)
    assert config["retention.ms"].value == str(ALERTS.retention_ms)
    assert config["compression.type"].value == "gzip"


def test_partitions_are_told_of_but_never_added(kafka: str, unique: str) -> None:
    name = f"{unique}.{VIDEOS.name}"
    client = AdminClient({"bootstrap.servers": kafka})
    client.create_topics([NewTopic(name, 2, 1, config=VIDEOS.config)])[name].result(30)
    wait_until(lambda: name in admin_of(kafka).partitions())
    reports = {one.topic: one for one in admin_of(kafka, f"{unique}.").apply(registry())}
    assert reports[name].deed == "left alone"
    assert reports[name].detail == "2 partitions, NIGHTCLERK_KAFKA_PARTITIONS says 4"


def test_no_topic_comes_into_being_by_accident(kafka: str, unique: str) -> None:
    client = AdminClient({"bootstrap.servers": kafka})
    client.list_topics(topic=unique, timeout=60)
    assert unique not in client.list_topics(timeout=60).topics


def test_a_broker_that_is_away_is_a_transient_error_that_names_the_setting() -> None:
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:\d+ \(NIGHTCLERK_KAFKA_BOOTSTRAP"):
        admin_of(f"127.0.0.1:{free_ports(1)[0]}", kafka_timeout_s=0.5).apply(registry())
