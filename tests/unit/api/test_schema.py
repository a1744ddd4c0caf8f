"""The OpenAPI document holds: no request that it allows, or forbids, meets a bug or an answer that
it does not know. Every operation, a bounded number of requests each (schemathesis, all checks).
"""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from services.api.app import described
from services.api.limits import Limits
from services.api.openapi.document import METHODS
from tests.unit.api.builders import configured
from tests.unit.api.conftest import apis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
TOKEN = "a long secret"
REQUESTS = 3
"""Of each operation and kind, in each run; always the same ones."""

CHECKS = {
    "positive_data_acceptance": {
        "expected-statuses": [
            "2xx",
            "3xx",
            400,
            401,
            403,
            404,
            409,
            410,
            412,
            413,
            415,
            422,
            428,
            503,
        ]
    },
    "negative_data_rejection": {
        "expected-statuses": [400, 401, 403, 404, 405, 409, 414, 415, 422, 428, 429]
    },
}
"""No schema says what a cursor of ours, a ticket, the address of a camera or a video is, nor
how large a file may be: what the schema allows may be refused for that, with a status that the
document names.
"""

TAKES = "parameters", "requestBody", "security"
"""What has none of these cannot be asked wrongly."""

PLACES = [
    (method, path, mode)
    for path, item in described().openapi()["paths"].items()
    for method in METHODS
    for mode in GenerationMode
    if method in item and (mode.is_positive or any(name in item[method] for name in TAKES))
]


@pytest.fixture(scope="module")
def served(empty_database: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The document, and the application that it is of; a camera is there."""
    with apis(empty_database, tmp_path_factory.mktemp("schema")) as make_api:
        api = make_api(api_token=TOKEN, secret_key="long", api_playback_wait_s=0.01)
        api.project(configured())
        minutes = itertools.count(0.0, 60.0)  # so fast nobody may ask without a login
        object.__setattr__(api.tools, "limits", Limits(lambda: next(minutes)))
        api.tools.events.close()  # streams end at once: whoever asks here would wait for the end
        config = SchemathesisConfig.from_dict({"checks": CHECKS})
        yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", api.client.app, config=config)


def lacks_login(case: schemathesis.Case) -> bool:
    """Whether what is wrong with it is its login: then it is sent without one."""
    data = case.meta.phase.data if case.meta else None
    return "Authorization" in str(getattr(data, "description", "") or "")


@pytest.mark.parametrize(("method", "path", "mode"), PLACES)
def test_answers_are_as_the_document_says(
    served: Any, method: str, path: str, mode: GenerationMode
) -> None:
    @given(case=served[path][method.upper()].as_strategy(generation_mode=mode))
    @settings(
        max_examples=REQUESTS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    def checked(case: schemathesis.Case) -> None:
        login = {} if lacks_login(case) else {"Authorization": f"Bearer {TOKEN}"}
        case.call_and_validate(headers=login)

    checked()
