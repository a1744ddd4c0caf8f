"""The alerts service and all that it talks to, for every test anew."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from services.alerts.config import AlertsSettings
from services.local.receivers import SmtpSink, WebhookReceiver
from tests.integration.alerts.scene import SECRET, Scene
from tests.servers import S3Server
from tests.unit.alerts.room import video

LOGIN = ("night", "clerk-password")


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return video(tmp_path_factory.mktemp("video") / "video.mp4")


@pytest.fixture
def post(tmp_path: Path) -> Iterator[tuple[SmtpSink, Path]]:
    """A mail server with STARTTLS and AUTH, and the certificate of its authority."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with SmtpSink(login=LOGIN, tls=context) as sink:
        yield sink, tmp_path / "ca.pem"


@pytest.fixture
def scene(
    kafka: str,
    topic_prefix: str,
    weed: S3Server,
    post: tuple[SmtpSink, Path],
    webhook: WebhookReceiver,
    tmp_path: Path,
) -> Scene:
    smtp, ca_file = post
    settings = AlertsSettings(
        kafka_bootstrap=kafka,
        topic_prefix=topic_prefix,
        s3_endpoint=weed.endpoint,
        s3_access_key=weed.access_key,
        s3_secret_key=weed.secret_key,
        database_url=f"sqlite:///{tmp_path / 'nightclerk.db'}",
        health_port=0,
        smtp_host="127.0.0.1",
        smtp_port=smtp.port,
        smtp_user=LOGIN[0],
        smtp_password=LOGIN[1],
        smtp_ca_file=ca_file,
        smtp_to="owner@example.org",
        webhook_url=webhook.url,
        webhook_secret=SECRET,
    )
    return Scene(settings, smtp, webhook, tmp_path)
