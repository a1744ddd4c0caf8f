"""The servers the other tests stand on are real and answer."""

import io
import smtplib
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from confluent_kafka import Consumer, Producer
from minio import Minio
from sqlalchemy import create_engine, text

from services.local.receivers import SmtpSink, WebhookReceiver
from tests.servers import S3Server

pytestmark = pytest.mark.integration


def test_kafka_gives_back_what_it_took(
    kafka: str, new_topic: Callable[..., str], group: str
) -> None:
    topic = new_topic(partitions=2)
    producer = Producer({"bootstrap.servers": kafka})
    producer.produce(topic, b"value", b"key")
    assert producer.flush(10) == 0
    consumer = Consumer(
        {"bootstrap.servers": kafka, "group.id": group, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    message = consumer.poll(20)
    consumer.close()
    assert message.value() == b"value"


def test_the_registry_exists_under_the_prefix(kafka: str, topic_prefix: str) -> None:
    from services.chassis.settings import KafkaSettings
    from services.chassis.streaming.topics import TopicAdmin, registry

    reports = TopicAdmin(KafkaSettings(kafka_bootstrap=kafka, topic_prefix=topic_prefix)).survey(
        registry()
    )
    assert {one.deed for one in reports} == {"as it should be"}


def test_s3_gives_back_what_it_took(s3: S3Server, unique: str) -> None:
    client = Minio(
        urlsplit(s3.endpoint).netloc,
        access_key=s3.access_key,
        secret_key=s3.secret_key,
        secure=False,
        region="us-east-1",
    )
    client.make_bucket(unique)
    client.put_object(unique, "a/b", io.BytesIO(b"bytes"), 5)
    assert client.get_object(unique, "a/b").read() == b"bytes"


def test_the_database_keeps_microseconds(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE moments (at DATETIME(6))"))
        connection.execute(text("INSERT INTO moments VALUES ('2026-01-02 03:04:05.678901')"))
        kept = connection.execute(text("SELECT at FROM moments")).scalar_one()
    engine.dispose()
    assert str(kept) == "2026-01-02 03:04:05.678901"


def test_a_mail_arrives(smtp: SmtpSink) -> None:
    with smtplib.SMTP(smtp.host, smtp.port) as client:
        client.sendmail("a@example.org", ["b@example.org"], "Subject: hello\r\n\r\ntext")
    assert smtp.inbox.wait_for(1)[0].message["Subject"] == "hello"


def test_a_webhook_arrives_with_its_headers(webhook: WebhookReceiver) -> None:
    webhook.answers.append(202)
    request = urllib.request.Request(webhook.url, data=b"{}", headers={"webhook-id": "one"})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 202
    assert webhook.inbox.wait_for(1)[0].headers["webhook-id"] == "one"
