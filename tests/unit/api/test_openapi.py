"""Names and examples of the OpenAPI document, made of paths and types."""

from typing import Any

import pytest

from services.api.openapi.examples import Examples
from services.api.openapi.naming import operation_id
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/api/v1/alerts", "listAlerts"),
        ("POST", "/api/v1/alerts", "createAlert"),
        ("GET", "/api/v1/alerts/{alert_id}", "getAlert"),
        ("PATCH", "/api/v1/alerts/{alert_id}", "updateAlert"),
        ("DELETE", "/api/v1/alerts/{alert_id}", "deleteAlert"),
        ("POST", "/api/v1/alerts/{alert_id}/acknowledge", "acknowledgeAlert"),
        ("GET", "/api/v1/sources/{source_id}/timeline", "getSourceTimeline"),
        ("GET", "/api/v1/sources/{source_id}/conditions", "listSourceConditions"),
        ("POST", "/api/v1/albums/{album_id}/items", "createAlbumItem"),
        ("DELETE", "/api/v1/albums/{album_id}/items/{item_id}", "deleteAlbumItem"),
        ("POST", "/api/v1/policies/preview", "previewPolicies"),
        ("PUT", "/api/v1/retention", "setRetention"),
        ("GET", "/api/v1/stores/{store_id}/hours", "getStoreHours"),
        ("GET", "/api/v1/exports/{table}", "getExport"),
        ("POST", "/api/v1/session", "createSession"),
        ("GET", "/api/v1/review-queue", "getReviewQueue"),
        ("GET", "/api/v1/audit/{from}/{to}", "getAuditTo"),
    ],
)
def test_an_operation_id_is_a_verb_and_nouns(method: str, path: str, name: str) -> None:
    assert operation_id(method, path) == name


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        ({"type": "string", "format": "uuid"}, EXAMPLE_ID),
        ({"anyOf": [{"type": "null"}, {"type": "string", "format": "date-time"}]}, EXAMPLE_WHEN),
        ({"enum": ["open", "closed"], "type": "string"}, "open"),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 0.5}, 0.5),
        ({"type": "integer", "default": 50, "maximum": 200}, 50),
        ({"type": "string", "minLength": 8}, "textxxxx"),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [True, True]),
        ({"type": "array", "prefixItems": [{"type": "number"}, {"const": "x"}]}, [1, "x"]),
        ({"$ref": "#/components/schemas/Thing"}, {"when": EXAMPLE_WHEN}),
        ({"type": "string", "examples": ["given"]}, "given"),
    ],
)
def test_an_example_is_made_of_a_type(schema: dict[str, Any], example: Any) -> None:
    when = {"type": "string", "format": "date-time"}
    examples = Examples({"Thing": {"type": "object", "properties": {"when": when}}})
    assert examples.of(schema) == example


def test_a_model_that_holds_itself_ends() -> None:
    folder = {"type": "array", "items": {"$ref": "#/components/schemas/Folder"}}
    examples = Examples({"Folder": {"type": "object", "properties": {"folders": folder}}})
    assert "folders" in examples.of({"$ref": "#/components/schemas/Folder"})
