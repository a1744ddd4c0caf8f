"""Mail over real SMTP: encrypted, with a login, refused in all the ways servers refuse, and to
servers that drip, hang, or know ASCII alone.
"""

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from email import message_from_bytes, policy
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller

from services.alerts.channels.email import EmailChannel, SmtpServer
from services.alerts.core.deliveries import Receipt, Target
from services.alerts.core.notice import Notice
from services.chassis.addresses.mailboxes import mailbox
from services.chassis.deadline import BoundedCalls, Expired
from services.local.ports import free_ports
from services.local.receivers import SmtpSink
from tests.unit.alerts.room import alert, notice

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
    server = SmtpServer("127.0.0.1", port, "starttls", user, password, ca_file)
    return replace(server, **more)


def sent(server: SmtpServer, given: Notice | None = None, within_s: float = 30.0) -> Receipt:
    channel = EmailChannel(server, mailbox("FROM", "Nightclerk <night@example.org>"))
    return BoundedCalls().run(within_s, lambda end: channel.send(given or notice(), end))


def test_a_mail_goes_out_encrypted_and_logged_in(sink: SmtpSink, ca_file: Path) -> None:
    receipt = sent(server_at(sink.port, ca_file))
    assert receipt.delivered
    (mail,) = sink.inbox.items
    assert mail.sender == "night@example.org"
    assert mail.recipients == ("owner@example.org",)
    assert mail.message["Subject"] == "[Nightclerk] fight: door-2.mp4 at 2026-01-01 00:00:04 UTC"
    kinds = [part.get_content_type() for part in mail.message.walk()]
    assert {"text/plain", "text/html", "image/jpeg"} <= set(kinds)


def test_the_same_delivery_sent_twice_has_the_same_message_id(
    sink: SmtpSink, ca_file: Path
) -> None:
    for _ in range(2):
        sent(server_at(sink.port, ca_file))
    first, second = (mail.message["Message-ID"] for mail in sink.inbox.items)
    assert first == second


def test_an_unknown_certificate_gets_no_mail(sink: SmtpSink) -> None:
    receipt = sent(server_at(sink.port))
    assert (receipt.delivered, receipt.again) == (False, True)
    assert "certificate" in receipt.detail.lower()
    assert sink.inbox.items == []


def test_a_wrong_password_may_be_mended(sink: SmtpSink, ca_file: Path) -> None:
    receipt = sent(server_at(sink.port, ca_file, password="wrong"))
    assert (receipt.delivered, receipt.again) == (False, True)
    assert "login refused" in receipt.detail
    assert "wrong" not in receipt.detail


def test_where_encryption_is_not_offered_nothing_is_sent(smtp: SmtpSink, ca_file: Path) -> None:
    receipt = sent(server_at(smtp.port, ca_file, user=""))
    assert (receipt.delivered, receipt.again) == (False, True)
    assert smtp.inbox.items == []


def test_without_encryption_only_when_asked_for(smtp: SmtpSink) -> None:
    receipt = sent(server_at(smtp.port, security="none", user=""))
    assert receipt.delivered
    assert len(smtp.inbox.items) == 1


def test_nobody_there_is_tried_again() -> None:
    receipt = sent(server_at(free_ports(1)[0]))
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
        receipt = sent(server_at(port, security="none", user=""))
    assert (receipt.delivered, receipt.again) == (False, again)
    assert receipt.detail.startswith(detail)


def test_a_bad_farewell_after_the_mail_was_taken_changes_nothing() -> None:
    answers = Answers(quit_="421 overloaded")
    with serving(answers) as port:
        receipt = sent(server_at(port, security="none", user=""))
    assert receipt.delivered
    assert len(answers.taken) == 1


def test_implicit_tls(certificate: ssl.SSLContext, ca_file: Path) -> None:
    answers = Answers()
    with serving(answers, ssl_context=certificate) as port:
        receipt = sent(server_at(port, ca_file, security="tls", user=""))
    assert receipt.delivered
    assert len(answers.taken) == 1


