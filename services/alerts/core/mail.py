"""An alert as a mail: HTML and plain text, the picture inside, the same Message-ID every time.

Headers and bodies are 7-bit whatever the label says (RFC 2047, quoted-printable, base64), so that
any server takes them. Only a mailbox with a local part beyond ASCII needs SMTPUTF8 (RFC 6531).
"""

from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from uuid import UUID

from services.alerts.core.notice import Notice, one_line
from services.alerts.core.page import html
from services.alerts.core.texts import subject, text
from services.chassis.addresses.mailboxes import Mailbox

SEVEN_BIT = policy.SMTP.clone(cte_type="7bit")
CHARACTERS_BEYOND_ASCII = policy.SMTPUTF8.clone(cte_type="7bit")


def mail(notice: Notice, sender: Mailbox) -> EmailMessage:
    """Deterministic but for the MIME boundaries and the acknowledge link. A receiver that met the
    Message-ID may drop it.
    """
    receiver = Mailbox(notice.target.name, notice.target.address)
    message = letter(sender, receiver)
    message["Subject"] = subject(notice)
    message["Date"] = format_datetime(notice.opened_at)
    message["Message-ID"] = message_id(notice.delivery_id, sender)
    if notice.amends is not None:
        message["In-Reply-To"] = message["References"] = message_id(notice.amends, sender)
    message["X-Nightclerk-Alert"] = str(notice.alert.alert_id)
    message.set_content(text(notice))
    cid = f"snapshot.{notice.delivery_id}@nightclerk"
    message.add_alternative(html(notice, cid), subtype="html")
    if notice.snapshot:
        page = message.get_payload()[1]  # type: ignore[index]
        page.add_related(  # type: ignore[union-attr]
            notice.snapshot,
            maintype="image",
            subtype="jpeg",
            cid=f"<{cid}>",
            filename="snapshot.jpg",
            disposition="inline",
        )
    return message


def letter(sender: Mailbox, receiver: Mailbox) -> EmailMessage:
    """A mail without content, from a machine to a person."""
    beyond = sender.needs_smtputf8 or receiver.needs_smtputf8
    message = EmailMessage(CHARACTERS_BEYOND_ASCII if beyond else SEVEN_BIT)
    message["From"] = _header(sender)
    message["To"] = _header(receiver)
    message["Auto-Submitted"] = "auto-generated"
    return message


def message_id(delivery_id: UUID, sender: Mailbox) -> str:
    """RFC 5322 section 3.6.4: unique for one message, thus the same for the same delivery."""
    return f"<{delivery_id}@{sender.domain}>"


def _header(mailbox: Mailbox) -> Address:
    return Address(one_line(mailbox.name), mailbox.local, mailbox.domain)
