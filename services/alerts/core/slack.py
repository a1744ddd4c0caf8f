"""An alert as a message of Slack's kind: `text`, and blocks where they are understood."""

import json
from typing import Any

from services.alerts.core import words
from services.alerts.core.notice import Notice, one_line
from services.alerts.core.texts import facts, subject

MOST_IN_A_DIGEST = 20


def payload(notice: Notice) -> bytes:
    """Names of cameras and files stand in it: they are escaped, and mention nobody."""
    lines = [f"*{escaped(subject(notice))}*"]
    if notice.purpose == "digest":
        for member in notice.members[:MOST_IN_A_DIGEST]:
            each = notice.of(member)
            lines.append(f"• <{each.link}|{escaped(subject(each))}>")
    else:
        lines += [f"{escaped(name)}: {escaped(value)}" for name, value in facts(notice)]
    language = notice.target.language
    links = [f"<{notice.link}|{words.of(language, 'watch')}>"]
    if notice.acknowledge_url:
        links.append(f"<{notice.acknowledge_url}|{words.of(language, 'acknowledge')}>")
    if notice.purpose not in ("digest", "test"):
        lines.append("   ".join(links))
    text = "\n".join(lines)
    block: dict[str, Any] = {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}}
    content = {"text": escaped(subject(notice)), "blocks": [block]}
    return json.dumps(content, ensure_ascii=False).encode()


def escaped(text: str) -> str:
    """By Slack's rules: three characters. No markup, no mention, no link can be made with it."""
    for letter, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(letter, entity)
    return one_line(text).replace("*", "\u2217")
