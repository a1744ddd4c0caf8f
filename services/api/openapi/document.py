"""The OpenAPI document, fit for generators of clients and for people: ADR 0041.

FastAPI makes it of the routes; what holds for all of them is added here, so that no route has to
say it: problems, examples, tags.
"""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from services.api import problems
from services.api.events import views as events
from services.api.openapi.examples import Examples

Document = dict[str, Any]
METHODS = ("get", "put", "post", "patch", "delete")
ALWAYS = (403, 429, 500, 503)
"""A page of another origin, too many requests, a bug of ours, a server that is away."""

PROBLEM = {"schema": {"$ref": f"#/components/schemas/{problems.ProblemView.__name__}"}}
BY_FASTAPI = ("HTTPValidationError", "ValidationError")
TAGS = {
    "videos": "Uploaded videos: hand in, follow the analysis, play, remove.",
    "cameras": "Cameras: add, change, pause, remove, and how each of them is.",
    "sources": "What gives clips, cameras and uploads alike: timelines, recordings, conditions.",
    "overview": "Everything at a glance.",
    "alerts": "What the rules found: alerts, their life, evidence, and who was told.",
    "incidents": "Alerts of neighbouring cameras that belong together.",
    "reviews": "What people said of alerts, and the queue of what nobody looked at yet.",
    "events": "Alerts, scores and health as they happen; resumed by id without losing any.",
    "policies": "The rules by which what is seen becomes alerts: by chain, store and camera.",
    "models": "Detectors: register, promote, shadow, roll back, and how they do.",
    "replays": "The past judged again by another detector, and what differs.",
    "targets": "Who is told of alerts, when and how.",
    "deliveries": "Each attempt to tell somebody.",
    "exports": "Timelines, alerts and conditions in bulk, as CSV or Parquet.",
    "albums": "Collections of sources and moments, shared inside the chain.",
    "erasures": "Footage taken away for good, with a signed proof.",
    "calibrations": "What cameras' own scores and people's verdicts made of the marks.",
    "dead letters": "Records that no consumer could use.",
    "learning": "Events that raised nothing, how far heads of one's own are, what to mark next.",
    "holds": "Legal hold: what nobody may delete.",
    "privacy": "From whom faces are hidden.",
    "retention": "How long what is kept, by a tenant or a store.",
    "tenants": "Chains of stores, for the machine's operator alone.",
    "stores": "The stores of a chain.",
    "users": "People, their roles and stores, invitations.",
    "account": "One's own password, second factor and sessions.",
    "keys": "API keys.",
    "audit": "Who did what, when and from where.",
    "secrets": "The key that seals secrets; for the machine's operator.",
    "session": "Log in and out; sign up, accept an invitation, reset a password.",
}


def install(app: FastAPI) -> None:
    """Have the app serve its document as `finished` gives it."""
    generate = app.openapi
    made: Document = {}

    def openapi() -> Document:
        if not made:
            made.update(finished(generate()))
        return made

    app.openapi = openapi  # type: ignore[method-assign]


def finished(document: Document) -> Document:
    """The document with problems, examples and tags filled in."""
    schemas = document["components"].setdefault("schemas", {})
    schemas[problems.ProblemView.__name__] = problems.ProblemView.model_json_schema()
    schemas.update(events.components())
    for name in BY_FASTAPI:
        schemas.pop(name, None)
    examples = Examples(schemas)
    for operation in operations(document):
        _add_problems(operation)
        for parameter in operation.get("parameters", ()):
            _add_example(examples, parameter["schema"], parameter["name"])
    for name, schema in schemas.items():
        schema["title"] = name.replace("-", "")  # a model that differs by direction is two
        if schema.get("type") == "object":
            _add_example(examples, schema, "")
    used = {tag for operation in operations(document) for tag in operation.get("tags", ())}
    document["tags"] = [{"name": tag, "description": TAGS.get(tag, "")} for tag in sorted(used)]
    return document


def operations(document: Document) -> list[Document]:
    """All of them, in the order of the document."""
    return [
        path[method] for path in document["paths"].values() for method in METHODS if method in path
    ]


def _add_problems(operation: Document) -> None:
    statuses = set(ALWAYS)
    if operation.get("security"):
        statuses.add(401)
    if operation.get("parameters") or operation.get("requestBody"):
        statuses |= {414, 422}
    if operation.get("requestBody"):
        statuses |= {400, 413}  # no JSON, and too much of it
    answers = operation["responses"]
    for status in statuses:
        answers[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {problems.MEDIA_TYPE: PROBLEM},
        }
    operation["responses"] = dict(sorted(answers.items()))


def _add_example(examples: Examples, schema: Document, name: str) -> None:
    schema["examples"] = [examples.of(schema, name), *schema.get("examples", ())[1:]]
