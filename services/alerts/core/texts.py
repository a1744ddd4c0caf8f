"""What messages say of an alert, in the language of whoever gets them."""

from services.alerts.core import words
from services.alerts.core.notice import Notice, media_time, one_line, wall_clock
from services.chassis.sentences import said


def subject(notice: Notice) -> str:
    language = notice.target.language
    if notice.purpose == "test":
        return f"[Nightclerk] {words.of(language, 'test')}"
    if notice.purpose == "digest":
        count = words.of(language, "digest").format(count=len(notice.members))
        return f"[Nightclerk] {count}"
    again = "Re: " if notice.amends else ""
    if notice.purpose == "escalation":
        again = f"{words.of(language, 'escalated')}: "
    return f"{again}[Nightclerk] {summary(notice)}"


def summary(notice: Notice) -> str:
    """One alert in a line."""
    alert, language = notice.alert, notice.target.language
    moment = wall_clock(alert) or media_time(alert.peak_s)
    word = "since" if notice.is_health and language == "en" else words.of(language, "at")
    return f"{label(notice)}: {notice.source} {word} {moment}"


def label(notice: Notice) -> str:
    """What the alert is, on one line."""
    return one_line(said(notice.alert.label, notice.target.language))


def facts(notice: Notice) -> list[tuple[str, str]]:
    """What the mail says, line by line."""
    alert, language = notice.alert, notice.target.language

    def word(name: str) -> str:
        return words.of(language, name)

    if notice.purpose == "test":
        return [("", word("tested")), *_sentence("", alert.detail)]
    what = (word("what"), label(notice))
    place = (word("camera" if alert.source_kind == "camera" else "video"), notice.source)
    severity = (word("severity"), word(alert.severity))
    if notice.is_health:
        since = (word("since"), wall_clock(alert) or media_time(alert.start_s))
        why = said(alert.detail, language)
        return [what, place, since, *_sentence(word("reason"), why), severity]
    span = f"{media_time(alert.start_s)} {word('to')} {media_time(alert.end_s)}"
    peak, model = [], []
    if alert.peak_score is not None:
        at = f"{media_time(alert.peak_s)}, {word('score')} {alert.peak_score:.2f}"
        peak = [(word("peak"), at)]
        model = [(word("rule"), one_line(f"{alert.rule}, {alert.model_id}"))]
    return [
        what,
        place,
        *_sentence(word("began"), wall_clock(alert)),
        (word("time"), span),
        *peak,
        severity,
        *([(word("late"), word("was late"))] if alert.is_late else []),
        *model,
    ]


def text(notice: Notice) -> str:
    language = notice.target.language
    if notice.purpose == "digest":
        each = [notice.of(member) for member in notice.members]
        return "\n".join(f"{summary(one)}\n  {one.link}" for one in each) + "\n"
    lines = [f"{name}: {value}" if name else value for name, value in facts(notice)]
    if notice.purpose != "test":
        lines += ["", f"{words.of(language, invitation(notice))}: {notice.link}"]
    if notice.acknowledge_url:
        lines += [f"{words.of(language, 'acknowledge')}: {notice.acknowledge_url}"]
    if missing := picture_note(notice):
        lines += ["", missing]
    return "\n".join(lines) + "\n"


def picture_note(notice: Notice) -> str:
    """Why there is no picture; nothing when there is one, or none to be expected."""
    if notice.snapshot or notice.is_health or notice.purpose in ("digest", "test"):
        return ""
    language = notice.target.language
    if notice.note:
        return f"{words.of(language, 'no picture')}: {one_line(notice.note)}"
    return words.of(language, "follows")


def invitation(notice: Notice) -> str:
    return "see" if notice.is_health else "watch"


def _sentence(name: str, value: str) -> list[tuple[str, str]]:
    return [(name, one_line(value))] if value else []
