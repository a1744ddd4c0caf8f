"""Operation ids of the OpenAPI document: a verb and nouns, made of method and path.

Generated clients name their functions by them, so they stay what they are while a path does:
`GET /alerts` is listAlerts, `GET /sources/{source_id}/timeline` getSourceTimeline,
`POST /targets/{target_id}/test` testTarget. A route whose path does not say enough names its own.
"""

from fastapi.routing import APIRoute

PREFIX = "/api/v1"
VERBS = {
    "HEAD": "head",
    "GET": "get",
    "PUT": "set",
    "PATCH": "update",
    "DELETE": "delete",
    "POST": "create",
}
NO_PLURAL = frozenset({"hours", "status", "access", "progress", "media", "retention"})


def operation_id_of(route: APIRoute) -> str:
    """Of routes with several methods that are in the document, name each by hand."""
    return operation_id(min(route.methods or {"GET"}), route.path_format)


def operation_id(method: str, path: str) -> str:
    """Unique as long as no two paths differ in their parameters alone."""
    parts = [part for part in path.removeprefix(PREFIX).split("/") if part]
    nouns = _nouns(parts)
    if not nouns:
        return VERBS[method]
    last = parts[-1]
    if method == "GET" and _is_plural(last):
        return "list" + "".join(nouns)
    if method == "POST" and len(parts) > 1 and not last.startswith("{") and not _is_plural(last):
        return _lower(nouns[-1]) + "".join(nouns[:-1])
    if method == "POST":
        nouns[-1] = _singular(nouns[-1])
    return VERBS[method] + "".join(nouns)


def _nouns(parts: list[str]) -> list[str]:
    """In the singular where an id follows."""
    nouns: list[str] = []
    after_id = True
    for part in parts:
        is_id = part.startswith("{")
        if is_id and not after_id:
            nouns[-1] = _singular(nouns[-1])
        else:
            nouns.append(_camel(part.strip("{}").removesuffix("_id")))
        after_id = is_id
    return nouns


def _is_plural(word: str) -> bool:
    return word.endswith("s") and not word.endswith("ss") and word.lower() not in NO_PLURAL


def _singular(word: str) -> str:
    if not _is_plural(word):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word.removesuffix("es") if word.endswith("sses") else word.removesuffix("s")


def _camel(text: str) -> str:
    words = text.replace("-", " ").replace("_", " ").replace(".", " ").split()
    return "".join(word[:1].upper() + word[1:] for word in words)


def _lower(word: str) -> str:
    return word[:1].lower() + word[1:]
