"""A mail as a page that looks right on a phone: one column, large links, colours that survive a
dark mode. Inline styles, no script, nothing fetched from elsewhere.
"""

from collections.abc import Iterable
from html import escape

from services.alerts.core import words
from services.alerts.core.notice import Notice
from services.alerts.core.texts import facts, invitation, label, picture_note, subject, summary

COLOURS = {"info": "#2563a8", "warning": "#b25e00", "critical": "#b3261e"}
FONT = "-apple-system,'Apple SD Gothic Neo','Malgun Gothic','Segoe UI',Roboto,sans-serif"
BUTTON = (
    "display:inline-block;margin:0 8px 8px 0;padding:12px 16px;border-radius:8px;"
    "font-weight:600;text-decoration:none;"
)
FILLED = BUTTON + "background:#1f2a37;color:#ffffff;"
NAMES = "padding:4px 12px 4px 0;color:#5b6673;vertical-align:top;white-space:nowrap"
VALUES = "padding:4px 0;vertical-align:top;overflow-wrap:anywhere"
OUTLINED = BUTTON + "border:1px solid #1f2a37;color:#1f2a37;"


def html(notice: Notice, cid: str) -> str:
    """`cid` names the picture inside the mail."""
    if notice.purpose == "digest":
        items = "".join(_item(notice.of(member)) for member in notice.members)
        content = f"{_title(notice)}{items}"
    else:
        parts = (_title(notice), _picture(notice, cid), _buttons(notice), _table(facts(notice)))
        content = "".join(parts)
    return document(notice.target.language, subject(notice), content)


def document(language: str, title: str, content: str) -> str:
    """A whole page around content that is escaped already."""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title></head>"
        '<body style="margin:0;padding:16px;background:#f3f4f6;word-break:keep-all;'
        f'font:16px/1.5 {FONT}">'
        '<div style="max-width:560px;margin:0 auto;padding:20px;background:#ffffff;'
        f'color:#1f2a37;border-radius:12px">{content}</div></body></html>\n'
    )


def button(address: str, label: str, filled: bool = True) -> str:
    style = FILLED if filled else OUTLINED
    return f'<a href="{escape(address)}" style="{style}">{escape(label)}</a>'


def _title(notice: Notice) -> str:
    colour = COLOURS["info" if notice.purpose == "test" else notice.alert.severity]
    language = notice.target.language
    if notice.purpose == "digest":
        text = words.of(language, "digest").format(count=len(notice.members))
    elif notice.purpose == "test":
        text = words.of(language, "test")
    else:
        text = label(notice)
    return (
        f'<h2 style="margin:0 0 12px;padding-left:10px;border-left:5px solid {colour};'
        f'font-size:20px">{escape(text)}</h2>'
    )


def _picture(notice: Notice, cid: str) -> str:
    if notice.snapshot:
        alt = words.of(notice.target.language, "moment")
        return (
            f'<p style="margin:0 0 16px"><img src="cid:{cid}" alt="{escape(alt)}" width="520" '
            'style="width:100%;max-width:520px;height:auto;border-radius:8px"></p>'
        )
    missing = picture_note(notice)
    return f'<p style="color:#5b6673">{escape(missing)}</p>' if missing else ""


def _buttons(notice: Notice) -> str:
    if notice.purpose == "test":
        return ""
    language = notice.target.language
    found = button(notice.link, words.of(language, invitation(notice)))
    if notice.acknowledge_url:
        found += button(notice.acknowledge_url, words.of(language, "acknowledge"), filled=False)
    return f'<p style="margin:0 0 8px">{found}</p>'


def _table(lines: Iterable[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr><td style="{NAMES}">{escape(name)}</td><td style="{VALUES}">{escape(value)}</td></tr>'
        for name, value in lines
    )
    return f'<table style="border-collapse:collapse;font-size:15px">{rows}</table>'


def _item(notice: Notice) -> str:
    colour = COLOURS[notice.alert.severity]
    return (
        f'<p style="margin:0 0 10px;padding-left:10px;border-left:3px solid {colour}">'
        f'<a href="{escape(notice.link)}" style="color:#1f2a37">{escape(summary(notice))}</a></p>'
    )
