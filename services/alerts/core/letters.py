"""Mails that are not about an alert, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from schemas.mails import MailRequested
from schemas.targets import Language
from services.alerts.core.mail import letter, message_id
from services.alerts.core.notice import one_line
from services.alerts.core.page import button, document
from services.chassis.addresses.mailboxes import Mailbox


@dataclass(frozen=True)
class Letter:
    """A mail, opened: to whom, and the link where there is one. Both are secret."""

    message: MailRequested
    address: str
    link: str = ""


@dataclass(frozen=True)
class Wording:
    subject: str
    text: str
    action: str


WORDINGS: Mapping[tuple[str, Language], Wording] = {
    ("invitation", "en"): Wording(
        "You are invited to Nightclerk",
        "{who} invites you to Nightclerk, which watches over your stores. The link works once, "
        "until {until}.",
        "Accept the invitation",
    ),
    ("invitation", "ko"): Wording(
        "Nightclerk에 초대되었습니다",
        "{who} 님이 매장을 지켜보는 Nightclerk에 초대했습니다. 이 링크는 {until}까지 한 번만 "
        "사용할 수 있습니다.",
        "초대 수락",
    ),
    ("password_reset", "en"): Wording(
        "Choose a new password",
        "Somebody asked for a new password for your Nightclerk account. The link works once, until "
        "{until}. If it was not you, there is nothing to do: your password stays as it is.",
        "Choose a password",
    ),
    ("password_reset", "ko"): Wording(
        "비밀번호 재설정",
        "Nightclerk 계정의 비밀번호 재설정이 요청되었습니다. 이 링크는 {until}까지 한 번만 사용할 "
        "수 있습니다. 요청하지 않으셨다면 무시하셔도 됩니다. 비밀번호는 바뀌지 않습니다.",
        "비밀번호 정하기",
    ),
    ("notice", "en"): Wording("", "", "Open Nightclerk"),
    ("notice", "ko"): Wording("", "", "Nightclerk 열기"),
}


def written(about: Letter, sender: Mailbox, dashboard_url: str = "") -> EmailMessage:
    """HTML and plain text. The same Message-ID at every attempt."""
    asked = about.message
    wording = WORDINGS[asked.kind, asked.language]
    title = wording.subject or one_line(asked.subject) or "Nightclerk"
    until = asked.expires_at.strftime("%Y-%m-%d %H:%M UTC")
    who = one_line(asked.text) or "Nightclerk"
    text = wording.text.format(who=who, until=until) if wording.text else asked.text
    link = about.link or (dashboard_url if asked.kind == "notice" else "")
    mail = letter(sender, Mailbox("", about.address))
    mail["Subject"] = f"[Nightclerk] {title}" if asked.kind == "notice" else title
    mail["Date"] = format_datetime(asked.requested_at)
    mail["Message-ID"] = message_id(asked.mail_id, sender)
    mail.set_content(f"{text}\n\n{wording.action}: {link}\n" if link else f"{text}\n")
    heading = f'<h2 style="margin:0 0 12px;font-size:20px">{escape(title)}</h2>'
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())
    action = f"<p>{button(link, wording.action)}</p>" if link else ""
    page = document(asked.language, title, heading + paragraphs + action)
    mail.add_alternative(page, subtype="html")
    return mail
