"""The OpenAPI document is what generators of clients and people need: ADR 0041."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from services.api import app
from services.api.openapi.document import ALWAYS, METHODS
from services.api.problems import MEDIA_TYPE

DOCUMENT: dict[str, Any] = app.described().openapi()
OPERATIONS = {
    f"{method.upper()} {path}": (path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if method in METHODS
}
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
REGISTRY: Registry[Any] = Registry().with_resource(
    "urn:openapi", Resource.opaque({"components": {"schemas": SCHEMAS}})
)


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """Of a schema that refers to others of the document."""
    whole = schema | {"$id": "urn:schema", "components": {"schemas": SCHEMAS}}
    return Draft202012Validator(whole, registry=REGISTRY, format_checker=FormatChecker())


def test_it_is_openapi_3_1_with_a_server_and_tags_that_say_what_they_are() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert DOCUMENT["servers"][0]["url"]
    for tag in DOCUMENT["tags"]:
        assert tag["description"], f"tell of {tag['name']} in services/api/openapi/document.py"


def test_operation_ids_are_unique_and_fit_for_names_of_functions() -> None:
    names = [operation["operationId"] for _, operation in OPERATIONS.values()]
    assert sorted(set(names)) == sorted(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+([A-Z][a-z0-9]*)*", name)] == []


@pytest.mark.parametrize("route", OPERATIONS)
def test_every_route_is_described(route: str) -> None:
    path, operation = OPERATIONS[route]
    assert operation["summary"]
    assert operation["tags"]
    for status, answer in operation["responses"].items():
        if status >= "400":
            assert list(answer["content"]) == [MEDIA_TYPE], status
    assert {str(status) for status in ALWAYS} <= set(operation["responses"])
    if operation.get("security"):
        assert "401" in operation["responses"]
    if "{" in path:
        assert {"404", "422"} <= set(operation["responses"])


@pytest.mark.parametrize("route", OPERATIONS)
def test_every_parameter_has_an_example_that_it_allows(route: str) -> None:
    _, operation = OPERATIONS[route]
    for parameter in operation.get("parameters", ()):
        schema = parameter["schema"]
        assert schema["examples"], parameter["name"]
        for example in schema["examples"]:
            validator(schema).validate(example)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_model_has_an_example_that_it_allows(name: str) -> None:
    if SCHEMAS[name].get("type") != "object":
        return
    assert SCHEMAS[name]["examples"]
    for example in SCHEMAS[name]["examples"]:
        validator(SCHEMAS[name]).validate(example)


def test_titles_are_unique_since_generators_name_models_by_them() -> None:
    titles = [schema["title"] for schema in SCHEMAS.values()]
    assert sorted(set(titles)) == sorted(titles)
