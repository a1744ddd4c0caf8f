"""E-mail over SMTP: STARTTLS, implicit TLS or neither, with or without a login.

Never falls back to plain text: where encryption is asked for and not offered, nothing is sent.
"""

import smtplib
import ssl
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from services.alerts.core.deliveries import ChannelName, Receipt
from services.alerts.core.mail import mail
from services.alerts.core.notice import Notice

Security = Literal["starttls", "tls", "none"]
PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True)
class SmtpServer:
    """Where mail is handed in. Port 0 is the usual one for the kind of security."""

    host: str
    port: int = 0
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout_s: float = 15.0

    @property
    def real_port(self) -> int:
        return self.port or PORTS[self.security]


class EmailChannel:
    """One connection per mail: alerts are rare and servers drop idle clients."""

    name: ChannelName = "email"

    def __init__(self, server: SmtpServer, sender: str) -> None:
        self._server, self._sender = server, sender

    def send(self, notice: Notice) -> Receipt:
        message = mail(notice, self._sender)
        try:
            with closing(self._connected()) as client:
                client.send_message(message)
                # The mail is taken: a server that takes its leave badly changes nothing.
                with suppress(smtplib.SMTPException, OSError):
                    client.quit()
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            return _refused(code, words)
        except smtplib.SMTPAuthenticationError as error:
            return Receipt(False, f"login refused: {_words(error.smtp_code)}", again=True)
        except smtplib.SMTPResponseException as error:
            return _refused(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            return Receipt(False, f"{type(error).__name__}: {error}", again=True)
        return Receipt(True, f"taken by {self._server.host}")

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.real_port, timeout=server.timeout_s, context=self._trust()
            )
        else:
            client = smtplib.SMTP(server.host, server.real_port, timeout=server.timeout_s)
        try:
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


def _refused(code: int, words: bytes | str) -> Receipt:
    """RFC 5321 section 4.2.1: 4yz may work later, 5yz will not."""
    return Receipt(False, f"{code} {_words(words)}", again=code < 500)


def _words(words: bytes | str | int) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
