"""Mails to people that are not about an alert: invitations, password resets, notices."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Bytes, Id, Message, UtcTime
from schemas.targets import Language


class MailRequested(Message):
    """A mail is to be sent once, soon. What is secret of it is sealed with the stack's secret key:
    `sealed` holds msgpack of the address, and of the link where there is one.
    """

    KEY: ClassVar[str] = "mail_id"

    type: Literal["nightclerk.mail.requested.v1"] = "nightclerk.mail.requested.v1"
    mail_id: Id
    tenant_id: Id
    kind: Literal["invitation", "password_reset", "notice"]
    language: Language = "en"
    sealed: Bytes
    subject: str = Field(default="", max_length=200, description="of a notice")
    text: str = Field(default="", max_length=4000, description="of a notice; else who asked")
    expires_at: UtcTime = Field(description="afterwards it is not sent any more")
    requested_at: UtcTime
