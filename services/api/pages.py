"""Pages for people without a login, that work without scripts: one sheet in their language."""

from html import escape
from importlib.resources import files
from string import Template

from fastapi.responses import HTMLResponse

from schemas.targets import Language

TEMPLATE = Template((files("services.api") / "sheet.html").read_text("utf-8"))


def language_of(accepted: str) -> Language:
    """By an Accept-Language header: the first of our languages in it, else English."""
    for part in accepted.lower().split(","):
        language = part.strip().partition(";")[0].partition("-")[0]
        if language == "ko":
            return "ko"
        if language == "en":
            break
    return "en"


def sheet(language: str, title: str, detail: str, state: str, form: str = "") -> str:
    """All but `form`, which is HTML, are texts."""
    return TEMPLATE.substitute(
        language=language,
        title=escape(title),
        detail=escape(detail),
        state=escape(state),
        button=form,
    )


def html(content: str, status: int) -> HTMLResponse:
    """Kept nowhere: it is for whoever has the link. A policy of no referrer at all would make
    browsers send `Origin: null` with its form, which the guards refuse.
    """
    return HTMLResponse(content, status, {"Cache-Control": "no-store"})
