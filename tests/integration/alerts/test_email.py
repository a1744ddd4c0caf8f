"""Mail over real SMTP: encrypted, with a login, refused in all the ways servers refuse."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller

from services.alerts.channels.email import EmailChannel, SmtpServer
from services.local.ports import free_ports
from services.local.receivers import SmtpSink
from tests.unit.alerts.room import notice

pytestmark = pytest.mark.integration
LOGIN = ("night", "clerk-password")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def sink(certificate: ssl.SSLContext) -> Iterator[SmtpSink]:
    with SmtpSink(login=LOGIN, tls=certificate) as made:
        yield made


def server_at(port: int, ca_file: Path | None = None, **more: Any) -> SmtpServer:
    user, password = LOGIN
    server = SmtpServer("127.0.0.1", port, "starttls", user, password, ca_file, timeout_s=30)
    return replace(server, **more)


def channel_to(server: SmtpServer) -> EmailChannel:
    return EmailChannel(server, "Nightclerk <night@example.org>")


def test_a_mail_goes_out_encrypted_and_logged_in(sink: SmtpSink, ca_file: Path) -> None:
    receipt = channel_to(server_at(sink.port, ca_file)).send(notice())
    assert receipt.delivered
    (mail,) = sink.inbox.items
    assert mail.sender == "night@example.org"
    assert mail.recipients == ("owner@example.org",)
    assert mail.message["Subject"] == "[Nightclerk] fight at 0:05"
    kinds = [part.get_content_type() for part in mail.message.walk()]
    assert {"text/plain", "text/html", "image/jpeg"} <= set(kinds)


def test_the_same_delivery_sent_twice_has_the_same_message_id(
    sink: SmtpSink, ca_file: Path
) -> None:
    channel = channel_to(server_at(sink.port, ca_file))
    channel.send(notice())
    channel.send(notice())
    first, second = (mail.message["Message-ID"] for mail in sink.inbox.items)
    assert first == second


def test_an_unknown_certificate_gets_no_mail(sink: SmtpSink) -> None:
    receipt = channel_to(server_at(sink.port)).send(notice())
    assert (receipt.delivered, receipt.again) == (False, True)
    assert "certificate" in receipt.detail.lower()
    assert sink.inbox.items == []


def test_a_wrong_password_may_be_mended(sink: SmtpSink, ca_file: Path) -> None:
    receipt = channel_to(server_at(sink.port, ca_file, password="wrong")).send(notice())
    assert (receipt.delivered, receipt.again) == (False, True)
    assert "login refused" in receipt.detail
    assert "wrong" not in receipt.detail


def test_where_encryption_is_not_offered_nothing_is_sent(smtp: SmtpSink, ca_file: Path) -> None:
    receipt = channel_to(server_at(smtp.port, ca_file, user="")).send(notice())
    assert (receipt.delivered, receipt.again) == (False, True)
    assert smtp.inbox.items == []


def test_without_encryption_only_when_asked_for(smtp: SmtpSink) -> None:
    receipt = channel_to(server_at(smtp.port, security="none", user="")).send(notice())
    assert receipt.delivered
    assert len(smtp.inbox.items) == 1


def test_nobody_there_is_tried_again() -> None:
    receipt = channel_to(server_at(free_ports(1)[0])).send(notice())
    assert (receipt.delivered, receipt.again) == (False, True)


class Answers:
    """A mail server that answers as told."""

    def __init__(self, rcpt: str = "250 OK", data: str = "250 OK", quit_: str = "221 bye") -> None:
        self.rcpt, self.data, self.quit = rcpt, data, quit_
        self.taken: list[bytes] = []

    async def handle_RCPT(self, _s: Any, _n: Any, envelope: Any, to: str, _o: Any) -> str:  # noqa: N802
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(to)
        return self.rcpt

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data.startswith("250"):
            self.taken.append(envelope.content)
        return self.data

    async def handle_QUIT(self, *_: Any) -> str:  # noqa: N802
        return self.quit


@contextmanager
def serving(answers: Answers, **options: Any) -> Iterator[int]:
    port = free_ports(1)[0]
    controller = Controller(answers, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.mark.parametrize(
    ("answers", "again", "detail"),
    [
        (Answers(rcpt="550 no such user"), False, "550"),
        (Answers(rcpt="451 greylisted"), True, "451"),
        (Answers(data="554 looks like spam"), False, "554"),
        (Answers(data="452 disk full"), True, "452"),
    ],
)
def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_not(
    answers: Answers, again: bool, detail: str
) -> None:
    with serving(answers) as port:
        receipt = channel_to(server_at(port, security="none", user="")).send(notice())
    assert (receipt.delivered, receipt.again) == (False, again)
    assert receipt.detail.startswith(detail)


def test_a_bad_farewell_after_the_mail_was_taken_changes_nothing() -> None:
    answers = Answers(quit_="421 overloaded")
    with serving(answers) as port:
        receipt = channel_to(server_at(port, security="none", user="")).send(notice())
    assert receipt.delivered
    assert len(answers.taken) == 1


def test_implicit_tls(certificate: ssl.SSLContext, ca_file: Path) -> None:
    answers = Answers()
    with serving(answers, ssl_context=certificate) as port:
        receipt = channel_to(server_at(port, ca_file, security="tls", user="")).send(notice())
    assert receipt.delivered
    assert len(answers.taken) == 1
