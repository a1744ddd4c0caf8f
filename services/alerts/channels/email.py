"""E-mail over SMTP: STARTTLS, implicit TLS or neither, with or without a login.

Never falls back to plain text: where encryption is asked for and not offered, nothing is sent.
"""

import smtplib
import socket
import ssl
from contextlib import closing, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

from schemas.targets import ChannelName
from services.alerts.core.deliveries import Receipt
from services.alerts.core.letters import Letter, written
from services.alerts.core.mail import mail
from services.alerts.core.notice import Notice
from services.chassis.addresses.mailboxes import Mailbox
from services.chassis.deadline import Deadline

Security = Literal["starttls", "tls", "none"]
PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}

FAREWELL_S = 1.0


@dataclass(frozen=True)
class SmtpServer:
    """Where mail is handed in. Port 0 is the usual one for the kind of security."""

    host: str
    port: int = 0
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None

    @property
    def real_port(self) -> int:
        return self.port or PORTS[self.security]


class EmailChannel:
    """One connection per mail: alerts are rare and servers drop idle clients."""

    name: ChannelName = "email"

    def __init__(self, server: SmtpServer, sender: Mailbox, dashboard_url: str = "") -> None:
        self._server, self._sender, self._dashboard_url = server, sender, dashboard_url

    def send(self, notice: Notice, deadline: Deadline) -> Receipt:
        return self._send(mail(notice, self._sender), notice.target.address, deadline)

    def hand_in(self, letter: Letter, deadline: Deadline) -> Receipt:
        """A mail that is not about an alert. Never raises."""
        message = written(letter, self._sender, self._dashboard_url)
        return self._send(message, letter.address, deadline)

    def _send(self, message: EmailMessage, address: str, deadline: Deadline) -> Receipt:
        try:
            with closing(self._connected(deadline)) as client:
                self._hand_in(client, message, address)
                _take_leave(client)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            return _refused(code, words)
        except smtplib.SMTPAuthenticationError as error:
            code = error.smtp_code
            return Receipt(False, f"login refused: {code}", again=True, status=code)
        except smtplib.SMTPNotSupportedError as error:
            return self._unsupported(message, error)
        except smtplib.SMTPResponseException as error:
            return _refused(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            return Receipt(False, f"{type(error).__name__}: {error}", again=True)
        return Receipt(True, f"taken by {self._server.host}", status=250)

    def _hand_in(self, client: smtplib.SMTP, message: EmailMessage, to: str) -> None:
        """The bytes are ours already: nothing is left for the client to encode."""
        client.ehlo_or_helo_if_needed()
        beyond = _needs_smtputf8(message)
        if beyond and not client.has_extn("smtputf8"):
            raise smtplib.SMTPNotSupportedError("SMTPUTF8")
        options = ("SMTPUTF8", "BODY=8BITMIME") if beyond else ()
        client.sendmail(self._sender.address, [to], message.as_bytes(), options)

    def _unsupported(self, message: EmailMessage, error: Exception) -> Receipt:
        """An address that this server will never take, or encryption and logins that it may offer
        once somebody has mended its settings.
        """
        if _needs_smtputf8(message) and str(error) == "SMTPUTF8":
            host = self._server.host
            detail = f"{host} takes no addresses beyond ASCII (it does not offer SMTPUTF8)"
            return Receipt(False, detail)
        return Receipt(False, f"{type(error).__name__}: {error}", again=True)

    def _connected(self, deadline: Deadline) -> smtplib.SMTP:
        server = self._server
        trust = self._trust() if server.security == "tls" else None
        client = _GuardedSmtp(server.host, deadline, trust)
        try:
            client.connect(server.host, server.real_port)
            self._secure(client)
        except BaseException:
            client.close()
            raise
        return client

    def _secure(self, client: smtplib.SMTP) -> None:
        server = self._server
        if server.security == "starttls":
            client.starttls(context=self._trust())
        if server.user:
            client.login(server.user, server.password)

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._server.ca_file)


class _GuardedSmtp(smtplib.SMTP):
    """Hands its connection to the deadline before the first byte is read. With `trust` it is
    encrypted from the first byte.
    """

    def __init__(self, host: str, deadline: Deadline, trust: ssl.SSLContext | None) -> None:
        super().__init__(local_hostname=_own_name(), timeout=deadline.seconds)
        self._host = host  # the name that a certificate is checked against
        self._deadline, self._trust = deadline, trust

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        """Called by `connect`; what the standard library's own SMTP_SSL overrides."""
        connection = socket.create_connection((host, port), timeout)
        try:
            self._deadline.guard(connection)
            if self._trust is None:
                return connection
            return self._trust.wrap_socket(connection, server_hostname=self._host)
        except BaseException:
            connection.close()
            raise


def _take_leave(client: smtplib.SMTP) -> None:
    """The mail is taken: one read is enough courtesy, and what it brings changes nothing."""
    with suppress(smtplib.SMTPException, OSError):
        client.putcmd("quit")
        if client.sock is not None:
            client.sock.settimeout(FAREWELL_S)
            client.sock.recv(1)


def _own_name() -> str:
    """For EHLO. The standard library would ask the DNS, which may take longer than an attempt."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _needs_smtputf8(message: EmailMessage) -> bool:
    return bool(getattr(message.policy, "utf8", False))


def _refused(code: int, words: bytes | str) -> Receipt:
    """RFC 5321 section 4.2.1: 4yz may work later, 5yz will not."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return Receipt(False, f"{code} {text}", again=code < 500, status=code, response=text)