class PlainServer(socketserver.ThreadingTCPServer):
    """A mail server of 1982: no extension, seven bits. It drips its answer to `drips_at`."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, drips_at: bytes = b"", extensions: tuple[bytes, ...] = ()) -> None:
        super().__init__(("127.0.0.1", 0), _PlainSession)
        self.drips_at, self.extensions = drips_at, extensions
        self.taken: list[bytes] = []
        self.over = threading.Event()

    def __enter__(self) -> "PlainServer":
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _PlainSession(socketserver.StreamRequestHandler):
    server: PlainServer

    def handle(self) -> None:
        with suppress(OSError):
            self._answer(b"", b"220 mx")
            while line := self.rfile.readline():
                self._react(line[:4].upper())

    def _react(self, verb: bytes) -> None:
        if verb == b"EHLO":
            for name in self.server.extensions:
                self._answer(verb, b"250-" + name)
        if verb != b"DATA":
            self._answer(verb, b"250 fine")
            return
        self._answer(verb, b"354 go")
        lines = iter(self.rfile.readline, b"")  # empty once the client is gone
        data = b"".join(takewhile(lambda line: line != b".\r\n", lines))
        if not data.isascii() and b"8BITMIME" not in self.server.extensions:
            self._answer(b"", b"554 5.6.1 eight-bit data without 8BITMIME")
            return
        self.server.taken.append(data)
        self._answer(b"", b"250 taken")

    def _answer(self, verb: bytes, line: bytes) -> None:
        while verb and verb == self.server.drips_at and not self.server.over.wait(0.01):
            self.wfile.write(line[:1])
        self.wfile.write(line + b"\r\n")


@pytest.mark.parametrize("verb", [b"EHLO", b"MAIL", b"RCPT", b"DATA"])
def test_a_server_that_drips_cannot_hold_a_mail(verb: bytes) -> None:
    with PlainServer(drips_at=verb) as server, pytest.raises(Expired):
        sent(server_at(server.port, security="none", user=""), within_s=0.3)


def test_a_farewell_that_drips_does_not_undo_a_mail_that_was_taken() -> None:
    with PlainServer(drips_at=b"QUIT") as server:
        assert sent(server_at(server.port, security="none", user="")).delivered
        assert len(server.taken) == 1


KOREAN = Target("email", "owner@store.example", "가게, 주인")


def test_korean_mail_is_taken_by_a_server_that_knows_seven_bits_alone() -> None:
    given = notice(target=KOREAN, alert=alert(label="싸움 의심"), source_name="1호점.mp4")
    with PlainServer() as server:
        receipt = sent(server_at(server.port, security="none", user=""), given)
        assert receipt.delivered
        (data,) = server.taken
    message = message_from_bytes(data, policy=policy.default)
    assert "싸움 의심: 1호점.mp4" in message["Subject"]


BEYOND = Target("email", "주인@store.example")


def test_an_address_beyond_ascii_fails_with_a_sentence_where_it_cannot_be_taken() -> None:
    with PlainServer(extensions=(b"8BITMIME",)) as server:
        given = notice(target=BEYOND)
        receipt = sent(server_at(server.port, security="none", user=""), given)
        assert server.taken == []
    assert (receipt.delivered, receipt.again) == (False, False)
    assert receipt.detail == (
        "127.0.0.1 takes no addresses beyond ASCII (it does not offer SMTPUTF8)"
    )


def test_an_address_beyond_ascii_is_written_to_where_it_can_be_taken() -> None:
    with PlainServer(extensions=(b"8BITMIME", b"SMTPUTF8")) as server:
        given = notice(target=BEYOND)
        assert sent(server_at(server.port, security="none", user=""), given).delivered
        assert "To: 주인@store.example" in server.taken[0].decode("utf-8")
