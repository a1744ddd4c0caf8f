"""An alert as a mail: HTML and plain text, the picture inside, the same Message-ID every time."""

from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from uuid import UUID

from services.alerts.core.notice import Notice, media_time, time_range, wall_clock

NO_PICTURE = "There is no picture"


def mail(notice: Notice, sender: str) -> EmailMessage:
    """Deterministic but for the MIME boundaries. A receiver that met the Message-ID may drop it."""
    message = EmailMessage()
    message["Subject"] = subject(notice)
    message["From"] = sender
    message["To"] = notice.address
    message["Date"] = format_datetime(notice.told_at)
    message["Message-ID"] = message_id(notice.delivery_id, sender)
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


def message_id(delivery_id: UUID, sender: str) -> str:
    """RFC 5322 section 3.6.4: unique for one message, thus the same for the same delivery."""
    domain = sender.rpartition("@")[2].strip(" >") or "nightclerk.invalid"
    return f"<{delivery_id}@{domain}>"


def subject(notice: Notice) -> str:
    alert = notice.alert
    return f"[Nightclerk] {one_line(alert.label)} at {media_time(alert.peak_s)}"


def facts(notice: Notice) -> list[tuple[str, str]]:
    """What the mail says, line by line."""
    alert = notice.alert
    clock = [("Began", began)] if (began := wall_clock(alert)) else []
    return [
        ("What", one_line(alert.label)),
        *clock,
        ("Time in the video", time_range(alert)),
        ("Peak", f"{media_time(alert.peak_s)}, score {alert.peak_score:.2f}"),
        ("Source", str(alert.source_id)),
        ("Rule and model", one_line(f"{alert.rule}, {alert.model_id}")),
    ]


def text(notice: Notice) -> str:
    lines = [f"{name}: {value}" for name, value in facts(notice)]
    lines += ["", f"Watch it: {notice.link}"]
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
    picture = (
        f'<p style="color:#667">{escape(missing)}</p>'
        if missing
        else f'<p><img src="cid:{cid}" alt="the moment of the peak" '
        'style="max-width:100%;border-radius:6px"></p>'
    )
    return (
        '<!doctype html><html lang="en"><body style="font:15px/1.5 sans-serif;color:#223">'
        f'<h2 style="margin:0 0 8px">{escape(one_line(notice.alert.label))}</h2>'
        f'{picture}<table style="border-collapse:collapse">{rows}</table>'
        f'<p><a href="{escape(notice.link)}">Watch it</a></p></body></html>\n'
    )


def picture_note(notice: Notice) -> str:
    """Why there is no picture; nothing when there is one."""
    if notice.snapshot:
        return ""
    return f"{NO_PICTURE}: {one_line(notice.note)}" if notice.note else f"{NO_PICTURE}."


def one_line(words: str) -> str:
    """Without line breaks and control characters: they would end a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:200]
