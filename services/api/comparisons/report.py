"""A comparison as one page by itself, to read, to keep and to print: no script, no other file."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from schemas.targets import Language
from services.api.comparisons.views import (
    ChangesView,
    ComparisonView,
    DistributionView,
    ShareView,
    SideView,
)

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#111;background:#fff}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;"
    "border-bottom:1px solid #ccc;vertical-align:top}td.n,th.n{text-align:right;"
    "font-variant-numeric:tabular-nums}small{color:#555}svg{width:100%;height:8rem}"
    "rect.a{fill:#2563eb}rect.b{fill:#b4b4b4}@media print{a{color:inherit}tr{break-inside:avoid}}"
)
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
Texts = Mapping[str, str]
ENGLISH: Texts = {
    "title": "Two runs beside one another",
    "stretch": "{since} to {until}, {sources} sources. Times are UTC.",
    "figures": "Figures",
    "alerts": "Alerts",
    "days": "Camera-days scored",
    "rate": "Alarms a camera-day",
    "reviewed": "Reviewed: true / false",
    "precision": "Precision",
    "recall": "Recall",
    "missed": "Events without an alert",
    "auc": "AUC",
    "caution": "Precision and recall are of what people reviewed or reported as missed: they "
    "compare the two runs, and do not say what happened besides. Intervals are of 95 %.",
    "same": "Alerts that both have: {same}",
    "gained": "Alerts that only {run} has",
    "lost": "Alerts that only {against} has",
    "moved": "Alerts with another beginning",
    "more": "and {more} more",
    "none": "None.",
    "stores": "By store",
    "store": "Store",
    "source": "Source",
    "time": "Time",
    "label": "What",
    "score": "Score",
    "disagreements": "The largest disagreements",
    "spread": "How the highest scores of minutes are spread",
    "change": "gained / lost / moved",
}
KOREAN: Texts = {
    "title": "두 실행의 비교",
    "stretch": "{since}부터 {until}까지, 소스 {sources}개. 시각은 UTC입니다.",
    "figures": "수치",
    "alerts": "알림",
    "days": "채점한 카메라·일",
    "rate": "카메라·일당 알림",
    "reviewed": "검토: 참 / 거짓",
    "precision": "정밀도",
    "recall": "재현율",
    "missed": "알림이 없었던 사건",
    "auc": "AUC",
    "caution": "정밀도와 재현율은 사람이 검토했거나 놓쳤다고 알린 것만 셉니다. 두 실행을 비교할 "
    "뿐, 그 밖에 무슨 일이 있었는지는 말하지 않습니다. 구간은 95 %입니다.",
    "same": "둘 다 있는 알림: {same}",
    "gained": "{run}에만 있는 알림",
    "lost": "{against}에만 있는 알림",
    "moved": "시작이 다른 알림",
    "more": "그 밖에 {more}건",
    "none": "없음.",
    "stores": "매장별",
    "store": "매장",
    "source": "소스",
    "time": "시각",
    "label": "내용",
    "score": "점수",
    "disagreements": "가장 크게 다른 순간",
    "spread": "분별 최고 점수의 분포",
    "change": "추가 / 사라짐 / 이동",
}


def report(found: ComparisonView, language: Language) -> str:
    """All that comes from cameras and people is escaped."""
    texts = KOREAN if language == "ko" else ENGLISH
    names = {"run": found.run.run, "against": found.against.run, "same": found.same}
    stretch = texts["stretch"].format(
        since=_time(found.since), until=_time(found.until), sources=found.sources
    )
    parts = [
        f"<h1>{escape(texts['title'])}</h1><p>{escape(stretch)}</p>",
        _headed(texts["figures"], _figures(found, texts)),
        f"<p><small>{escape(texts['caution'])}</small></p>",
        f"<p>{escape(texts['same'].format(**names))}</p>",
        *(
            _headed(texts[name].format(**names), _changes(getattr(found, name), texts))
            for name in ("gained", "lost", "moved")
        ),
        _headed(texts["stores"], _stores(found, texts)),
        _headed(texts["disagreements"], _disagreements(found, texts)),
        _headed(texts["spread"], "".join(_spread(each) for each in found.distributions)),
    ]
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(found.run.run)} · Nightclerk</title><style>{STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>"
    )


def _figures(found: ComparisonView, texts: Texts) -> str:
    sides = found.run, found.against
    head = ["", *(f"{side.run}\n{side.detector or ''}" for side in sides)]
    rows = [
        [texts["alerts"], *(str(side.alerts) for side in sides)],
        [texts["days"], *(f"{side.camera_days:.2f}" for side in sides)],
        [texts["rate"], *(_share(side.alarms_per_camera_day) for side in sides)],
        [texts["reviewed"], *(f"{side.reviewed_true} / {side.reviewed_false}" for side in sides)],
        [texts["precision"], *(_share(side.precision) for side in sides)],
        [texts["recall"], *(_share(side.recall) for side in sides)],
        [texts["missed"], *(str(side.missed) for side in sides)],
        [texts["auc"], *(_auc(side) for side in sides)],
    ]
    return _table(head, rows)


def _auc(side: SideView) -> str:
    return _share(side.auc) if side.auc else "-"


def _share(share: ShareView) -> str:
    if share.value is None:
        return "-"
    return f"{share.value:.2f} ({share.low:.2f}-{share.high:.2f})"


def _changes(changes: ChangesView, texts: Texts) -> str:
    if not changes.count:
        return f"<p>{escape(texts['none'])}</p>"
    rows = []
    for each in changes.items:
        alert = each.run or each.against
        assert alert is not None
        shown = _time(alert.started_at), each.source_name, each.label, f"{alert.peak_score:.2f}"
        rows.append([_link(each.player, shown[0]), *map(escape, shown[1:])])
    head = [texts[name] for name in ("time", "source", "label", "score")]
    more = changes.count - len(changes.items)
    after = f"<p>{escape(texts['more'].format(more=more))}</p>" if more else ""
    return _table(head, rows, is_escaped=True) + after


def _stores(found: ComparisonView, texts: Texts) -> str:
    head = [texts["store"], found.run.run, found.against.run, texts["change"]]
    rows = [
        [
            each.store or "-",
            _share(each.run.alarms_per_camera_day),
            _share(each.against.alarms_per_camera_day),
            f"{each.gained} / {each.lost} / {each.moved}",
        ]
        for each in found.stores
    ]
    return _table(head, rows)


def _disagreements(found: ComparisonView, texts: Texts) -> str:
    if not found.disagreements:
        return f"<p>{escape(texts['none'])}</p>"
    head = [texts[name] for name in ("time", "source", "label")]
    rows = [
        [
            _link(each.player, _time(each.since)),
            escape(each.source_name),
            escape(each.label),
            f"{each.run_score:.2f}",
            f"{each.against_score:.2f}",
        ]
        for each in found.disagreements
    ]
    return _table([*head, found.run.run, found.against.run], rows, is_escaped=True)


def _spread(found: DistributionView) -> str:
    """Bars of both runs beside one another, by the logarithm of their counts."""
    most = max([1, *found.run, *found.against]).bit_length()
    bars = []
    for place, pair in enumerate(zip(found.run, found.against, strict=True)):
        for shift, (count, kind) in enumerate(zip(pair, "ab", strict=True)):
            height = 100 * count.bit_length() / most
            bars.append(
                f'<rect class="{kind}" x="{place * 10 + shift * 4}" y="{100 - height:.1f}" '
                f'width="4" height="{height:.1f}"><title>{count}</title></rect>'
            )
    box = f'viewBox="0 0 {10 * len(found.run)} 100" preserveAspectRatio="none"'
    return f"<p>{escape(found.label)}</p><svg {box}>{''.join(bars)}</svg>"


def _headed(title: str, content: str) -> str:
    return f"<h2>{escape(title)}</h2>{content}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], is_escaped: bool = False) -> str:
    cell: Any = str if is_escaped else escape
    top = "".join(f"<th>{escape(each)}</th>" for each in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell(each)}</td>' for each in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _link(path: str, text: str) -> str:
    return f'<a href="{escape(path)}">{escape(text)}</a>'


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
