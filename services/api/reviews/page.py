"""The page behind an acknowledge link: what the alert is, and a button. Works without scripts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape

from services.api.pages import language_of, sheet

Texts = Mapping[str, str]
ENGLISH: Texts = {
    "language": "en",
    "open": "You are {by}. Nobody has acknowledged this alert yet.",
    "button": "I see to it",
    "done": "Acknowledged by {who} at {when}. Nobody else will be called.",
    "used": "This link was used already, and the acknowledgement was taken back since.",
    "gone": "There is no such alert any more.",
    "invalid": "Link not valid",
}
KOREAN: Texts = {
    "language": "ko",
    "open": "{by} 님, 아직 아무도 이 알림을 확인하지 않았습니다.",
    "button": "확인했습니다",
    "done": "{who} 님이 {when}에 확인했습니다. 더 이상 다른 사람에게 알리지 않습니다.",
    "used": "이미 사용한 링크이며, 확인이 그 뒤에 취소되었습니다.",
    "gone": "이 알림은 더 이상 없습니다.",
    "invalid": "유효하지 않은 링크",
}


@dataclass(frozen=True)
class Alert:
    """What the page shows of an alert, and of what became of it."""

    label: str
    source_name: str
    started_at: datetime
    acknowledged_by: str | None
    acknowledged_at: datetime | None


def texts_for(accepted: str) -> Texts:
    """By an Accept-Language header: the first of our languages in it, else English."""
    return KOREAN if language_of(accepted) == "ko" else ENGLISH


def alert_page(texts: Texts, alert: Alert, by: str, is_used: bool) -> str:
    """With the button while it may be pressed."""
    detail = f"{alert.source_name} · {_moment(alert.started_at)}"
    if alert.acknowledged_at is not None:
        who, when = alert.acknowledged_by or "", _moment(alert.acknowledged_at)
        return _page(texts, alert.label, detail, texts["done"].format(who=who, when=when))
    if is_used:
        return _page(texts, alert.label, detail, texts["used"])
    state = texts["open"].format(by=by)
    return _page(texts, alert.label, detail, state, button=texts["button"])


def fault_page(texts: Texts, sentence: str) -> str:
    return _page(texts, texts["invalid"], sentence, "")


def _page(texts: Texts, title: str, detail: str, state: str, button: str = "") -> str:
    form = (
        f'<form method="post"><button class="button primary">{escape(button)}</button></form>'
        if button
        else ""
    )
    return sheet(texts["language"], title, detail, state, form)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
