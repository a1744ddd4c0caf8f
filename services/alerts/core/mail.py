"""An alert as a mail: HTML and plain text, the picture inside, the same Message-ID every time.

Headers and bodies are 7-bit whatever the label says (RFC 2047, quoted-printable, base64), so that
any server takes them. Only a mailbox with a local part beyond ASCII needs SMTPUTF8 (RFC 6531).
"""

from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from uuid import UUID

from services.alerts.core.notice import Notice, media_time, one_line, time_range, wall_clock
from services.chassis.addresses.mailboxes import Mailbox

LATE = "This was filmed while the way from the camera to us was cut, and comes late."
FOLLOWS = "The picture follows on the page."
SEVEN_BIT = policy.SMTP.clone(cte_type="7bit")
CHARACTERS_BEYOND_ASCII = policy.SMTPUTF8.clone(cte_type="7bit")


def mail(notice: Notice, sender: Mailbox) -> EmailMessage:
    """Deterministic but for the MIME boundaries. A receiver that met the Message-ID may drop it."""
    receiver = Mailbox(notice.target.name, notice.target.address)
    beyond = sender.needs_smtputf8 or receiver.needs_smtputf8
    message = EmailMessage(CHARACTERS_BEYOND_ASCII if beyond else SEVEN_BIT)
    message["Subject"] = subject(notice)
    message["From"] = _header(sender)
    message["To"] = _header(receiver)
    message["Date"] = format_datetime(notice.opened_at)
    message["Message-ID"] = message_id(notice.delivery_id, sender)
    if notice.amends is not None:
        message["In-Reply-To"] = message["References"] = message_id(notice.amends, sender)
    message["Auto-Submitted"] = "auto-generated"
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


def message_id(delivery_id: UUID, sender: Mailbox) -> str:
    """RFC 5322 section 3.6.4: unique for one message, thus the same for the same delivery."""
    return f"<{delivery_id}@{sender.domain}>"


def subject(notice: Notice) -> str:
    alert = notice.alert
    again = "Re: " if notice.amends else ""
    moment = wall_clock(alert) or media_time(alert.peak_s)
    word = "since" if notice.is_health else "at"
    return f"{again}[Nightclerk] {one_line(alert.label)}: {notice.source} {word} {moment}"


def facts(notice: Notice) -> list[tuple[str, str]]:
    """What the mail says, line by line."""
    alert = notice.alert
    clock = [("Began", began)] if (began := wall_clock(alert)) else []
    late = [("Late", LATE)] if alert.is_late else []
    place = "Camera" if alert.source_kind == "camera" else "Video"
    if notice.is_health:
        return _health_facts(notice, place)
    return [
        ("What", one_line(alert.label)),
        (place, notice.source),
        *clock,
        ("Time in the video", time_range(alert)),
        ("Peak", f"{media_time(alert.peak_s)}, score {alert.peak_score:.2f}"),
        ("Severity", alert.severity),
        *late,
        ("Rule and model", one_line(f"{alert.rule}, {alert.model_id}")),
    ]


def _health_facts(notice: Notice, place: str) -> list[tuple[str, str]]:
    alert = notice.alert
    reason = [("Reason", one_line(alert.detail))] if alert.detail else []
    return [
        ("What", one_line(alert.label)),
        (place, notice.source),
        ("Since", wall_clock(alert) or media_time(alert.start_s)),
        *reason,
        ("Severity", alert.severity),
    ]


def text(notice: Notice) -> str:
    lines = [f"{name}: {value}" for name, value in facts(notice)]
    lines += ["", f"{_invitation(notice)}: {notice.link}"]
    if missing := picture_note(notice):
        lines += ["", missing]
    return "\n".join(lines) + "\n"


def html(notice: Notice, cid: str) -> str:
    """A page for mail readers: inline styles, no script, nothing fetched from elsewhere."""
    rows = "".join(
        f'<tr><td style="padding:2px 12px 2px 0;color:#667">{escape(name)}</td>'
        f'<td style="padding:2px 0">{escape(value)}</td></tr>'
        for name, value in facts(notice)
    )
    missing = picture_note(notice)
    picture = f'<p style="color:#667">{escape(missing)}</p>' if missing else ""
    if notice.snapshot:
        picture = (
            f'<p><img src="cid:{cid}" alt="the moment of the peak" '
            'style="max-width:100%;border-radius:6px"></p>'
        )
    return (
        '<!doctype html><html lang="en"><body style="font:15px/1.5 sans-serif;color:#223">'
        f'<h2 style="margin:0 0 8px">{escape(one_line(notice.alert.label))}</h2>'
        f'{picture}<table style="border-collapse:collapse">{rows}</table>'
        f'<p><a href="{escape(notice.link)}">{_invitation(notice)}</a></p></body></html>\n'
    )


def picture_note(notice: Notice) -> str:
    """Why there is no picture; nothing when there is one, or none to be expected."""
    if notice.snapshot or notice.is_health:
        return ""
    return f"There is no picture: {one_line(notice.note)}" if notice.note else FOLLOWS


def _invitation(notice: Notice) -> str:
    return "See the camera" if notice.is_health else "Watch it"


def _header(mailbox: Mailbox) -> Address:
    return Address(one_line(mailbox.name), mailbox.local, mailbox.domain)
